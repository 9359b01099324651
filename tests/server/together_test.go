//go:build server

package server

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// All pods are told to stop at the same time, and come back from their volumes: whoever
// was master, and whatever moved meanwhile.
func TestAllPodsStopTogether(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"", "safe"} {
		for _, persistence := range []string{"aof", "rdb"} {
			t.Run(fmt.Sprintf("policy %q, %s", policy, persistence), func(t *testing.T) {
				t.Parallel()
				r := release.Run(t, release.Options{
					Moves: true, Hive: policy, Replicas: 2, ReplicaVolumes: true, Persistence: persistence, Password: password,
					Env: map[string]string{"UPDATE_WAIT": "1s"},
				})
				load := r.LoadWith(r.Clients())
				r.WaitAcknowledged(load, 100)
				// The master is not where everybody would look for it.
				replace(t, r.Master)
				r.WaitAcknowledged(load, 100)
				ledger := load.Stop()
				for _, p := range r.Pods() {
					p.BeginTerminate()
				}
				for _, p := range r.Pods() {
					require.Zero(t, p.WaitExit())
					p.Remove()
				}
				r.Start()
				r.WaitSettled()
				requireNothingLost(t, r, ledger)
			})
		}
	}
}

// No name is known to anybody when the master stops, or is lost: nobody is absent for
// that, and when the names are back there is one master with all data.
func TestDNSFailsWhileTheMasterGoes(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"", "safe"} {
		for _, how := range []string{"stops", "is killed"} {
			t.Run(fmt.Sprintf("policy %q, it %s", policy, how), func(t *testing.T) {
				t.Parallel()
				r := release.Run(t, release.Options{Moves: true, Hive: policy, Replicas: 2, Env: map[string]string{"UPDATE_WAIT": "1s"}})
				load := confirmedLoad(r)
				r.WaitReplicated(load, 100)
				r.SetDNS(false)
				if how == "stops" {
					r.Master.Delete()
				} else {
					r.Master.ForceDelete()
				}
				r.Master.EmptyVolume()
				r.Master.Create()
				time.Sleep(6 * time.Second)
				r.SetDNS(true)
				r.WaitReplicated(load, 100)
				ledger := load.Stop()
				r.WaitSettled()
				r.RequireKept(ledger)
			})
		}
	}
}

// Five pods, of which a master needs two replicas: cut off with one it takes no writes,
// and the other three go on.
func TestHiveOfFive(t *testing.T) {
	t.Parallel()
	options := hive("safe")
	options.Replicas = 4
	options.Env = map[string]string{"MIN_REPLICAS_TO_WRITE": "2"}
	r := release.Run(t, options)
	old, companion := r.Master, r.Replicas[0]
	isolated := r.LoadWith(impatient(old))
	others := r.LoadWith(impatient(r.Replicas[3]))
	r.WaitReplicated(isolated, 50)
	r.WaitReplicated(others, 50)
	r.Part(release.Drop, old, companion)
	r.WaitReplicated(others, 100)
	require.NoError(t, refusesWrites(old))
	// One more is lost on the side that goes on.
	r.Replicas[1].Kill()
	waitRefused(t, isolated, 3)
	require.NoError(t, refusesWrites(old))
	r.Heal()
	r.Replicas[1].Start()
	r.WaitReplicated(isolated, 50)
	r.WaitReplicated(others, 50)
	first, second := isolated.Stop(), others.Stop()
	require.NotEqual(t, old, r.WaitSettled())
	r.RequireKept(second)
	// What the old master took with one replica, where it takes two, is saved apart.
	requireSavedApart(t, r, old, first)
}
