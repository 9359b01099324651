//go:build server

package server

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
	"github.com/helm-valkey/helm-valkey/tests/writer"
)

// cuts are the ways in which a network ends.
var cuts = []struct {
	name string
	cut  release.Cut
}{
	{"packets vanish", release.Drop},
	{"connections are refused", release.Reject},
}

// sides are clients on both sides of a pod that is to be cut off: those that know
// only that pod, and those that know only the others.
type sides struct {
	isolated, majority []*writer.Load
}

func startSides(r *release.Release, isolated *release.Pod) sides {
	var s sides
	s.isolated = append(s.isolated, r.LoadWith(impatient(isolated)))
	for _, p := range r.Others(isolated) {
		s.majority = append(s.majority, r.LoadWith(impatient(p)))
	}
	return s
}

// impatient are clients that give up after a second, and ask of each write whether a
// replica has it.
func impatient(p *release.Pod) writer.Options {
	options := writer.Defaults("")
	options.Endpoint = p.Clients().Endpoint
	return options
}

func (s sides) stop() []*writer.Ledger {
	var ledgers []*writer.Ledger
	for _, load := range append(s.isolated, s.majority...) {
		ledgers = append(ledgers, load.Stop())
	}
	return ledgers
}

// waitRefused waits until n writes of a load were refused after now.
func waitRefused(t *testing.T, load *writer.Load, n int) {
	t.Helper()
	want := load.Failures() + n
	release.Eventually(t, release.Patience, "writes that are refused", func() error {
		if got := load.Failures(); got < want {
			return fmt.Errorf("%d of %d", got, want)
		}
		return nil
	})
}

// The master is cut off, with clients on both sides. The others elect; the isolated
// side refuses; and when the network is whole again there is one master, which has
// all that a replica had acknowledged. What the old one took besides is in a file.
func TestHiveMasterIsCutOff(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"safe", "available"} {
		for _, c := range cuts {
			t.Run(policy+", "+c.name, func(t *testing.T) {
				t.Parallel()
				r := release.Run(t, hive(policy))
				old := r.Leader()
				s := startSides(r, old)
				for _, load := range append(s.isolated, s.majority...) {
					r.WaitReplicated(load, 50)
				}
				r.Isolate(c.cut, old)
				for _, load := range s.majority {
					r.WaitReplicated(load, 100)
				}
				// From before another could be elected.
				require.NoError(t, refusesWrites(old))
				waitRefused(t, s.isolated[0], 3)
				require.NoError(t, refusesWrites(old))
				old.WaitUnready()
				r.Heal()
				r.WaitReplicated(s.isolated[0], 50)
				ledgers := s.stop()
				require.NotEqual(t, old, r.WaitSettled())
				for _, ledger := range ledgers {
					r.RequireKept(ledger)
				}
				requireSavedApart(t, r, old, ledgers[0])
			})
		}
	}
}

// refusesWrites returns nil if the pod's server takes no writes.
func refusesWrites(p *release.Pod) error {
	_, err := p.Try("SET", "direct", "write")
	if err == nil {
		return errors.New(p.Name + " takes a write")
	}
	return nil
}

// requireSavedApart checks that every acknowledged write which is lost is in the file
// that the pod saved before it gave way.
func requireSavedApart(t *testing.T, r *release.Release, p *release.Pod, ledger *writer.Ledger) {
	t.Helper()
	finding, err := writer.VerifyFrom(t.Context(), r.Dial, p.Address(), password, ledger)
	require.NoError(t, err)
	if finding.Lost == 0 {
		return
	}
	files, err := filepath.Glob(filepath.Join(p.Data(), "diverged-*.rdb"))
	require.NoError(t, err)
	require.Len(t, files, 1, "%d acknowledged writes are lost: %v", finding.Lost, finding.Examples)
	lost := *ledger
	lost.Writes = finding.Missing
	apart := release.New(t, release.Options{Standalone: true, Persistence: "rdb", Password: password})
	apart.Master.PutSnapshot(files[0])
	apart.Start()
	apart.WaitInSync()
	requireNothingLost(t, apart, &lost)
}

// Links that are broken for some and whole for others: where a pod that still hears
// the master can be reached, nobody is elected.
func TestHiveLinksThatAreBrokenForSome(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		cut  func(r *release.Release, how release.Cut)
	}{
		{"a replica does not hear the master", func(r *release.Release, how release.Cut) {
			r.Master.Cut(how, r.Replicas[0])
		}},
		{"the master does not hear a replica", func(r *release.Release, how release.Cut) {
			r.Replicas[0].Cut(how, r.Master)
		}},
		{"a replica and the master do not hear each other", func(r *release.Release, how release.Cut) {
			r.Master.Cut(how, r.Replicas[0])
			r.Replicas[0].Cut(how, r.Master)
		}},
		{"the replicas do not hear each other", func(r *release.Release, how release.Cut) {
			r.Replicas[0].Cut(how, r.Replicas[1])
			r.Replicas[1].Cut(how, r.Replicas[0])
		}},
		{"a replica is cut off", func(r *release.Release, how release.Cut) {
			r.Isolate(how, r.Replicas[0])
		}},
	}
	for _, test := range cases {
		for _, c := range cuts {
			t.Run(test.name+", "+c.name, func(t *testing.T) {
				t.Parallel()
				r := release.Run(t, hive("safe"))
				load := r.LoadWith(impatient(r.Master))
				r.WaitReplicated(load, 50)
				test.cut(r, c.cut)
				release.Throughout(t, 7*time.Second, "mastership stays", func() error {
					info, err := r.Master.Info()
					if err == nil && info["role"] != "master" {
						err = fmt.Errorf("%s is %s", r.Master.Name, info["role"])
					}
					return err
				})
				r.WaitReplicated(load, 50)
				r.Heal()
				r.WaitInSync()
				r.RequireKept(load.Stop())
			})
		}
	}
}

// The master hears nobody, or nobody hears it: for the others it is gone.
func TestHiveMasterIsCutOffInOneDirection(t *testing.T) {
	t.Parallel()
	for _, direction := range []string{"it hears nobody", "nobody hears it"} {
		t.Run(direction, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, hive("safe"))
			old := r.Leader()
			s := startSides(r, old)
			for _, load := range append(s.isolated, s.majority...) {
				r.WaitReplicated(load, 50)
			}
			for _, p := range r.Others(old) {
				if direction == "it hears nobody" {
					p.Cut(release.Drop, old)
				} else {
					old.Cut(release.Drop, p)
				}
			}
			for _, load := range s.majority {
				r.WaitReplicated(load, 100)
			}
			require.NoError(t, refusesWrites(old))
			r.Heal()
			r.WaitReplicated(s.isolated[0], 50)
			ledgers := s.stop()
			r.WaitSettled()
			for _, ledger := range ledgers {
				r.RequireKept(ledger)
			}
			requireSavedApart(t, r, old, ledgers[0])
		})
	}
}

// All three pods are alone. Nobody may become master, and the one that is stops to
// take writes.
func TestHiveEveryPodIsCutOff(t *testing.T) {
	t.Parallel()
	for _, c := range cuts {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, hive("safe"))
			load := confirmedLoad(r)
			r.WaitReplicated(load, 100)
			for _, p := range r.Pods() {
				r.Isolate(c.cut, p)
			}
			r.Master.WaitUnready()
			release.Throughout(t, 7*time.Second, "no pod takes writes", func() error {
				var errs []error
				for _, p := range r.Pods() {
					errs = append(errs, refusesWrites(p))
				}
				return errors.Join(errs...)
			})
			r.Heal()
			r.WaitReplicated(load, 100)
			ledger := load.Stop()
			r.WaitSettled()
			r.RequireKept(ledger)
		})
	}
}
