package simulation

import (
	"flag"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
)

var (
	schedules = flag.Int("schedules", 0, "how many schedules of each kind to run, instead of the default")
	seed      = flag.Uint64("seed", 0, "the one schedule to run, with a trace of its events")
)

// kinds are the kinds of schedules, each with the seeds that once failed, which always
// run.
//
// What holds in all of them: once no fault is left and all pods are back, there is one
// master, which takes writes, and all others follow it, within settleWithin, without
// anybody's help. And in a hive that is safe there are never two masters that take
// writes at the same moment.
//
// No write that as many replicas have acknowledged as a master needs (WAIT, at least
// one) is ever lost where one fault happens at a time. A fault is one of: a server that
// is killed or hangs; a pod that ends, with or without its data, or freezes as a whole;
// a master's or a replica's pod that is given up and runs on, cut off; a network that
// parts anyhow, one way or both, with DNS that denies the other side; DNS that is slow
// or denies names; a planned handover, and one with any of these in its midst; a restart
// of everything whose data are on disk. The next happens when all has settled after the
// one before. The same holds for any number of faults at once as long as no pod loses its
// data directory, which is exact.
//
// With any number of faults and data that are lost only the first two hold. They rest
// on this: who is given up and runs on is alone, since nobody can tell the pod that
// comes in its place from it; for 6 s after that some other pod still knows of a
// master, and DNS denies none; who vanishes without a word is not back within 5 s, since
// its master counts the old connection and the new one.
//
// Without a hive, one fault at a time: nothing confirmed is lost as long as pods are back
// and reach each other again within the master's pod's patience.
var kinds = []struct {
	name string
	plan plan
	kept []uint64
}{
	{"safe, one fault at a time", oneFaultAtATime, []uint64{19, 28, 154, 785, 1563, 1582, 3362, 12440, 15008, 66093}},
	{"safe, any faults", anyFaults, []uint64{3433, 4754, 5739, 24695, 27443, 27480, 48782, 59396}},
	{"safe, any faults, data survive", anyDurable, []uint64{15, 6314, 30703}},
	{"available, any faults", available, []uint64{372, 17890, 27480}},
	{"fixed master, one fault at a time", fixedMaster, []uint64{15, 122, 171, 256, 457, 1076, 9024, 15568, 31813, 79641, 89812, 94985, 128402}},
	{"fixed master, any faults", fixedWild, []uint64{3339, 4636, 11303, 37175}},
}

func TestSchedules(t *testing.T) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			if *seed > 0 {
				w := newWorld(*seed, &k.plan, true)
				w.run()
				fmt.Println(w.log)
				require.Empty(t, w.violated)
				return
			}
			for _, s := range k.kept {
				examine(t, s, &k.plan)
			}
			var sum counters
			n := count(500, 30_000)
			for s := range n {
				sum.add(examine(t, uint64(s), &k.plan))
			}
			t.Logf("%d schedules: %s", n, sum)
		})
	}
}

// examine runs one schedule, and fails the test if an invariant broke.
func examine(t *testing.T, s uint64, pl *plan) counters {
	t.Helper()
	w := newWorld(s, pl, false)
	w.run()
	require.Emptyf(t, w.violated, "seed %d: go test ./entrypoint/lead/simulation -run '%s' -seed %d", s, t.Name(), s)
	return w.counted
}

// count is how many schedules to run.
func count(short, long int) int {
	switch {
	case *schedules > 0:
		return *schedules
	case testing.Short():
		return short
	default:
		return long
	}
}

var (
	oneFaultAtATime = plan{stream: 1, policy: lead.Safe, decisions: asBuilt()}
	anyFaults       = plan{stream: 2, policy: lead.Safe, wild: true, decisions: asBuilt()}
	anyDurable      = plan{stream: 4, policy: lead.Safe, wild: true, durable: true, decisions: asBuilt()}
	available       = plan{stream: 3, policy: lead.Available, wild: true, decisions: asBuilt()}
	fixedMaster     = plan{stream: 5, decisions: asBuilt()}
	fixedWild       = plan{stream: 6, wild: true, decisions: asBuilt()}
)

// The same seed is the same run, to the last event: or a seed would be no proof.
func TestSeedsRepeat(t *testing.T) {
	for _, k := range kinds {
		a, b := newWorld(7, &k.plan, true), newWorld(7, &k.plan, true)
		a.run()
		b.run()
		require.Equal(t, a.log.String(), b.log.String(), k.name)
	}
}
