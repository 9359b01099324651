//go:build server

package server

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// The pod that was master comes back as a replica. With files from which that is
// possible it takes in only what it missed, and so do the others.
func TestStoppedMasterRejoins(t *testing.T) {
	t.Parallel()
	for _, engine := range release.Engines(t) {
		for _, persistence := range []string{"rdb", "aof"} {
			t.Run(engine.Name+", "+persistence, func(t *testing.T) {
				t.Parallel()
				r := release.Run(t, release.Options{Engine: engine, Moves: true, Replicas: 2, Persistence: persistence, Password: password})
				r.Fill("key", 1000, 100)
				load := r.LoadWith(r.Clients())
				r.WaitAcknowledged(load, 50)
				replace(t, r.Master)
				r.WaitAcknowledged(load, 50)
				ledger := load.Stop()
				info := r.WaitSettled().MustInfo()
				require.Equal(t, "0", info["sync_full"], "full syncs from the new master")
				require.NotEqual(t, "0", info["sync_partial_ok"])
				requireUnnoticed(t, r, ledger)
				for _, p := range r.Pods() {
					p.RequireFilled("key", 1000)
				}
			})
		}
	}
}

// Synced and stable for a while, the master's pod takes mastership back.
func TestFailback(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ policy, persistence string }{{"", "none"}, {"", "rdb"}, {"", "aof"}, {"safe", "none"}, {"safe", "aof"}} {
		t.Run(fmt.Sprintf("policy %q, %s", c.policy, c.persistence), func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, release.Options{
				Moves: true, Hive: c.policy, Replicas: 2, Persistence: c.persistence,
				Env: map[string]string{"FAILBACK": "auto", "FAILBACK_AFTER": "1s"},
			})
			load := r.LoadWith(r.Clients())
			for range 2 {
				r.WaitAcknowledged(load, 50)
				r.Master.Delete()
				require.NotEqual(t, r.Master, r.Leader())
				r.Master.Create()
				r.Master.WaitReady()
				waitLeader(t, r, r.Master)
			}
			ledger := load.Stop()
			r.WaitInSync()
			requireUnnoticed(t, r, ledger)
		})
	}
}

func waitLeader(t *testing.T, r *release.Release, p *release.Pod) {
	t.Helper()
	release.Eventually(t, release.Patience, p.Name+" to be master", func() error {
		if r.Leader() != p {
			return errors.New("another pod is")
		}
		return nil
	})
}

// stays checks for a while that a pod other than the master's is master.
func stays(t *testing.T, r *release.Release, d time.Duration) {
	t.Helper()
	release.Throughout(t, d, "mastership stays where it is", func() error {
		if r.Leader() == r.Master {
			return errors.New("the master's pod is master")
		}
		return nil
	})
}

func TestFailbackNever(t *testing.T) {
	t.Parallel()
	r := release.Run(t, release.Options{Moves: true, Replicas: 1, Env: map[string]string{"FAILBACK": "never", "FAILBACK_AFTER": "100ms"}})
	replace(t, r.Master)
	r.WaitSettled()
	stays(t, r, 4*time.Second)
}

// While pods of two revisions are there, or one is missing, a roll may be under way.
func TestNoFailbackDuringARoll(t *testing.T) {
	t.Parallel()
	r := release.Run(t, release.Options{Moves: true, Replicas: 2, Env: map[string]string{"FAILBACK": "auto", "FAILBACK_AFTER": "1s"}})
	load := r.LoadWith(r.Clients())
	r.WaitAcknowledged(load, 50)
	r.Replicas[1].Env["REVISION"] = "two"
	replace(t, r.Replicas[1])
	r.Master.Env["REVISION"] = "two"
	replace(t, r.Master)
	stays(t, r, 4*time.Second)
	r.Replicas[0].Env["REVISION"] = "two"
	require.Zero(t, r.Replicas[0].Terminate())
	stays(t, r, 3*time.Second)
	r.Replicas[0].Remove()
	r.Replicas[0].Create()
	waitLeader(t, r, r.Master)
	ledger := load.Stop()
	r.WaitInSync()
	requireUnnoticed(t, r, ledger)
}
