//go:build server

package server

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// A replica without a volume comes back empty and takes everything from the
// master's memory: no snapshot touches a disk on either side.
func TestReplicaComesBackEmpty(t *testing.T) {
	t.Parallel()
	for _, engine := range release.Engines(t) {
		t.Run(engine.Name, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, release.Options{Engine: engine, Replicas: 2, Password: password})
			r.Fill("key", 1000, 1000)
			replica := r.Replicas[0]
			replica.Delete()
			replica.Create()
			r.WaitInSync()
			replica.RequireFilled("key", 1000)
			for _, p := range []*release.Pod{r.Master, replica} {
				for _, file := range p.Files() {
					require.NotContains(t, file, ".rdb", "a snapshot on the disk of %s", p.Name)
				}
			}
		})
	}
}

// A replica with a volume has its snapshot, and needs only what came after it.
func TestReplicaWithAVolumeResumes(t *testing.T) {
	t.Parallel()
	for _, engine := range release.Engines(t) {
		t.Run(engine.Name, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, release.Options{Engine: engine, Replicas: 1, Persistence: "rdb", ReplicaVolumes: true})
			r.Fill("before", 100, 100)
			before := r.Master.MustInfo()
			require.Zero(t, r.Replicas[0].Delete())
			for n := range 100 {
				r.Master.Do("SET", fmt.Sprintf("meanwhile:%d", n), "v")
			}
			r.Replicas[0].Create()
			r.WaitInSync()
			r.Replicas[0].RequireFilled("before", 100)
			r.Replicas[0].RequireFilled("meanwhile", 100)
			after := r.Master.MustInfo()
			require.Equal(t, before["sync_full"], after["sync_full"], "full syncs")
		})
	}
}

func TestReplicaNeverPromotesItself(t *testing.T) {
	t.Parallel()
	r := release.Run(t, release.Options{Replicas: 2, Persistence: "none"})
	r.Fill("key", 100, 100)
	r.Master.ForceDelete()
	for _, p := range r.Replicas {
		p.WaitUnready()
	}

	t.Run("while the master is away", func(t *testing.T) {
		release.Throughout(t, 5*time.Second, "replicas that serve what they hold", func() error {
			for _, p := range r.Replicas {
				if err := stillReplica(p, 100); err != nil {
					return err
				}
			}
			return nil
		})
	})

	t.Run("when its own server dies meanwhile", func(t *testing.T) {
		r.Replicas[0].KillServer()
		release.Eventually(t, release.Patience, "a restarted replica", func() error { return stillReplica(r.Replicas[0], 0) })
		release.Throughout(t, 3*time.Second, "a replica without a master", func() error { return stillReplica(r.Replicas[0], 0) })
	})

	r.Master.EmptyVolume()
	r.Master.Create()
	r.WaitInSync()
	for _, p := range r.Pods() {
		p.RequireFilled("key", 100)
	}
}

func stillReplica(p *release.Pod, keys int) error {
	info, err := p.Info()
	if err != nil {
		return err
	}
	if info["role"] != "slave" {
		return fmt.Errorf("%s is %s", p.Name, info["role"])
	}
	reply, err := p.Try("DBSIZE")
	if err != nil {
		return err
	}
	if reply.Int < int64(keys) {
		return fmt.Errorf("%s holds %d keys", p.Name, reply.Int)
	}
	if err := p.Live(); err != nil {
		return err
	}
	return p.Unready()
}

func TestReplicaServerKilled(t *testing.T) {
	t.Parallel()
	r := release.Run(t, release.Options{Replicas: 2, Persistence: "rdb", Password: password})
	load := r.Load()
	r.WaitReplicated(load, 100)
	master := r.Master.ServerPID()
	r.Replicas[0].KillServer()
	r.WaitReplicated(load, 100)
	ledger := load.Stop()
	r.WaitInSync()
	require.Zero(t, r.RequireKept(ledger).Lost)
	require.Equal(t, master, r.Master.ServerPID(), "the master has nothing to do with it")
}

func TestReplicaWithAWrongPassword(t *testing.T) {
	t.Parallel()
	const wrong = "quite another secret"
	r := release.Run(t, release.Options{Replicas: 2, Password: password})
	r.Fill("key", 10, 10)
	file := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(file, []byte(wrong), 0o600))
	r.Replicas[1].Env["PASSWORD_FILE"] = file
	r.Replicas[1].Delete()
	r.Replicas[1].Create()

	r.Replicas[1].WaitUnready()
	release.Throughout(t, 3*time.Second, "a replica that can't log in", func() error { return r.Replicas[1].Unready() })
	require.Equal(t, "1", r.Master.MustInfo()["connected_slaves"])
	require.NoError(t, r.Master.Ready(), "the others go on")
	require.NoError(t, r.Replicas[0].Ready(), "the others go on")
	for _, p := range r.Pods() {
		require.NotContains(t, p.Log(), wrong)
		require.NotContains(t, p.Log(), password)
	}

	// The Secret is put right, and the pod replaced.
	delete(r.Replicas[1].Env, "PASSWORD_FILE")
	r.Replicas[1].Delete()
	r.Replicas[1].Create()
	r.WaitInSync()
}

func TestReplicasFollowTheMastersAddress(t *testing.T) {
	t.Parallel()
	for _, persistence := range []string{"aof", "rdb", "none"} {
		t.Run(persistence, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, release.Options{Replicas: 2, Persistence: persistence, Password: password})
			r.Fill("key", 100, 100)
			pids := []int{r.Replicas[0].ServerPID(), r.Replicas[1].ServerPID()}
			old := r.Master.IP
			require.Zero(t, r.Master.Delete())
			r.Master.Create()
			require.NotEqual(t, old, r.Master.IP)
			r.WaitInSync()
			for _, p := range r.Pods() {
				p.RequireFilled("key", 100)
			}
			require.Equal(t, pids, []int{r.Replicas[0].ServerPID(), r.Replicas[1].ServerPID()}, "to re-point a server needs no restart")
		})
	}
}

// Nothing that another process or a log shipper can read holds the password.
func TestPasswordStaysSecret(t *testing.T) {
	t.Parallel()
	r := release.Run(t, release.Options{Replicas: 1, Password: password, Persistence: "rdb"})
	r.Fill("key", 10, 10)
	r.Master.KillServer()
	r.WaitInSync()
	for _, p := range r.Pods() {
		require.NotContains(t, p.Log(), password, "log of %s", p.Name)
		for _, pid := range []int{p.EntrypointPID(), p.ServerPID()} {
			for _, file := range []string{"cmdline", "environ"} {
				content, err := os.ReadFile(filepath.Join("/proc", fmt.Sprint(pid), file))
				require.NoError(t, err)
				require.NotContains(t, string(content), password, "%s of process %d of %s", file, pid, p.Name)
			}
		}
		for _, path := range []string{"/status", "/metrics", "/ready"} {
			_, body, err := p.Get(path)
			require.NoError(t, err)
			require.NotContains(t, string(body), strings.Fields(password)[1], "%s of %s", path, p.Name)
		}
		requireNotInFiles(t, p.Data(), password)
	}
}

func requireNotInFiles(t *testing.T, dir, secret string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		require.NotContains(t, string(content), secret, "%s is on a volume", path)
		return err
	}))
}
