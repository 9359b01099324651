// Package charts opens a chart from where a user says that it is.
package charts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Open opens a chart: a directory, an archive, or what "helm pull" takes. The
// function that it returns removes what was unpacked for that.
func Open(ctx context.Context, ref, version string) (fs.FS, func(), error) {
	folder, err := os.MkdirTemp("", "helm-valkey-chart-")
	if err != nil {
		return nil, nil, fmt.Errorf("open chart %s: %w", ref, err)
	}
	remove := func() { os.RemoveAll(folder) }
	files, err := open(ctx, ref, version, folder)
	if err == nil {
		err = withRules(files)
	}
	if err != nil {
		remove()
		return nil, nil, fmt.Errorf("open chart %s: %w", ref, err)
	}
	return files, remove, nil
}

func open(ctx context.Context, ref, version, folder string) (fs.FS, error) {
	info, err := os.Stat(ref)
	switch {
	case err == nil && version != "":
		return nil, errors.New("a version is chosen of a chart that is pulled: this one is on this machine already")
	case err == nil && info.IsDir():
		return os.DirFS(ref), nil
	case err == nil:
		if err := unpackFile(ref, folder); err != nil {
			return nil, err
		}
	case !pullable(ref):
		return nil, err
	default:
		if err := pull(ctx, ref, version, folder); err != nil {
			return nil, err
		}
	}
	return onlyChart(folder)
}

// pullable says whether Helm would look for a chart elsewhere, as it does for
// what cannot be a path.
func pullable(ref string) bool {
	return !filepath.IsAbs(ref) && !strings.HasPrefix(ref, ".") && strings.Contains(ref, "/")
}

// onlyChart is the chart in a folder to which one was unpacked.
func onlyChart(folder string) (fs.FS, error) {
	names, err := filepath.Glob(filepath.Join(folder, "*", "Chart.yaml"))
	if err != nil {
		return nil, err
	}
	if len(names) != 1 {
		return nil, fmt.Errorf("it holds %d charts instead of one: there has to be one directory with a Chart.yaml", len(names))
	}
	return os.DirFS(filepath.Dir(names[0])), nil
}

// withRules refuses what is not this chart, in whatever version: values for
// another one cannot be checked.
func withRules(files fs.FS) error {
	if _, err := fs.Stat(files, "Chart.yaml"); err != nil {
		return fmt.Errorf("it is no chart: %w", err)
	}
	rules, err := fs.Glob(files, "rules/VK1*.yaml")
	if err != nil {
		return err
	}
	if len(rules) == 0 {
		return errors.New("it is not the valkey chart of helm-valkey, which has rules for its values in rules/")
	}
	return nil
}
