package node

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/helm-valkey/helm-valkey/ci/internal/archive"
	"github.com/helm-valkey/helm-valkey/ci/internal/command"
)

// Has tells whether the node has the image of an archive under all its names.
func (n Node) Has(tar string) (bool, error) {
	id, names, err := archive.Identify(tar)
	return err == nil && n.has(id, names), err
}

// Import gives the node an image, unless it has it.
func (n Node) Import(ctx context.Context, tar string) error {
	id, names, err := archive.Identify(tar)
	if err != nil {
		return err
	}
	if n.has(id, names) {
		return nil
	}
	_, err = command.Run(ctx, n.Bin.Bin("ctr"), "--address", n.Socket(), "--namespace", "k8s.io", "images", "import", tar)
	if err != nil {
		return fmt.Errorf("import %s on %s: %w", tar, n.Name(), err)
	}
	var failed []error
	for _, name := range names {
		failed = append(failed, os.WriteFile(n.marker(name), []byte(id), 0o644))
	}
	return errors.Join(failed...)
}

func (n Node) has(id string, names []string) bool {
	for _, name := range names {
		text, err := os.ReadFile(n.marker(name))
		if err != nil || string(text) != id {
			return false
		}
	}
	return true
}

// marker is the file that says which image the node has under a name.
func (n Node) marker(name string) string { return n.Path("images", url.PathEscape(name)) }
