//go:build server

package server

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// The master's server hangs: its own entrypoint ends it, and another pod goes on.
func TestHiveMasterServerHangs(t *testing.T) {
	t.Parallel()
	r := release.Run(t, hive("safe"))
	load := confirmedLoad(r)
	r.WaitReplicated(load, 100)
	leader := r.Leader()
	hung := leader.ServerPID()
	leader.FreezeServer()
	r.WaitReplicated(load, 200)
	require.NotEqual(t, leader, r.WaitSettled())
	require.NotEqual(t, hung, leader.ServerPID(), "the server that hung")
	r.RequireKept(load.Stop())
}

// The whole pod is frozen for longer than an election takes, and wakes up with its
// clients still connected: what it tells them from then on has to hold.
func TestHiveMasterIsFrozenAndWakes(t *testing.T) {
	t.Parallel()
	wakes := []struct {
		name string
		wake func(p *release.Pod)
	}{
		{"all at once", func(p *release.Pod) { p.Thaw() }},
		{"its server first", func(p *release.Pod) {
			p.ThawServer()
			time.Sleep(300 * time.Millisecond)
			p.ThawEntrypoint()
		}},
		{"its entrypoint first", func(p *release.Pod) {
			p.ThawEntrypoint()
			time.Sleep(300 * time.Millisecond)
			p.ThawServer()
		}},
	}
	for _, wake := range wakes {
		for _, depth := range []int{1, 20} {
			t.Run(named(wake.name, depth), func(t *testing.T) {
				t.Parallel()
				r := release.Run(t, hive("safe"))
				leader := r.Leader()
				options := leader.Clients()
				options.Depth, options.Writers = depth, 20
				pinned := r.LoadWith(options)
				load := confirmedLoad(r)
				r.WaitReplicated(load, 100)
				r.WaitAcknowledged(pinned, 100)
				leader.Freeze()
				r.WaitReplicated(load, 200)
				woken := pinned.Elapsed()
				wake.wake(leader)
				r.WaitAcknowledged(pinned, 200)
				ledger := pinned.Stop().Since(woken)
				require.NotEqual(t, leader, r.WaitSettled())
				r.RequireKept(load.Stop())
				requireNothingLost(t, r, ledger)
			})
		}
	}
}

// Frozen for less than anybody minds.
func TestHiveMasterIsFrozenForAMoment(t *testing.T) {
	t.Parallel()
	r := release.Run(t, hive("safe"))
	load := confirmedLoad(r)
	leader := r.Leader()
	for range 5 {
		r.WaitReplicated(load, 100)
		leader.Freeze()
		time.Sleep(time.Second)
		leader.Thaw()
	}
	r.WaitReplicated(load, 100)
	ledger := load.Stop()
	r.WaitSettled()
	r.RequireKept(ledger)
}
