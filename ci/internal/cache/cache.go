// Package cache names the places where built things are kept between runs. Nothing depends on what is
// there: what is missing is built again.
package cache

import (
	"fmt"
	"os"
	"path/filepath"
)

// Variable is the environment variable that moves the cache.
const Variable = "HELM_VALKEY_CACHE"

// Dir is the root of the cache.
type Dir string

// Open finds the cache's folder and creates it.
func Open() (Dir, error) {
	dir := os.Getenv(Variable)
	if dir == "" {
		base, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("find the cache folder (set %s): %w", Variable, err)
		}
		dir = filepath.Join(base, "helm-valkey")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("find the cache folder: %w", err)
	}
	d := Dir(dir)
	for _, sub := range []string{d.Bin(""), d.Engines(""), d.Images("")} {
		if err := os.MkdirAll(sub, 0o755); err != nil {
			return "", fmt.Errorf("create the cache: %w", err)
		}
	}
	return d, nil
}

// Bin is the path of a program.
func (d Dir) Bin(name string) string { return filepath.Join(string(d), "bin", name) }

// Engines is the path of an unpacked server.
func (d Dir) Engines(name string) string { return filepath.Join(string(d), "engines", name) }

// Images is the path of an image's archive.
func (d Dir) Images(name string) string { return filepath.Join(string(d), "images", name) }

// Current tells whether file exists and its stamp says that it was made from recipe.
func Current(file, recipe string) bool {
	if _, err := os.Stat(file); err != nil {
		return false
	}
	stamp, err := os.ReadFile(stampOf(file))
	return err == nil && string(stamp) == recipe
}

// Stamp records that file was made from recipe.
func Stamp(file, recipe string) error {
	if err := os.WriteFile(stampOf(file), []byte(recipe), 0o644); err != nil {
		return fmt.Errorf("stamp %s: %w", file, err)
	}
	return nil
}

func stampOf(file string) string {
	return filepath.Join(filepath.Dir(file), "."+filepath.Base(file)+".stamp")
}
