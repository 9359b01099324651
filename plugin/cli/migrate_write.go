package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/helm-valkey/helm-valkey/plugin/migrate"
)

// writeMigrated writes the results: all of them, or, as far as can be known
// before, none.
func (s streams) writeMigrated(o migrateOptions, results []migrate.Result) error {
	if o.toStdout() && !o.inPlace {
		_, err := s.out.Write(results[0].Text)
		return err
	}
	taken := map[string]bool{}
	for _, r := range results {
		name := o.target(r, len(results))
		_, err := os.Stat(name)
		switch {
		case taken[name]:
			return fmt.Errorf("two results would be %s: migrate them one by one", name)
		case err == nil && !o.force && !o.inPlace:
			return fmt.Errorf("%s is there already: name another file, or give --force", name)
		}
		taken[name] = true
	}
	for _, r := range results {
		if err := writeValues(o.target(r, len(results)), r.Text); err != nil {
			return fmt.Errorf("write the values: %w", err)
		}
	}
	return nil
}

// toStdout says whether the result is no file.
func (o migrateOptions) toStdout() bool { return o.output == "" || o.output == "-" }

// target is the file that a result is written to.
func (o migrateOptions) target(r migrate.Result, results int) string {
	switch {
	case o.inPlace:
		return r.Name
	case results > 1 || isDirectory(o.output):
		return filepath.Join(o.output, filepath.Base(r.Name))
	}
	return o.output
}

func isDirectory(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// writeValues writes a file that only its owner may read, unless it is there
// already: there may be passwords in it. What was there is there until all is
// written.
func writeValues(name string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	mode := os.FileMode(0o600)
	if info, err := os.Stat(name); err == nil {
		if !info.Mode().IsRegular() {
			return os.WriteFile(name, text, mode) // a device
		}
		mode = info.Mode().Perm()
		if name, err = filepath.EvalSymlinks(name); err != nil {
			return err
		}
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".helm-valkey-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close(), os.Chmod(f.Name(), mode)); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
