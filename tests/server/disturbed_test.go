//go:build server

package server

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// A handover takes milliseconds. These make each half of it last as long as a test
// wants: the target's acknowledgements do not reach the master; or the master, a
// replica by then, can't connect to the target's server. One connection gets there
// before, over which the master's entrypoint asks.
const (
	withoutAcknowledgements release.Cut = "tcp dport " + release.Port + " drop"
	withoutNewConnections   release.Cut = "tcp dport " + release.Port + " tcp flags & (syn | ack) == syn limit rate over 1/hour burst 1 packets drop"
)

// halves of a handover.
var halves = []struct {
	name string
	hold func(r *release.Release, master *release.Pod)
	// failover is the master's word for it.
	failover string
}{
	{"while the target catches up", func(r *release.Release, master *release.Pod) {
		for _, p := range r.Others(master) {
			p.Cut(withoutAcknowledgements, master)
		}
	}, "waiting-for-sync"},
	{"while roles change", func(r *release.Release, master *release.Pod) {
		master.Cut(withoutNewConnections, r.Others(master)...)
	}, "failover-in-progress"},
}

// waitMiddle waits until a handover is in one of its halves, and returns the target.
func waitMiddle(t *testing.T, r *release.Release, master *release.Pod, failover string) *release.Pod {
	t.Helper()
	var target *release.Pod
	release.Eventually(t, release.Patience, "a handover that is "+failover, func() error {
		info, err := master.Info()
		if err != nil {
			return err
		}
		if info["master_failover_state"] != failover {
			return fmt.Errorf("it is %s", info["master_failover_state"])
		}
		status, err := master.Status()
		if err != nil {
			return err
		}
		for _, p := range r.Others(master) {
			if strings.HasSuffix(status.Reason, " "+p.Name) {
				target = p
				return nil
			}
		}
		return fmt.Errorf("no target in %s: %s", status.State, status.Reason)
	})
	return target
}

// What befalls the target, or the replica that is not, in the middle of a handover.
// Each returns what ends it.
var misfortunes = []struct {
	name   string
	befall func(r *release.Release, target *release.Pod) (end func())
}{
	{"nothing", func(_ *release.Release, _ *release.Pod) func() { return nil }},
	{"the target's server is killed", func(_ *release.Release, target *release.Pod) func() {
		target.KillServer()
		return nil
	}},
	{"the target's container is killed", func(_ *release.Release, target *release.Pod) func() {
		target.Kill()
		return target.Start
	}},
	{"the target's pod is deleted by force", func(_ *release.Release, target *release.Pod) func() {
		target.ForceDelete()
		return target.Create
	}},
	{"the target's server is frozen", func(_ *release.Release, target *release.Pod) func() {
		target.FreezeServer()
		return target.ThawServerIfStopped
	}},
	{"the target is frozen", func(_ *release.Release, target *release.Pod) func() {
		target.Freeze()
		return target.Thaw
	}},
	{cutOff, func(r *release.Release, target *release.Pod) func() {
		r.Isolate(release.Drop, target)
		return r.Heal
	}},
	{"the other replica is killed", func(r *release.Release, target *release.Pod) func() {
		other := r.Others(r.Master, target)[0]
		other.Kill()
		return other.Start
	}},
}

const cutOff = "the target is cut off"

// Whatever happens in the middle of a handover: nothing is lost, and never are there
// two masters that take writes.
func TestHandoverIsDisturbed(t *testing.T) {
	t.Parallel()
	for _, half := range halves {
		for _, m := range misfortunes {
			t.Run(half.name+", "+m.name, func(t *testing.T) {
				t.Parallel()
				r := release.Run(t, release.Options{Moves: true, Network: true, Replicas: 2, Password: password})
				load := r.LoadWith(r.Clients())
				r.WaitAcknowledged(load, 100)
				half.hold(r, r.Master)
				watch := watchMasters(t, r)
				r.Master.BeginTerminate()
				target := waitMiddle(t, r, r.Master, half.failover)
				end := m.befall(r, target)
				// From here on nothing else is in the way.
				for _, p := range r.Others(r.Master, target) {
					r.Mend(p, r.Master)
				}
				if m.name != cutOff {
					time.Sleep(500 * time.Millisecond)
					r.Mend(target, r.Master)
				}
				r.Master.WaitExit()
				r.Master.Remove()
				r.Master.Create()
				time.Sleep(2 * time.Second)
				if end != nil {
					end()
				}
				r.Heal()
				r.WaitAcknowledged(load, 100)
				ledger := load.Stop()
				watch.stop()
				r.WaitSettled()
				requireNothingLost(t, r, ledger)
			})
		}
	}
}
