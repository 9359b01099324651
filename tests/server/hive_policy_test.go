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

// A replica is lost, and then the master: what they acknowledged may be in the lost
// replica alone.
func TestHiveReplicaIsLostAndThenTheMaster(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"killed", "cut off"} {
		lose := func(r *release.Release, p *release.Pod) {
			if how == "killed" {
				p.Kill()
			} else {
				r.Isolate(release.Drop, p)
			}
			// Nobody hears of it any more, and the cluster takes note of that.
			r.Lose(p)
		}
		back := func(r *release.Release, p *release.Pod) {
			if how == "killed" {
				p.Start()
			} else {
				r.Heal()
			}
			r.Find()
		}
		t.Run("safe, "+how, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, hive("safe"))
			load := confirmedLoad(r)
			r.WaitReplicated(load, 100)
			lose(r, r.Replicas[1])
			r.WaitReplicated(load, 100)
			lose(r, r.Master)
			last := r.Replicas[0]
			last.WaitUnready()
			last.WaitState(release.Holding)
			release.Throughout(t, 6*time.Second, "a pod that holds", func() error {
				return errors.Join(refusesWrites(last), last.Live())
			})
			require.NoError(t, mentions(last.WaitState(release.Holding).Reason, "hive.policy"))
			require.Equal(t, "1", last.Metric("valkey_holding"))
			// One of both is enough.
			back(r, r.Replicas[1])
			r.WaitReplicated(load, 100)
			if !r.Master.Running() {
				r.Master.Start()
			}
			r.Heal()
			r.WaitReplicated(load, 100)
			ledger := load.Stop()
			r.WaitSettled()
			r.RequireKept(ledger)
		})
		t.Run("available, "+how, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, hive("available"))
			load := confirmedLoad(r)
			r.WaitReplicated(load, 100)
			lose(r, r.Replicas[1])
			r.WaitReplicated(load, 100)
			lose(r, r.Master)
			last := r.Replicas[0]
			// Alone it takes no writes: that would take a replica.
			release.Eventually(t, release.Patience, "the last pod to be master", func() error {
				info, err := last.Info()
				if err == nil && info["role"] != "master" {
					err = fmt.Errorf("%s is %s", last.Name, info["role"])
				}
				return err
			})
			back(r, r.Replicas[1])
			if !r.Master.Running() {
				r.Master.Start()
			}
			r.Heal()
			r.WaitReplicated(load, 100)
			ledger := load.Stop()
			r.WaitSettled()
			r.RequireKept(ledger)
		})
	}
}

// While those that are missing are listed as ready, the policy available waits too:
// they are there, and only this pod does not reach them.
func TestHiveAvailableWaitsForWhoIsListedAsReady(t *testing.T) {
	t.Parallel()
	r := release.Run(t, hive("available"))
	load := r.LoadWith(impatient(r.Master))
	r.WaitReplicated(load, 50)
	alone := r.Replicas[0]
	r.Isolate(release.Drop, alone)
	release.Throughout(t, 16*time.Second, "a pod that is no master", func() error { return refusesWrites(alone) })
	r.WaitReplicated(load, 50)
	r.Heal()
	r.WaitInSync()
	r.RequireKept(load.Stop())
}

// A master that stops in a hive hands over as any other does.
func TestHivePlannedStops(t *testing.T) {
	t.Parallel()
	for _, durability := range []string{"async", "replicated"} {
		t.Run(durability, func(t *testing.T) {
			t.Parallel()
			options := hive("safe")
			options.Env = map[string]string{"DURABILITY": durability}
			r := release.Run(t, options)
			load := r.LoadWith(r.Clients())
			for range 6 {
				r.WaitAcknowledged(load, 50)
				replace(t, r.Leader())
			}
			for _, p := range r.Pods() {
				p.Env["REVISION"] = "two"
				replace(t, p)
			}
			ledger := load.Stop()
			r.WaitSettled()
			requireUnnoticed(t, r, ledger)
		})
	}
}
