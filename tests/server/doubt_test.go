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

// silences are the ways in which a pod that exists does not answer.
var silences = []struct {
	name  string
	away  func(p *release.Pod)
	again func(p *release.Pod)
}{
	{
		name:  "connections time out",
		away:  func(p *release.Pod) { p.Freeze() },
		again: func(p *release.Pod) { p.Thaw() },
	},
	{
		name:  "connections are refused",
		away:  func(p *release.Pod) { p.Kill() },
		again: func(p *release.Pod) { p.Start() },
	},
}

func TestEmptyVolumeWhileOneReplicaDoesNotAnswer(t *testing.T) {
	t.Parallel()
	const wait = 4 * time.Second
	for _, silence := range silences {
		t.Run(silence.name, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, release.Options{Replicas: 2, Persistence: "aof", BootstrapWait: wait})
			r.Fill("key", 100, 100)
			silent := r.Replicas[1]
			silence.away(silent)
			r.Master.ForceDelete()
			r.Master.EmptyVolume()
			start := time.Now()
			r.Master.Create()

			status := r.Master.WaitState(release.Guarding)
			release.Eventually(t, wait, "a reason that names the pod", func() (err error) {
				if status, err = r.Master.Status(); err != nil {
					return err
				}
				return mentions(status.Reason, silent.Name)
			})
			r.Master.WaitReady()
			require.GreaterOrEqual(t, time.Since(start), wait, "the master has to wait for a replica that may hold newer data")
			r.Master.RequireFilled("key", 100)

			silence.again(silent)
			r.WaitInSync()
			for _, p := range r.Pods() {
				p.RequireFilled("key", 100)
			}
		})
	}
}

func TestEmptyVolumeWhileNobodyAnswers(t *testing.T) {
	t.Parallel()
	for _, silence := range silences {
		t.Run(silence.name, func(t *testing.T) {
			t.Parallel()
			r := alone(t, release.Options{BootstrapWait: 2 * time.Second}, silence.away)
			status := r.Master.WaitState(release.Holding)

			require.NoError(t, mentions(status.Reason, r.Replicas[0].Name))
			require.NoError(t, mentions(status.Reason, "safety.emptyMaster"))
			require.Contains(t, r.Master.Log(), status.Reason, "an operator has to see in the log why it holds")
			require.Equal(t, "1", r.Master.Metric("valkey_holding"))
			release.Throughout(t, 3*time.Second, "a pod that holds", func() error {
				status, err := r.Master.Status()
				if err != nil {
					return err
				}
				if status.State != release.Holding {
					return fmt.Errorf("state %q, role %q: %s", status.State, status.Role, status.Reason)
				}
				return errors.Join(r.Master.Live(), r.Master.Unready())
			})
		})
	}

	t.Run("ends when a replica is back", func(t *testing.T) {
		t.Parallel()
		r := alone(t, release.Options{BootstrapWait: 2 * time.Second}, func(p *release.Pod) { p.Freeze() })
		r.Master.WaitState(release.Holding)
		for _, p := range r.Replicas {
			p.Thaw()
		}
		r.WaitInSync()
		for _, p := range r.Pods() {
			p.RequireFilled("key", 100)
		}
		require.Equal(t, "0", r.Master.Metric("valkey_holding"))
	})

	t.Run("starts empty if the operator says so", func(t *testing.T) {
		t.Parallel()
		r := alone(t, release.Options{
			BootstrapWait: 2 * time.Second,
			Env:           map[string]string{"EMPTY_MASTER": "start"},
		}, func(p *release.Pod) { p.Freeze() })
		r.Master.WaitReady()
		require.Zero(t, r.Master.Keys())
	})
}

// alone returns a release whose replicas hold data and do not answer, and whose
// master's pod has just been created anew with an empty volume.
func alone(t *testing.T, options release.Options, away func(p *release.Pod)) *release.Release {
	t.Helper()
	options.Replicas, options.Persistence = 2, "aof"
	r := release.Run(t, options)
	r.Fill("key", 100, 100)
	for _, p := range r.Replicas {
		away(p)
	}
	r.Master.ForceDelete()
	r.Master.EmptyVolume()
	r.Master.Create()
	return r
}

// The address of a replica that is gone may have been given to somebody else,
// and the DNS may not know yet.
func TestForeignPodAtAReplicasAddress(t *testing.T) {
	t.Parallel()
	foreign := release.Run(t, release.Options{
		Replicas: 0,
		Password: password,
		Env:      map[string]string{"CLUSTER_ID": "other/hv"},
	})
	foreign.Fill("foreign", 10, 10)
	r := release.Run(t, release.Options{Replicas: 1, Password: password, BootstrapWait: 2 * time.Second})
	r.Fill("key", 10, 10)
	r.Replicas[0].Kill()
	r.Publish(r.Replicas[0], foreign.Master.IP)
	r.Master.ForceDelete()
	r.Master.EmptyVolume()
	r.Master.Create()

	r.Master.WaitState(release.Holding)
	status, err := r.Master.Status()
	require.NoError(t, err)
	require.NoError(t, expectAnswers(status, map[string]string{r.Replicas[0].Name: "unknown"}))
	require.Equal(t, "master", foreign.Master.MustInfo()["role"])
	foreign.Master.RequireFilled("foreign", 10)
}
