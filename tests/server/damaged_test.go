//go:build server

package server

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// A replica whose snapshot can't be loaded does without.
func TestReplicasDamagedSnapshot(t *testing.T) {
	t.Parallel()
	r := release.Run(t, release.Options{Replicas: 1, ReplicaVolumes: true, Persistence: "rdb"})
	r.Fill("key", 1000, 100)
	require.Zero(t, r.Replicas[0].Terminate())
	path := filepath.Join(r.Replicas[0].Data(), snapshot)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(path, info.Size()/2))
	r.Replicas[0].Start()
	r.WaitInSync()
	r.Replicas[0].RequireFilled("key", 1000)
	require.Contains(t, r.Replicas[0].Files(), snapshot+".damaged", "what is left of it is kept")
}

// A master whose files can't be loaded takes the data of a replica.
func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	damages := []struct {
		name, persistence string
		damage            func(t *testing.T, data string)
	}{
		{"snapshot whose end is missing", "rdb", func(t *testing.T, data string) {
			path := filepath.Join(data, snapshot)
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.NoError(t, os.Truncate(path, info.Size()/2))
		}},
		{"snapshot that is none", "rdb", func(t *testing.T, data string) {
			require.NoError(t, os.WriteFile(filepath.Join(data, snapshot), []byte("nothing of the kind"), 0o600))
		}},
		{"append-only file with garbage in it", "aof", func(t *testing.T, data string) {
			files, err := filepath.Glob(filepath.Join(data, "appendonlydir", "*.incr.aof"))
			require.NoError(t, err)
			require.Len(t, files, 1)
			content, err := os.ReadFile(files[0])
			require.NoError(t, err)
			copy(content[len(content)/2:], "\r\n*?garbage")
			require.NoError(t, os.WriteFile(files[0], content, 0o600))
		}},
	}
	for _, d := range damages {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, release.Options{Replicas: 2, Persistence: d.persistence, Password: password})
			r.Fill("key", 1000, 100)
			require.Zero(t, r.Master.Terminate())
			d.damage(t, r.Master.Data())
			r.Master.Start()
			r.WaitInSync()
			for _, p := range r.Pods() {
				p.RequireFilled("key", 1000)
			}
		})
	}
}
