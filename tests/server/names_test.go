//go:build server

package server

import (
	"fmt"
	"testing"
	"time"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// A pod starts before the DNS knows it. Whoever is not told its own name knows
// nothing about the others' either.
func TestDNSThatKnowsNobody(t *testing.T) {
	t.Parallel()

	t.Run("on the first start", func(t *testing.T) {
		t.Parallel()
		r := release.New(t, release.Options{Replicas: 2})
		r.Master.Hide(r.Pods()...)
		r.Start()
		requireWaits(t, r)
		r.Master.Hide()
		r.WaitInSync()
	})

	t.Run("while replicas hold data and the volume is empty", func(t *testing.T) {
		t.Parallel()
		r := release.Run(t, release.Options{Replicas: 2, Persistence: "aof"})
		r.Fill("key", 100, 100)
		r.Master.ForceDelete()
		r.Master.EmptyVolume()
		r.Master.Hide(r.Pods()...)
		r.Master.Create()
		requireWaits(t, r)
		r.Master.Hide()
		r.WaitInSync()
		for _, p := range r.Pods() {
			p.RequireFilled("key", 100)
		}
	})
}

// requireWaits checks that the master's pod does not serve, and keeps saying so.
func requireWaits(t *testing.T, r *release.Release) {
	t.Helper()
	r.Master.WaitState(release.Guarding)
	release.Throughout(t, 4*time.Second, "a pod that waits for the DNS", func() error {
		status, err := r.Master.Status()
		if err != nil {
			return err
		}
		if status.State != release.Guarding || status.Role == "master" {
			return fmt.Errorf("state %q, role %q: %s", status.State, status.Role, status.Reason)
		}
		return r.Master.Unready()
	})
}

// A name that does not exist is a pod that does not exist, and nothing to wait
// for: otherwise no release could start with fewer pods than are planned.
func TestReplicasThatNeverExisted(t *testing.T) {
	t.Parallel()
	r := release.New(t, release.Options{
		Replicas:      2,
		BootstrapWait: never,
	})
	r.Master.Create()
	r.Master.WaitReady()
	release.Eventually(t, release.Patience, "peers that are known to be absent", func() error {
		status, err := r.Master.Status()
		if err != nil {
			return err
		}
		return expectAnswers(status, map[string]string{r.Replicas[0].Name: "absent", r.Replicas[1].Name: "absent"})
	})
	for _, p := range r.Replicas {
		p.Create()
	}
	r.WaitInSync()
}

func TestReplicasBeforeTheMaster(t *testing.T) {
	t.Parallel()
	r := release.New(t, release.Options{Replicas: 2})
	for _, p := range r.Replicas {
		p.Create()
	}
	for _, p := range r.Replicas {
		release.Eventually(t, release.Patience, "a replica without a master", func() error {
			info, err := p.Info()
			if err != nil {
				return err
			}
			if info["role"] != "slave" {
				return fmt.Errorf("%s is %s", p.Name, info["role"])
			}
			return p.Unready()
		})
	}
	r.Master.Create()
	r.WaitInSync()
}
