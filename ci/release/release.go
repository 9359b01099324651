package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/helm-valkey/helm-valkey/ci/internal/command"
)

const (
	chartDir = "charts/valkey"
	// pluginFile is Helm 3's and Helm 4's, rendererFile the post-renderer's, which is Helm 4's alone.
	pluginFile   = "plugin/plugin.yaml"
	rendererFile = "plugin/helm4/valkey-post-renderer/plugin.yaml"
	// registry is where the images are pushed to.
	registry = "ghcr.io/helm-valkey"
	source   = "https://github.com/helm-valkey/helm-valkey"
)

// release is what is built, from what, and where.
type release struct {
	root    string
	version string
	// when is the time of everything in it.
	when time.Time
	// work holds what is on the way, out what is released.
	work, out string
	helm      string
	signer    *signer // nil: unsigned
}

// open reads the tree's version and time.
func open(ctx context.Context, root string) (release, error) {
	r := release{root: root}
	chart, err := r.metadata(filepath.Join(chartDir, "Chart.yaml"))
	if err != nil {
		return r, err
	}
	r.version = chart.Version
	for _, name := range []string{pluginFile, rendererFile} {
		m, err := r.metadata(name)
		if err != nil {
			return r, err
		}
		if m.Version != r.version {
			return r, fmt.Errorf("%s has version %s and the chart %s: run `go test ./plugin/cli -update`", name, m.Version, r.version)
		}
	}
	r.when, err = r.time(ctx)
	return r, err
}

type metadata struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

func (r release) metadata(name string) (metadata, error) {
	var m metadata
	data, err := os.ReadFile(filepath.Join(r.root, name))
	if err != nil {
		return m, err
	}
	if err := yaml.Unmarshal(data, &m); err != nil {
		return m, fmt.Errorf("read %s: %w", name, err)
	}
	if m.Name == "" || m.Version == "" {
		return m, fmt.Errorf("%s has no name or no version", name)
	}
	return m, nil
}

// time is SOURCE_DATE_EPOCH (https://reproducible-builds.org/specs/source-date-epoch), or the
// last commit's.
func (r release) time(ctx context.Context) (time.Time, error) {
	text, from := os.Getenv("SOURCE_DATE_EPOCH"), "SOURCE_DATE_EPOCH"
	if text == "" {
		var err error
		if text, err = (command.Command{Dir: r.root}).Run(ctx, "git", "log", "-1", "--format=%ct"); err != nil {
			return time.Time{}, fmt.Errorf("find the time of the release (or set SOURCE_DATE_EPOCH): %w", err)
		}
		from = "the last commit's time"
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s is no number of seconds: %w", from, err)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// clean refuses a tree with changes: what is signed can be built again from a commit.
func (r release) clean(ctx context.Context) error {
	said, err := (command.Command{Dir: r.root}).Run(ctx, "git", "status", "--porcelain")
	if err != nil {
		return fmt.Errorf("ask for changes that are not committed: %w", err)
	}
	if said != "" {
		return errors.New("a signed release is built from a commit, and there are changes: commit or remove them\n" + command.Tail(said, 10))
	}
	return nil
}

// path is a place in the released folder.
func (r release) path(elements ...string) string {
	return filepath.Join(append([]string{r.out}, elements...)...)
}

// read reads a file of the tree.
func (r release) read(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(r.root, name))
}
