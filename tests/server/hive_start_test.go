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

// noMaster checks for a while that no pod is master.
func noMaster(t *testing.T, r *release.Release, d time.Duration) {
	t.Helper()
	release.Throughout(t, d, "no pod is master", func() error {
		var errs []error
		for _, p := range r.Pods() {
			if !p.Running() {
				continue
			}
			status, err := p.Status()
			if err == nil && status.Role == "master" {
				errs = append(errs, fmt.Errorf("%s is master", p.Name))
			}
		}
		return errors.Join(errs...)
	})
}

// The first start of all, while the DNS does not list anybody yet, or not everybody.
func TestHiveStartsWithoutNames(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name          string
		before, after func(r *release.Release)
	}{
		{
			name:   "no name is known",
			before: func(r *release.Release) { r.SetDNS(false) },
			after:  func(r *release.Release) { r.SetDNS(true) },
		},
		{
			name: "each knows only itself",
			before: func(r *release.Release) {
				for _, p := range r.Pods() {
					p.Hide(r.Others(p)...)
				}
			},
			after: func(r *release.Release) {
				for _, p := range r.Pods() {
					p.Hide()
				}
			},
		},
		{
			name: "replicas know only themselves",
			before: func(r *release.Release) {
				for _, p := range r.Replicas {
					p.Hide(r.Others(p)...)
				}
			},
			after: func(r *release.Release) {
				for _, p := range r.Replicas {
					p.Hide()
				}
			},
		},
	}
	for _, policy := range []string{"safe", "available"} {
		for _, c := range cases {
			t.Run(policy+", "+c.name, func(t *testing.T) {
				t.Parallel()
				r := release.New(t, hive(policy))
				c.before(r)
				r.Start()
				release.Throughout(t, 5*time.Second, "no replica is master", func() error {
					var errs []error
					for _, p := range r.Replicas {
						if status, err := p.Status(); err == nil && status.Role == "master" {
							errs = append(errs, fmt.Errorf("%s is master", p.Name))
						}
					}
					return errors.Join(errs...)
				})
				c.after(r)
				r.WaitInSync()
				r.Fill("key", 100, 10)
			})
		}
	}
}

// The replicas come first, and the master's pod, where nobody holds data yet, a while
// after them.
func TestHiveWaitsForTheMastersPodToBegin(t *testing.T) {
	t.Parallel()
	r := release.New(t, hive("safe"))
	for _, p := range r.Replicas {
		p.Create()
	}
	noMaster(t, r, 5*time.Second)
	r.Master.Create()
	r.WaitInSync()
}

// All pods end at once and come back.
func TestHiveAllPodsAreKilled(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name        string
		persistence string
		volumes     bool // of the replicas; the master's pod has one, if anything is persisted
	}{
		{"append-only files on all volumes", "aof", true},
		{"an append-only file on the master's volume", "aof", false},
		{"nothing is kept", "none", false},
	}
	for _, c := range cases {
		for _, order := range []string{"all at once", "the master's pod last"} {
			t.Run(c.name+", "+order, func(t *testing.T) {
				t.Parallel()
				options := hive("safe")
				options.Persistence, options.ReplicaVolumes, options.Configuration = c.persistence, c.volumes, promptFile
				r := release.Run(t, options)
				load := confirmedLoad(r)
				r.WaitReplicated(load, 200)
				for _, p := range r.Pods() {
					p.Kill()
				}
				ledger := load.Stop()
				for _, p := range r.Pods() {
					p.Remove()
					if c.persistence == "none" {
						p.EmptyVolume()
					}
				}
				if order == "all at once" {
					r.Start()
				} else {
					for _, p := range r.Replicas {
						p.Create()
					}
					noMaster(t, r, 3*time.Second)
					r.Master.Create()
				}
				r.WaitSettled()
				if c.persistence == "none" {
					require.Zero(t, r.Leader().Keys())
				} else {
					r.RequireKept(ledger)
				}
				r.Fill("later", 100, 10)
			})
		}
	}
}

// A pod comes back with what was on its volume long ago, also in the moment in which
// the master is lost.
func TestHivePodComesBackWithOldData(t *testing.T) {
	t.Parallel()
	for _, persistence := range []string{"aof", "rdb"} {
		for _, who := range []string{"the master's pod", "a replica"} {
			for _, when := range []string{"while there is a master", "while there is none"} {
				t.Run(who+", "+persistence+", "+when, func(t *testing.T) {
					t.Parallel()
					options := hive("safe")
					options.Persistence, options.ReplicaVolumes = persistence, true
					r := release.Run(t, options)
					r.Fill("old", 100, 10)
					p := r.Master
					if who == "a replica" {
						p = r.Replicas[1]
					}
					if persistence == "rdb" {
						p.Save()
					}
					copied := p.CopyVolume()
					load := confirmedLoad(r)
					r.WaitReplicated(load, 200)
					p.Kill()
					p.Remove()
					if p == r.Master {
						// The others have elected by then.
						r.WaitReplicated(load, 200)
					}
					leader := r.Leader()
					p.RestoreVolume(copied)
					if when == "while there is none" {
						leader.Kill()
						p.Create()
						leader.Start()
					} else {
						p.Create()
					}
					r.WaitReplicated(load, 200)
					ledger := load.Stop()
					r.WaitSettled()
					r.RequireKept(ledger)
					for _, p := range r.Pods() {
						p.RequireFilled("old", 100)
					}
				})
			}
		}
	}
}
