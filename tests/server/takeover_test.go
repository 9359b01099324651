//go:build server

package server

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// Something else goes wrong while the master's pod takes its data from a replica
// that was promoted meanwhile. A delay before each full sync makes sure that
// there is a while.
func TestTakeoverIsDisturbed(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		disturb func(r *release.Release, promoted *release.Pod)
	}{
		{
			name:    "the master's server is killed again",
			disturb: func(r *release.Release, _ *release.Pod) { r.Master.KillServer() },
		},
		{
			name: "the master's container is killed",
			disturb: func(r *release.Release, _ *release.Pod) {
				r.Master.Kill()
				r.Master.Start()
			},
		},
		{
			name: "the master's pod is deleted, volume and all",
			disturb: func(r *release.Release, _ *release.Pod) {
				r.Master.Delete()
				r.Master.EmptyVolume()
				r.Master.Create()
			},
		},
		{
			name:    "the promoted replica's server is killed",
			disturb: func(_ *release.Release, promoted *release.Pod) { promoted.KillServer() },
		},
		{
			name: "the promoted replica's pod is deleted by force",
			disturb: func(_ *release.Release, promoted *release.Pod) {
				promoted.ForceDelete()
				promoted.Create()
			},
		},
		{
			name: "the other replica's server is killed",
			disturb: func(r *release.Release, promoted *release.Pod) {
				for _, p := range r.Replicas {
					if p != promoted {
						p.KillServer()
					}
				}
			},
		},
	}
	for _, c := range cases {
		for _, persistence := range []string{"none", "rdb"} {
			t.Run(c.name+", "+persistence, func(t *testing.T) {
				t.Parallel()
				r := release.Run(t, release.Options{
					Replicas:    2,
					Persistence: persistence,
					Password:    password,
					Env:         map[string]string{"DISKLESS_SYNC_DELAY": "3"},
				})
				load := r.Load()
				r.WaitReplicated(load, 100)
				ledger := load.Stop()
				r.WaitInSync() // both replicas hold all of it
				r.Master.KillServer()
				c.disturb(r, waitPromoted(t, r))
				r.WaitInSync()
				require.Zero(t, r.RequireKept(ledger).Lost)
			})
		}
	}
}

// waitPromoted waits until a replica is master and the master's server has
// begun to follow it, and returns that replica.
func waitPromoted(t *testing.T, r *release.Release) *release.Pod {
	t.Helper()
	var promoted *release.Pod
	release.Eventually(t, release.Patience, "a replica that is master while the master joins it", func() error {
		status, err := r.Master.Status()
		if err != nil {
			return err
		}
		if status.State != release.Joining {
			return fmt.Errorf("the master's pod is %s: %s", status.State, status.Reason)
		}
		if _, err := r.Master.Try("PING"); err != nil {
			return err
		}
		for _, p := range r.Replicas {
			info, err := p.Info()
			if err != nil {
				return err
			}
			if info["role"] == "master" {
				promoted = p
				return nil
			}
		}
		return fmt.Errorf("no replica is master")
	})
	return promoted
}

// After a takeover the data live on the volume too.
func TestTakeoverReachesTheVolume(t *testing.T) {
	t.Parallel()
	for _, persistence := range []string{"aof", "rdb"} {
		t.Run(persistence, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, release.Options{Replicas: 1, Persistence: persistence})
			r.Fill("key", 100, 100)
			r.Master.ForceDelete()
			r.Master.EmptyVolume()
			r.Master.Create()
			r.WaitInSync()
			wantAppendOnly := map[string]string{"aof": "1", "rdb": "0"}[persistence]
			release.Eventually(t, release.Patience, "an append-only file as configured", func() error {
				info, err := r.Master.Info()
				if err == nil && (info["aof_enabled"] != wantAppendOnly || info["aof_rewrite_in_progress"] != "0") {
					err = fmt.Errorf("aof_enabled is %s, aof_rewrite_in_progress %s", info["aof_enabled"], info["aof_rewrite_in_progress"])
				}
				return err
			})
			r.Fill("later", 10, 10)

			r.Replicas[0].Delete()
			require.Zero(t, r.Master.Terminate())
			r.Master.Start()
			r.Master.WaitReady()
			r.Master.RequireFilled("key", 100)
			r.Master.RequireFilled("later", 10)
		})
	}
}
