//go:build server

package server

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/rdb"
	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// A snapshot from which no partial resync is possible is moved out of the way of
// the master that joins a replica, and removed only when newer data are on disk.
func TestOldSnapshotIsSetAside(t *testing.T) {
	t.Parallel()
	r := release.Run(t, release.Options{Replicas: 2, Persistence: "rdb"})
	r.Fill("key", 100, 100)
	require.Zero(t, r.Master.Delete())
	r.Master.Create()
	r.WaitInSync()
	dump := filepath.Join(r.Master.Data(), "dump.rdb")
	before, err := rdb.ReadFile(dump)
	require.NoError(t, err)

	r.Fill("more", 100, 100)
	r.Master.KillServer()
	r.WaitInSync()
	require.NotContains(t, r.Master.Log(), "Done downloading RDB", "loaded from the socket, not through the disk")
	release.Eventually(t, release.Patience, "a new snapshot in the place of the old", func() error {
		if _, err := os.Stat(dump + ".aside"); !errors.Is(err, fs.ErrNotExist) {
			return errors.New("the old snapshot is still there")
		}
		after, err := rdb.ReadFile(dump)
		if err == nil && after.Replid == before.Replid {
			err = errors.New("the snapshot is the old one")
		}
		return err
	})
	for _, p := range r.Pods() {
		p.RequireFilled("key", 100)
		p.RequireFilled("more", 100)
	}
}
