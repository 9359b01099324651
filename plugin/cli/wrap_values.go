package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/charts"
	"github.com/helm-valkey/helm-valkey/plugin/driver"
	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/lint"
	"github.com/helm-valkey/helm-valkey/plugin/values"
)

// files are the values files of the line.
func (w *wrapped) files() []string {
	var files commaList
	for _, value := range w.line.Values("values") {
		if files.Set(value) != nil {
			return nil // Helm says so
		}
	}
	for i, name := range files {
		if strings.TrimSpace(name) == "-" {
			files[i] = stdinName
		}
	}
	return files
}

// options are the values of the line.
func (w *wrapped) options() values.Options {
	return values.Options{
		Files:   w.files(),
		JSON:    w.line.Values("set-json"),
		Set:     w.line.Values("set"),
		String:  w.line.Values("set-string"),
		File:    w.line.Values("set-file"),
		Literal: w.line.Values("set-literal"),
	}
}

// lint checks the values against the chart of the line.
func (w *wrapped) lint(ctx context.Context) (int, error) {
	files, closeChart, err := w.openChart(ctx)
	if err != nil {
		return 0, err
	}
	defer closeChart()
	c, err := lint.OpenChart(files)
	if err != nil {
		return 0, err
	}
	o := w.options()
	if name, ok := remote(o); ok {
		fmt.Fprintf(w.err, "helm valkey: %s is not read over the network: values are checked by the chart itself only\n", name)
		return Clean, nil
	}
	before, err := w.valuesBefore(ctx, o)
	if err != nil {
		return 0, err
	}
	name := fmt.Sprintf("<values of release %s>", w.line.Release())
	if before != nil {
		o.Files = append([]string{name}, o.Files...)
	}
	found, err := lintOne(c, o, func(file string) ([]byte, error) {
		switch file {
		case name:
			return before, nil
		case stdinName:
			return w.stdin, nil
		}
		return os.ReadFile(file)
	})
	if err != nil {
		return 0, err
	}
	code, err := w.report(w.err, finding.Sort(found), 0)
	if w.line.Has("skip-schema-validation") {
		return Clean, err // they are told; Helm is asked to take them
	}
	return code, err
}

// remote returns the first values that only Helm can read.
func remote(o values.Options) (string, bool) {
	for _, name := range slices.Concat(o.Files, o.File) {
		if strings.Contains(name, "://") {
			return name, true
		}
	}
	return "", false
}

// openChart opens the chart of the line, wherever Helm would find it.
func (w *wrapped) openChart(ctx context.Context) (fs.FS, func(), error) {
	ref := w.line.Chart()
	if _, err := os.Stat(ref); err == nil {
		return charts.Open(ctx, ref, "")
	}
	folder := filepath.Join(w.folder, "chart")
	if err := w.helm.Pull(ctx, w.line, folder); err != nil {
		return nil, nil, err
	}
	names, err := os.ReadDir(folder)
	if err != nil {
		return nil, nil, fmt.Errorf("open chart %s: %w", ref, err)
	}
	for _, name := range names {
		if name.IsDir() { // the archive is beside it
			return charts.Open(ctx, filepath.Join(folder, name.Name()), "")
		}
	}
	return nil, nil, fmt.Errorf("open chart %s: helm pull unpacked nothing", ref)
}

// valuesBefore are the values of the release that an upgrade goes on from; nil if
// there are none, or the upgrade begins anew.
func (w *wrapped) valuesBefore(ctx context.Context, o values.Options) ([]byte, error) {
	l := w.line
	reuses := l.Has("reuse-values") || l.Has("reset-then-reuse-values") || o.Empty()
	if l.Command != driver.Upgrade || !reuses || l.Has("reset-values") {
		return nil, nil
	}
	before, err := w.helm.UserValues(ctx, l)
	var refused *driver.Error
	if errors.As(err, &refused) && refused.NotFound() {
		return nil, nil // Helm installs it, or says so
	}
	return before, err
}
