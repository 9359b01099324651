//go:build server

package server

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
	"github.com/helm-valkey/helm-valkey/tests/writer"
)

// requireUnnoticed checks that clients which send one command at a time noticed
// nothing but connections that ended between two of them.
func requireUnnoticed(t *testing.T, r *release.Release, ledger *writer.Ledger) {
	t.Helper()
	require.Empty(t, ledger.Errors, "what clients were told: %v", ledger.Said)
	require.Empty(t, ledger.Unknown, "commands without an answer")
	requireNothingLost(t, r, ledger)
}

// requireNothingLost reads all acknowledged writes back from every pod.
func requireNothingLost(t *testing.T, r *release.Release, ledger *writer.Ledger) {
	t.Helper()
	finding := r.RequireKept(ledger)
	require.Zero(t, finding.Lost, "%v", finding.Examples)
}

// replace is what a rolling restart does to a pod: the next comes when the one before
// is ready.
func replace(t *testing.T, p *release.Pod) {
	t.Helper()
	require.Zero(t, p.Delete(), "exit code of %s", p.Name)
	p.Create()
	p.WaitReady()
}

// The pod that is master stops under load: mastership goes to another pod before.
func TestPlannedStopOfTheMaster(t *testing.T) {
	t.Parallel()
	for _, s := range setups(t) {
		t.Run(s.name(), func(t *testing.T) {
			t.Parallel()
			options := s.options(2)
			options.Moves = true
			r := release.Run(t, options)
			load := r.LoadWith(r.Clients())
			r.WaitAcknowledged(load, 200)
			replace(t, r.Master)
			r.WaitAcknowledged(load, 200)
			ledger := load.Stop()
			require.NotEqual(t, r.Master, r.WaitSettled(), "mastership does not go back by itself")
			requireUnnoticed(t, r, ledger)
		})
	}
}

// Every pod is restarted, in every order; in every second one no write is answered that
// no replica has.
func TestRollingRestartInEveryOrder(t *testing.T) {
	t.Parallel()
	for i, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		t.Run(orderName(order), func(t *testing.T) {
			t.Parallel()
			options := release.Options{Moves: true, Replicas: 2, Password: password}
			if i%2 == 1 {
				options = durable(options)
			}
			r := release.Run(t, options)
			load := r.LoadWith(r.Clients())
			r.WaitAcknowledged(load, 100)
			for _, n := range order {
				p := r.Pods()[n]
				p.Env["REVISION"] = "two"
				replace(t, p)
				r.WaitAcknowledged(load, 20)
			}
			ledger := load.Stop()
			r.WaitSettled()
			requireUnnoticed(t, r, ledger)
		})
	}
}

func orderName(order []int) string {
	names := []string{"master", "replica-0", "replica-1"}
	var name string
	for _, n := range order {
		name += " " + names[n]
	}
	return name[1:]
}

// Twenty handovers in a row, each to whoever is in sync.
func TestTwentyHandoversInARow(t *testing.T) {
	t.Parallel()
	r := release.Run(t, release.Options{Moves: true, Replicas: 2})
	load := r.LoadWith(r.Clients())
	seen := map[*release.Pod]bool{}
	for range 20 {
		leader := r.Leader()
		seen[leader] = true
		r.WaitAcknowledged(load, 20)
		replace(t, leader)
	}
	ledger := load.Stop()
	r.WaitSettled()
	requireUnnoticed(t, r, ledger)
	require.GreaterOrEqual(t, len(seen), 2, "pods that were master")
	require.NotZero(t, ledger.Closed, "connections through pods that stopped")
}

// Both StatefulSets are updated at the same time, with a single replica and nothing
// persisted: whoever is replaced first has to wait for the other.
func TestBothSetsAreUpdatedAtOnce(t *testing.T) {
	t.Parallel()
	r := release.Run(t, release.Options{Moves: true, Replicas: 1, Env: map[string]string{"UPDATE_WAIT": "20s", "GRACE_PERIOD": "60s"}})
	load := r.LoadWith(r.Clients())
	r.WaitAcknowledged(load, 100)
	for _, p := range r.Pods() {
		p.Env["REVISION"] = "two"
		p.BeginTerminate()
	}
	recreate(t, r.Pods()...)
	r.WaitAcknowledged(load, 100)
	ledger := load.Stop()
	r.WaitSettled()
	requireUnnoticed(t, r, ledger)
}

// recreate makes a new pod for each of these as soon as it has ended, as the
// controllers of their StatefulSets do, each for itself.
func recreate(t *testing.T, pods ...*release.Pod) {
	t.Helper()
	waiting := slices.Clone(pods)
	release.Eventually(t, release.Patience, "pods that end", func() error {
		waiting = slices.DeleteFunc(waiting, func(p *release.Pod) bool {
			if p.Running() {
				return false
			}
			p.Remove()
			p.Create()
			return true
		})
		if len(waiting) > 0 {
			return errors.New(waiting[0].Name + " still runs")
		}
		return nil
	})
}
