//go:build server

package server

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// The grace period ends, or the pod crashes, at any moment of a stop: before, in and
// after the handover. What a replica has is never lost, and after the handover nothing.
func TestMasterIsKilledWhileItStops(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"", "safe"} {
		for _, after := range []time.Duration{0, 3, 6, 10, 15, 25, 50, 500, 2100} {
			after *= time.Millisecond
			t.Run(fmt.Sprintf("policy %q, %s after the order", policy, after), func(t *testing.T) {
				t.Parallel()
				r := release.Run(t, release.Options{Moves: true, Hive: policy, Replicas: 2, Password: password})
				load := confirmedLoad(r)
				r.WaitReplicated(load, 100)
				r.Master.BeginTerminate()
				time.Sleep(after)
				r.Master.KillIfRunning()
				r.Master.Remove()
				r.Master.Create()
				r.WaitReplicated(load, 100)
				ledger := load.Stop()
				r.WaitSettled()
				r.RequireKept(ledger)
			})
		}
	}
}

// The pod that has just become master is lost at once: its server, its container, or
// its pod.
func TestNewMasterIsLostRightAfterTheHandover(t *testing.T) {
	t.Parallel()
	losses := []struct {
		name string
		lose func(p *release.Pod)
		back func(p *release.Pod)
	}{
		{"its server is killed", func(p *release.Pod) { p.KillServer() }, nil},
		{"its container is killed", func(p *release.Pod) { p.Kill() }, (*release.Pod).Start},
		{"its pod is deleted by force", func(p *release.Pod) { p.ForceDelete() }, (*release.Pod).Create},
	}
	for _, policy := range []string{"", "safe"} {
		for _, loss := range losses {
			t.Run(fmt.Sprintf("policy %q, %s", policy, loss.name), func(t *testing.T) {
				t.Parallel()
				r := release.Run(t, release.Options{Moves: true, Hive: policy, Replicas: 2, Password: password})
				load := confirmedLoad(r)
				r.WaitReplicated(load, 100)
				r.Master.BeginTerminate()
				var successor *release.Pod
				release.Eventually(t, release.Patience, "a replica that is master", func() error {
					for _, p := range r.Replicas {
						if info, err := p.Info(); err == nil && info["role"] == "master" {
							successor = p
							return nil
						}
					}
					return fmt.Errorf("none is")
				})
				loss.lose(successor)
				if loss.back != nil {
					loss.back(successor)
				}
				r.Master.WaitExit()
				r.Master.Remove()
				r.Master.Create()
				r.WaitReplicated(load, 100)
				ledger := load.Stop()
				r.WaitSettled()
				r.RequireKept(ledger)
			})
		}
	}
}

// Handover after handover, with a pod's container killed somewhere in each.
func TestHandoversWithAPodKilledInEach(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"", "safe"} {
		t.Run(fmt.Sprintf("policy %q", policy), func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, release.Options{Moves: true, Hive: policy, Replicas: 2, Persistence: "rdb", Env: map[string]string{"UPDATE_WAIT": "1s"}})
			load := confirmedLoad(r)
			for n := range 8 {
				r.WaitReplicated(load, 50)
				leader := r.Leader()
				victim := r.Others(leader)[n%2]
				leader.BeginTerminate()
				time.Sleep(time.Duration(n) * 3 * time.Millisecond)
				victim.Kill()
				victim.Start()
				leader.WaitExit()
				leader.Remove()
				leader.Create()
				leader.WaitReady()
				victim.WaitReady()
			}
			r.WaitReplicated(load, 50)
			ledger := load.Stop()
			r.WaitSettled()
			r.RequireKept(ledger)
			require.NotEmpty(t, ledger.Writes)
		})
	}
}
