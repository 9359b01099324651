package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const sumsFile = "SHA256SUMS"

// sums writes the checksums of all files but the signatures, which each have a checksum inside.
func (r release) sums() error {
	var text strings.Builder
	err := filepath.WalkDir(r.out, func(name string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasSuffix(name, ".prov") {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(r.out, name)
		fmt.Fprintf(&text, "%s  %s\n", sum(data), filepath.ToSlash(relative))
		return err
	})
	if err != nil {
		return fmt.Errorf("sum up: %w", err)
	}
	return r.write(sumsFile, []byte(text.String()))
}
