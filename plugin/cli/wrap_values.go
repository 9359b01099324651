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

// options are the values of the line. Helm 4 takes --set-json with an object, too,
// as it takes a file.
func (w *wrapped) options() values.Options {
	o := values.Options{
		Files:   w.files(),
		Set:     w.line.Values("set"),
		String:  w.line.Values("set-string"),
		File:    w.line.Values("set-file"),
		Literal: w.line.Values("set-literal"),
	}
	for _, text := range w.line.Values("set-json") {
		if w.helm.Major >= 4 && strings.HasPrefix(strings.TrimSpace(text), "{") {
			o.Files = append(o.Files, jsonFlag+text)
		} else {
			o.JSON = append(o.JSON, text)
		}
	}
	return o
}

// jsonFlag begins the name of values that stand in a flag.
const jsonFlag = "--set-json "

// lint checks the values, and shows what is wrong with them.
func (w *wrapped) lint(ctx context.Context) (int, error) {
	files, closeChart, err := w.openChart(ctx)
	if err != nil {
		return 0, err
	}
	defer closeChart()
	o := w.options()
	if name, ok := remote(o); ok {
		fmt.Fprintf(w.err, "helm valkey: %s is not read over the network: values are checked by the chart itself only\n", name)
		return Clean, nil
	}
	found, err := w.mistakes(ctx, files, o)
	var unreadable *usageError
	if errors.As(err, &unreadable) {
		return Clean, nil // Helm cannot read the flag either, and says so
	}
	if err != nil {
		return 0, err
	}
	code, err := w.report(w.err, finding.Sort(found), 0)
	if w.line.Has("skip-schema-validation") {
		return Clean, err // they are told; Helm is asked to take them
	}
	return code, err
}

// mistakes are what is wrong with the values, those included that an upgrade goes
// on from.
func (w *wrapped) mistakes(ctx context.Context, files fs.FS, o values.Options) ([]finding.Finding, error) {
	c, err := lint.OpenChart(files)
	if err != nil {
		return nil, err
	}
	before, err := w.valuesBefore(ctx, o)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprintf("<values of release %s>", w.line.Release())
	if before != nil {
		o.Files = append([]string{name}, o.Files...)
	}
	return lintOne(c, o, func(file string) ([]byte, error) {
		if file == name {
			return before, nil
		}
		return w.readValues(file)
	})
}

// readValues reads what a flag says that values are in.
func (w *wrapped) readValues(name string) ([]byte, error) {
	if name == stdinName {
		return w.values, nil
	}
	if text, inFlag := strings.CutPrefix(name, jsonFlag); inFlag {
		return []byte(text), nil
	}
	return os.ReadFile(name)
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
	isPath := filepath.IsAbs(ref) || strings.HasPrefix(ref, ".") // to Helm, too
	if _, err := os.Stat(ref); err == nil || isPath {
		return charts.Open(ctx, ref, "")
	}
	folder := filepath.Join(w.folder, "chart")
	if err := w.helm.Pull(ctx, w.line.Chart(), folder, w.line.Source()...); err != nil {
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
