package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/helm-valkey/helm-valkey/ci/cluster/layout"
)

// locked keeps two that start or end the cluster from each other. The lock is the kernel's: it goes
// with its holder, however that ends. The cluster's processes do not inherit it.
func locked(do func() error) error {
	dir := filepath.Dir(layout.State)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(dir, "cluster.lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return fmt.Errorf("another `cluster up` or `cluster down` is running (lock %s): %w", f.Name(), err)
	}
	return do()
}
