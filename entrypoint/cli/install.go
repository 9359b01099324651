//go:build linux

package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// install copies this binary into a directory that the server's container shares.
func install(args []string) error {
	if len(args) != 1 {
		return usageError("install takes one directory: entrypoint install DIR")
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this binary: %w", err)
	}
	if err := replaceFile(self, filepath.Join(args[0], "entrypoint")); err != nil {
		return fmt.Errorf("install into %s: %w", args[0], err)
	}
	return nil
}

// replaceFile writes beside the target and renames, since the target may be
// running: the container was restarted, the pod was not.
func replaceFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	temporary := to + ".new"
	out, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err := errors.Join(err, out.Close()); err != nil {
		return err
	}
	return os.Rename(temporary, to)
}
