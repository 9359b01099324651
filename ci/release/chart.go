package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/helm-valkey/helm-valkey/ci/internal/command"
)

// chart has Helm pack a copy of the chart, whose files all have the release's time: Helm packs the
// times of files.
func (r release) chart(ctx context.Context) error {
	copied := filepath.Join(r.work, "chart", "valkey")
	if err := os.CopyFS(copied, os.DirFS(filepath.Join(r.root, chartDir))); err != nil {
		return fmt.Errorf("copy the chart: %w", err)
	}
	err := filepath.WalkDir(copied, func(name string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chtimes(name, r.when, r.when)
	})
	if err != nil {
		return fmt.Errorf("copy the chart: %w", err)
	}
	if _, err := command.Run(ctx, r.helm, "package", copied, "--destination", r.path("chart")); err != nil {
		return err
	}
	manifest, err := r.read(filepath.Join(chartDir, "Chart.yaml"))
	if err != nil {
		return err
	}
	return r.sign(r.path("chart", "valkey-"+r.version+".tgz"), manifest)
}
