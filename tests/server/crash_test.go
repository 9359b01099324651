//go:build server

package server

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// The master's pod is lost in the middle of a load, entrypoint and all, and comes
// back to whatever its volume became meanwhile.
func TestMasterPodCrashes(t *testing.T) {
	t.Parallel()
	volumes := []struct {
		name   string
		before func(r *release.Release) (copied string)
		after  func(r *release.Release, copied string)
		whole  bool // with an append-only file nothing at all may be lost
	}{
		{
			name:  "container restarts, volume kept",
			after: func(r *release.Release, _ string) { r.Master.Start() },
			whole: true,
		},
		{
			name: "pod moves, volume kept",
			after: func(r *release.Release, _ string) {
				r.Publish(r.Master)
				r.Master.Create()
			},
			whole: true,
		},
		{
			name: "empty volume",
			after: func(r *release.Release, _ string) {
				r.Master.EmptyVolume()
				r.Publish(r.Master)
				r.Master.Create()
			},
		},
		{
			name: "stale volume",
			before: func(r *release.Release) string {
				if r.Options.Persistence == "rdb" {
					r.Master.Save()
				}
				return r.Master.CopyVolume()
			},
			after: func(r *release.Release, copied string) {
				r.Master.RestoreVolume(copied)
				r.Publish(r.Master)
				r.Master.Create()
			},
		},
	}
	for _, volume := range volumes {
		for _, persistence := range []string{"aof", "rdb", "none"} {
			t.Run(volume.name+", "+persistence, func(t *testing.T) {
				t.Parallel()
				r := release.Run(t, release.Options{Replicas: 2, Persistence: persistence, Password: password})
				r.Fill("old", 100, 100)
				var copied string
				if volume.before != nil {
					copied = volume.before(r)
				}
				load := r.Load()
				r.WaitReplicated(load, 200)
				r.Master.Kill()
				ledger := load.Stop()

				volume.after(r, copied)
				r.WaitInSync()
				for _, p := range r.Pods() {
					p.RequireFilled("old", 100)
				}
				finding := r.RequireKept(ledger)
				if volume.whole && persistence == "aof" {
					requireOnlyUnreplicatedLost(t, finding)
				}
			})
		}
	}
}

// A master whose volume is older than what the replicas hold, because its
// snapshots are rarer than its writes: the commonest way to lose data.
func TestReplicasAreNotRolledBackToAnOldSnapshot(t *testing.T) {
	t.Parallel()
	for _, engine := range release.Engines(t) {
		t.Run(engine.Name, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, release.Options{Engine: engine, Replicas: 2, Persistence: "rdb"})
			r.Fill("old", 50, 10)
			r.Master.Save()
			r.Fill("new", 500, 10)
			r.Master.Kill()
			r.Master.Start()
			r.WaitInSync()
			for _, p := range r.Pods() {
				p.RequireFilled("old", 50)
				p.RequireFilled("new", 500)
			}
		})
	}
}

// promptFile has the server write every command to the append-only file before it
// answers, also while the disk is busy.
const promptFile = "appendfsync always"

// All pods at once, as after a power cut: only the master's volume is left.
func TestAllPodsCrash(t *testing.T) {
	t.Parallel()
	r := release.Run(t, release.Options{Replicas: 2, Persistence: "aof", Password: password, Configuration: promptFile})
	load := r.Load()
	r.WaitReplicated(load, 200)
	for _, p := range r.Pods() {
		p.Kill()
	}
	ledger := load.Stop()
	for _, p := range r.Pods() {
		p.Start()
	}
	r.WaitInSync()
	finding := r.RequireKept(ledger)
	require.Zero(t, finding.Lost, "%v", finding.Examples)
}

func TestServerDiesWithTheEntrypoint(t *testing.T) {
	t.Parallel()
	r := release.Run(t, release.Options{})
	r.Master.KillEntrypoint()
	r.Master.Start()
	r.WaitInSync()
}
