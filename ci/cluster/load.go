package main

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/helm-valkey/helm-valkey/ci/internal/progress"

	"github.com/helm-valkey/helm-valkey/ci/cluster/layout"
	"github.com/helm-valkey/helm-valkey/ci/cluster/node"
)

// loadCached imports the images of the cache.
func (c commands) loadCached(ctx context.Context) error {
	tars, err := filepath.Glob(c.bin.Images("*.tar"))
	if err != nil {
		return err
	}
	return c.load(ctx, tars)
}

// load imports images, each on all nodes at once, unless they are there.
func (c commands) load(ctx context.Context, tars []string) error {
	var missing []string
	for _, tar := range tars {
		for _, n := range layout.All() {
			there, err := (node.Node{Node: n, Bin: c.bin}).Has(tar)
			if err != nil {
				return err
			}
			if !there {
				missing = append(missing, tar)
				break
			}
		}
	}
	steps := progress.New(c.out, len(missing))
	for _, tar := range missing {
		err := steps.Step(fmt.Sprintf("import %s on %d nodes", filepath.Base(tar), layout.Nodes), func() error {
			var all []func() error
			for _, n := range layout.All() {
				all = append(all, func() error { return node.Node{Node: n, Bin: c.bin}.Import(ctx, tar) })
			}
			return together(all)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
