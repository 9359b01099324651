package charts

import (
	"context"
	"fmt"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/driver"
)

// pull has Helm pull a chart and unpack it. Which Helm that is does not matter.
func pull(ctx context.Context, ref, version, folder string) error {
	path, err := driver.Path()
	if err != nil {
		return fmt.Errorf(`helm is needed to pull it: %w: run "helm valkey lint", or give a directory or an archive`, err)
	}
	var flags []string
	if version != "" {
		flags = []string{"--version", version}
	}
	helm := driver.Binary{Path: path}
	if err := helm.Pull(ctx, ref, folder, flags...); err != nil {
		return fmt.Errorf("helm pull: %s", strings.TrimPrefix(err.Error(), "Error: "))
	}
	return nil
}
