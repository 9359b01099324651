//go:build server

package server

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
	"github.com/helm-valkey/helm-valkey/tests/writer"
)

// never is how long a master that must not wait for its peers would.
const never = 10 * time.Minute

func TestMasterServerKilledUnderLoad(t *testing.T) {
	t.Parallel()
	for _, s := range setups(t) {
		for _, replicas := range []int{1, 2} {
			t.Run(fmt.Sprintf("%s, %d replicas", s.name(), replicas), func(t *testing.T) {
				t.Parallel()
				masterServerKilledUnderLoad(t, s.options(replicas))
			})
		}
	}
}

// requireOnlyUnreplicatedLost allows for one write of each writer, which waits for a
// replica before its next: the one that no replica had received. It may have been in
// the append-only file; but a replica that is further than what the file is known to
// hold goes before it.
func requireOnlyUnreplicatedLost(t *testing.T, finding *writer.Finding) {
	t.Helper()
	require.LessOrEqual(t, finding.Lost, writer.Writers, "%v", finding.Examples)
}

func masterServerKilledUnderLoad(t *testing.T, options release.Options) {
	r := release.Run(t, options)
	load := r.Load()
	r.WaitReplicated(load, 200)
	killed := r.Master.KillServer()
	r.WaitReplicated(load, 200)
	ledger := load.Stop()

	r.WaitInSync()
	require.NotEqual(t, killed, r.Master.ServerPID())
	require.Equal(t, "1", r.Master.Metric("valkey_restarts_total"))
	finding := r.RequireKept(ledger)
	requireOnlyUnreplicatedLost(t, finding)
}

func TestMasterServerKilledAgainAndAgain(t *testing.T) {
	t.Parallel()
	for _, persistence := range []string{"none", "rdb", "aof"} {
		t.Run(persistence, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, release.Options{Replicas: 2, Persistence: persistence, Password: password})
			load := r.Load()
			for range 3 {
				r.WaitReplicated(load, 50)
				r.Master.KillServer()
			}
			r.WaitReplicated(load, 50)
			ledger := load.Stop()
			r.WaitInSync()
			r.RequireKept(ledger)
		})
	}
}

// The server or the whole container of the master's pod is killed at moments
// that have nothing to do with what the entrypoint is doing. The replicas run
// throughout, so whatever one of them acknowledged has to be there at the end.
func TestMasterKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	const kills = 10
	for _, persistence := range []string{"none", "rdb", "aof"} {
		t.Run(persistence, func(t *testing.T) {
			t.Parallel()
			seed := uint64(time.Now().UnixNano())
			t.Logf("seed %d", seed)
			random := rand.New(rand.NewPCG(seed, 0))
			r := release.Run(t, release.Options{Replicas: 2, Persistence: persistence})
			load := r.Load()
			r.WaitReplicated(load, 50)
			for range kills {
				// The container may have ended by itself, after several deaths of
				// its server: that is the kubelet's turn.
				switch {
				case !r.Master.Running():
					r.Master.Start()
				case random.IntN(3) == 0:
					r.Master.KillIfRunning()
					r.Master.Start()
				default:
					r.Master.KillServerIfRunning()
				}
				// The schedule of the faults, not a wait for anything.
				time.Sleep(time.Duration(random.IntN(700)) * time.Millisecond)
			}
			if !r.Master.Running() {
				r.Master.Start()
			}
			r.WaitReplicated(load, 50)
			ledger := load.Stop()
			r.WaitInSync()
			r.RequireKept(ledger)
		})
	}
}

// A process that dies by itself leaves its writes in the append-only file, so
// nothing has to be asked of replicas that were behind before.
func TestOwnAppendOnlyFileWins(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		away   func(p *release.Pod)
		again  func(p *release.Pod)
		behind bool // the master has noticed before the crash
		wait   time.Duration
	}{
		{
			name:   "replicas that do not exist",
			away:   func(p *release.Pod) { p.Delete() },
			again:  func(p *release.Pod) { p.Create() },
			behind: true,
			wait:   never,
		},
		{
			name:   "replicas that have not answered for long",
			away:   func(p *release.Pod) { p.Freeze() },
			again:  func(p *release.Pod) { p.Thaw() },
			behind: true,
			wait:   never,
		},
		{
			name:   "replicas whose servers have hung for long",
			away:   func(p *release.Pod) { p.FreezeServer() },
			again:  func(p *release.Pod) { p.ThawServer() },
			behind: true,
			wait:   never,
		},
		{
			name:  "replicas in sync that stop to answer at the same moment",
			away:  func(p *release.Pod) { p.Freeze() },
			again: func(p *release.Pod) { p.Thaw() },
			wait:  3 * time.Second,
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, release.Options{
				Replicas:      2,
				Persistence:   "aof",
				Configuration: promptFile,
				BootstrapWait: c.wait,
				Env:           map[string]string{"MAX_LAG": "2s"},
			})
			for _, p := range r.Replicas {
				c.away(p)
			}
			if c.behind {
				release.Eventually(t, release.Patience, "a master that knows it is alone", func() error {
					return expectMetric(r.Master, "valkey_effective_rf_min", "1")
				})
			}
			load := r.Load()
			r.WaitAcknowledged(load, 50)
			r.Master.KillServer()
			r.WaitAcknowledged(load, 50)
			ledger := load.Stop()
			for _, p := range r.Replicas {
				c.again(p)
			}
			r.WaitInSync()
			finding := r.RequireKept(ledger)
			require.Zero(t, finding.Lost, "%v", finding.Examples)
		})
	}
}
