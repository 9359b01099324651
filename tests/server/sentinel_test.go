//go:build server

package server

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// watched are the options of servers whose master three Sentinels decide on.
func watched(masters, replicas int) release.Options {
	return release.Options{Sentinels: 3, Masters: masters, Replicas: replicas, Password: password}
}

// The first start makes one of the pods master; all Sentinels know it.
func TestSentinelsFirstStart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ masters, replicas int }{{1, 2}, {3, 0}, {2, 1}} {
		r := release.Run(t, watched(c.masters, c.replicas))
		require.Equal(t, r.Master, r.Leader())
	}
}

// A pod of priority 0 is master while no other can be, and no longer.
func TestPriorityZero(t *testing.T) {
	t.Parallel()
	options := watched(2, 1)
	options.Env = map[string]string{"FAILBACK": "never", "FAILBACK_AFTER": "1s"}
	r := release.New(t, options)
	reserve := r.Replicas[0]
	reserve.Env = map[string]string{"PRIORITY": "0"}
	r.Start()
	r.WaitWatched()
	load := confirmedLoad(r)
	for range 2 {
		r.WaitReplicated(load, 100)
		leader := r.Leader()
		leader.Delete()
		require.NotEqual(t, reserve, r.Leader())
		leader.Create()
		require.NotEqual(t, reserve, r.WaitSettled())
	}
	r.WaitReplicated(load, 100)
	ledger := load.Stop()
	r.WaitSettled()
	for _, p := range r.Masters {
		p.ForceDelete()
	}
	release.Eventually(t, release.Patience, "the reserve to be master", func() error { return expectRole(reserve, "master") })
	for _, p := range r.Masters {
		p.Create()
	}
	release.Eventually(t, release.Patience, "the reserve to be master no longer", func() error { return expectRole(reserve, "slave") })
	require.NotEqual(t, reserve, r.WaitSettled())
	r.RequireKept(ledger)
}

func expectRole(p *release.Pod, want string) error {
	info, err := p.Info()
	if err != nil {
		return err
	}
	if got := info["role"]; got != want {
		return fmt.Errorf("%s is %s, not %s", p.Name, got, want)
	}
	return nil
}

func TestSentinelsMasterIsLost(t *testing.T) {
	t.Parallel()
	for _, loss := range losses {
		for _, masters := range []int{1, 3} {
			t.Run(named(loss.name+", masters", masters), func(t *testing.T) {
				t.Parallel()
				options := watched(masters, 3-masters)
				options.Persistence = "aof"
				loseTwice(t, options, loss.lose)
			})
		}
	}
}

// The master is cut off, alone or with a Sentinel, with clients on both sides. The others
// elect; the isolated side refuses; and when the network is whole again there is one
// master, which has all that a replica had acknowledged.
func TestSentinelsMasterIsCutOff(t *testing.T) {
	t.Parallel()
	for _, c := range cuts {
		for _, beside := range []int{0, 1} {
			t.Run(named(c.name, beside), func(t *testing.T) {
				t.Parallel()
				r := release.Run(t, watched(1, 2))
				old := r.Leader()
				s := startSides(r, old)
				for _, load := range append(s.isolated, s.majority...) {
					r.WaitReplicated(load, 50)
				}
				r.Part(c.cut, append([]*release.Pod{old}, r.Sentinels[:beside]...)...)
				for _, load := range s.majority {
					r.WaitReplicated(load, 100)
				}
				require.NoError(t, refusesWrites(old))
				waitRefused(t, s.isolated[0], 3)
				require.NoError(t, refusesWrites(old))
				r.Heal()
				r.WaitReplicated(s.isolated[0], 50)
				ledgers := s.stop()
				require.NotEqual(t, old, r.WaitWatched())
				for _, ledger := range ledgers {
					r.RequireKept(ledger)
				}
				requireSavedApart(t, r, old, ledgers[0])
			})
		}
	}
}

// The master's server hangs: the Sentinels promote another, and the old one takes no
// writes when it wakes.
func TestSentinelsMasterServerHangs(t *testing.T) {
	t.Parallel()
	r := release.Run(t, watched(1, 2))
	load := confirmedLoad(r)
	r.WaitReplicated(load, 100)
	leader := r.Leader()
	leader.FreezeServer()
	r.WaitReplicated(load, 200)
	require.NotEqual(t, leader, r.WaitSettled())
	r.RequireKept(load.Stop())
}

// Whoever is restarted at once: there is one master, with the newest data, and nobody
// has to do anything.
func TestSentinelsAllAtOnce(t *testing.T) {
	t.Parallel()
	cases := map[string]func(r *release.Release) []*release.Pod{
		"the servers' pods": func(r *release.Release) []*release.Pod { return r.Pods() },
		"the Sentinels":     func(r *release.Release) []*release.Pod { return r.Sentinels },
		"all":               func(r *release.Release) []*release.Pod { return append(r.Pods(), r.Sentinels...) },
	}
	for name, pods := range cases {
		for _, volumes := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, volumes %t", name, volumes), func(t *testing.T) {
				t.Parallel()
				options := watched(3, 0)
				options.Persistence, options.SentinelVolume = "aof", volumes
				r := release.Run(t, options)
				r.Fill("before", 500, 100)
				// It is not the first of them that has all.
				r.Leader().Delete()
				r.Fill("later", 500, 100)
				r.Masters[0].Create()
				r.WaitSettled()
				restarted := pods(r)
				for _, p := range restarted {
					p.Kill()
				}
				for _, p := range restarted {
					p.Remove()
				}
				for _, p := range restarted {
					p.Create()
				}
				leader := r.WaitSettled()
				leader.RequireFilled("before", 500)
				leader.RequireFilled("later", 500)
				load := confirmedLoad(r)
				r.WaitReplicated(load, 50)
				r.RequireKept(load.Stop())
			})
		}
	}
}

// Every engine, as servers and as Sentinels: a planned stop, and a loss after all Sentinels
// were restarted.
func TestSentinelsOfEveryEngine(t *testing.T) {
	t.Parallel()
	for _, engine := range release.Engines(t) {
		t.Run(engine.Name, func(t *testing.T) {
			t.Parallel()
			options := watched(1, 2)
			options.Engine, options.SentinelVolume = engine, true
			r := release.Run(t, options)
			load := confirmedLoad(r)
			r.WaitReplicated(load, 50)
			leader := r.Leader()
			leader.Delete()
			leader.Create()
			require.NotEqual(t, leader, r.WaitSettled())
			for _, p := range r.Sentinels {
				p.Kill()
				p.Start()
			}
			r.WaitReplicated(load, 50)
			leader = r.Leader()
			leader.ForceDelete()
			r.WaitReplicated(load, 50)
			leader.Create()
			require.NotEqual(t, leader, r.WaitSettled())
			r.RequireKept(load.Stop())
		})
	}
}

// Without a Sentinel nothing changes. Without most of them there is no failover, and no
// harm: the master goes on with all of its replicas.
func TestSentinelsAreLost(t *testing.T) {
	t.Parallel()
	for _, lost := range []int{1, 2, 3} {
		t.Run(named("lost", lost), func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, watched(1, 2))
			load := confirmedLoad(r)
			r.WaitReplicated(load, 100)
			leader := r.Leader()
			for _, p := range r.Sentinels[:lost] {
				p.Kill()
			}
			time.Sleep(4 * time.Second)
			r.WaitReplicated(load, 100)
			require.Equal(t, leader, r.Leader())
			for _, p := range r.Sentinels[:lost] {
				p.Start()
			}
			ledger := load.Stop()
			require.Less(t, ledger.Summary().LongestGap, time.Second)
			require.Equal(t, leader, r.WaitWatched())
			r.RequireKept(ledger)
		})
	}
}

// What happens to Sentinels beside that.
var sentinelFaults = []fault{
	{name: "a Sentinel is killed", fault: func(r *release.Release, _ *release.Pod) func() {
		p := r.Sentinels[0]
		p.Kill()
		return p.Start
	}},
	{name: "a Sentinel's pod is deleted by force", fault: func(r *release.Release, _ *release.Pod) func() {
		p := r.Sentinels[1]
		p.ForceDelete()
		return p.Create
	}},
	{name: "a Sentinel is cut off with the master", fault: func(r *release.Release, master *release.Pod) func() {
		r.Part(release.Drop, master, r.Sentinels[2])
		return r.Heal
	}},
	{name: "all Sentinels are killed", fault: func(r *release.Release, _ *release.Pod) func() {
		for _, p := range r.Sentinels {
			p.Kill()
		}
		return func() {
			for _, p := range r.Sentinels {
				p.Start()
			}
		}
	}},
}
