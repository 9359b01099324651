//go:build server

package server

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

func TestBootstrap(t *testing.T) {
	t.Parallel()
	for _, s := range setups(t) {
		t.Run(s.name(), func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, s.options(2))
			r.Fill("key", 100, 100)
			for _, p := range r.Replicas {
				p.RequireFilled("key", 100)
				_, err := p.Try("SET", "k", "v")
				require.True(t, resp.IsCode(err, "READONLY"), "a write to %s: %v", p.Name, err)
			}

			var status release.Status
			release.Eventually(t, release.Patience, "a status that has caught up", func() (err error) {
				if status, err = r.Master.Status(); err != nil {
					return err
				}
				return caughtUp(status, 100)
			})
			require.Equal(t, r.Master.Name, status.Pod)
			require.Equal(t, "master", status.Role)
			require.Equal(t, "running", status.State)
			require.Equal(t, r.Master.Name, status.Leader)
			require.Equal(t, s.engine.Kind, status.Engine)
			require.Contains(t, s.engine.Version, status.Release)
			require.Equal(t, s.persistence, status.Persistence)
			require.True(t, status.HasData)
			require.True(t, status.Ready)
			require.Len(t, status.Peers, 2)
			for _, peer := range status.Peers {
				require.Equal(t, "ok", peer.Answer, peer.Name)
				require.Equal(t, "replica", peer.Role, peer.Name)
			}
		})
	}
}

// caughtUp returns nil if the status, which is as old as the last look at the
// server and the peers, tells of these keys everywhere.
func caughtUp(status release.Status, keys int64) error {
	if status.Keys != keys {
		return fmt.Errorf("%d keys", status.Keys)
	}
	for _, peer := range status.Peers {
		if !peer.HasData || peer.Replid != status.Replid || peer.Offset != status.Offset {
			return fmt.Errorf("%s has %s:%d, data %t, not %s:%d", peer.Name, peer.Replid, peer.Offset, peer.HasData, status.Replid, status.Offset)
		}
	}
	return nil
}

func TestStandalone(t *testing.T) {
	t.Parallel()
	r := release.Run(t, release.Options{Standalone: true, Persistence: "aof", Password: password})
	r.Fill("key", 10, 10)

	r.Master.KillServer()
	r.WaitInSync()
	r.Master.RequireFilled("key", 10)

	require.Zero(t, r.Master.Terminate())
	r.Master.Start()
	r.WaitInSync()
	r.Master.RequireFilled("key", 10)
}

func TestNoAuthenticationWithoutAPassword(t *testing.T) {
	t.Parallel()
	r := release.Run(t, release.Options{Replicas: 1, Password: password})
	r.Options.Password = ""
	for _, p := range r.Pods() {
		_, err := p.Try("GET", "k")
		require.True(t, resp.IsCode(err, "NOAUTH"), "%s: %v", p.Name, err)
	}
}

// Scaling up writes a longer file of peers, some time after the pods exist.
func TestReplicaThatTheFileOfPeersDoesNotNameYet(t *testing.T) {
	t.Parallel()
	r := release.Run(t, release.Options{Replicas: 1})
	r.Fill("key", 100, 100)
	added := r.AddReplica()
	added.Create()
	r.WaitInSync()

	t.Run("is asked before the master starts empty", func(t *testing.T) {
		r.Replicas[0].Delete()
		r.Master.ForceDelete()
		r.Master.EmptyVolume()
		r.Master.Create()
		r.WaitInSync()
		r.Master.RequireFilled("key", 100)
		added.RequireFilled("key", 100)
	})

	t.Run("is named by the file when that changes", func(t *testing.T) {
		r.WritePeers()
		r.Replicas[0].Create()
		r.WaitInSync()
		release.Eventually(t, release.Patience, "a master that knows two peers", func() error {
			status, err := r.Master.Status()
			if err != nil {
				return err
			}
			return expectAnswers(status, map[string]string{r.Replicas[0].Name: "ok", added.Name: "ok"})
		})
	})
}
