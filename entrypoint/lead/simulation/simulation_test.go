package simulation

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
)

var (
	schedules = flag.Int("schedules", 0, "schedules of each kind to run")
	seed      = flag.Uint64("seed", 0, "the one schedule to run, with a trace of its events")
)

// decisions are what is under test.
type decisions struct {
	decide  func(lead.Input) lead.Decision
	sound   func(lead.Hive) lead.Decision
	elect   func(lead.Hive) lead.Decision
	reign   func(lead.Hive) lead.Decision
	refusal func(lead.Standing, uint64, string) string
}

func real() decisions {
	return decisions{lead.Decide, lead.Hive.Sound, lead.Hive.Elect, lead.Hive.Reign, lead.Standing.Refusal}
}

// settings are a schedule's own.
type settings struct {
	n, need        int
	policy         lead.Policy
	persists       persistence
	volumes        bool // pods may keep their data directory
	latency        int64
	syncTime       int64
	rates          [maxPods]float64
	keepsConfirmed bool
	failback       bool
	replTimeout    int64
	exact          bool // no pod ever loses its data directory, which is exact
	decisions      *decisions
	mutation       mutation
	replids        int
}

func (s *settings) mutated(m mutation) bool { return s.mutation == m }

// plan is a kind of schedules. Stream tells their seeds apart from those of others.
type plan struct {
	stream    uint64
	policy    lead.Policy
	wild      bool
	durable   bool
	decisions decisions
	mutation  mutation
}

func newWorld(seed uint64, pl *plan, tracing bool) *world {
	w := &world{seed: seed, rng: rand.New(rand.NewPCG(seed, pl.stream)), tracing: tracing}
	if tracing {
		w.log = &strings.Builder{}
	}
	w.n = int(w.between(2, 5))
	w.need = 1
	if w.n > 3 && w.chance(30) {
		w.need = 2
	}
	w.policy = pl.policy
	w.decisions, w.mutation = &pl.decisions, pl.mutation
	w.keepsConfirmed, w.exact = !pl.wild || pl.durable, pl.durable
	w.failback = w.chance(70)
	w.replTimeout = 60 * second
	if w.policy == "" {
		w.need, w.replTimeout = w.rng.IntN(2), 5*second
	}
	w.persists = persistence(w.rng.IntN(3))
	if w.exact {
		w.persists = appendOnly
	}
	w.volumes = w.chance(50)
	w.latency = []int64{500, 2 * millisecond, 2 * millisecond, 30 * millisecond}[w.rng.IntN(4)]
	w.syncTime = []int64{50 * millisecond, 300 * millisecond, 2 * second}[w.rng.IntN(3)]
	skewed := w.chance(40)
	for i := range w.rates {
		w.rates[i] = 1
		if skewed {
			w.rates[i] = 0.95 + 0.1*w.rng.Float64()
		}
	}
	w.writes = make([]write, 1, 256)
	w.named = make([]*pod, w.n)
	for slot := range w.n {
		w.spawn(slot, w.freshDisk())
	}
	if pl.wild {
		w.scenario = &wild{calm: w.between(5*second, 25*second), pause: []int64{second, 3 * second, 8 * second}[w.rng.IntN(3)]}
	} else {
		w.scenario = &oneByOne{left: int(w.between(1, 3)), settled: settleWithin}
	}
	w.push(event{at: 0, kind: evWrite})
	w.push(event{at: stepEvery, kind: evFault})
	w.trace(nil, "%d pods, %d replicas needed, policy %s, persistence %d, volumes %t, latency %d ms, rates %v", w.n, w.need, w.policy, w.persists, w.volumes, w.latency/millisecond, w.rates[:w.n])
	return w
}

func simulate(t *testing.T, pl *plan, n int) {
	t.Helper()
	var sum counters
	for i := range n {
		s := uint64(i)
		if *seed != 0 {
			s = *seed
		}
		w := newWorld(s, pl, *seed != 0)
		w.run()
		if *seed != 0 {
			fmt.Println(w.log)
		}
		if w.violated != "" {
			t.Fatalf("seed %d: %s\nrepeat with: go test ./entrypoint/lead/simulation -run '%s' -seed %d", s, w.violated, t.Name(), s)
		}
		if *seed != 0 {
			return
		}
		sum.events += w.counted.events
		sum.writes += w.counted.writes
		sum.confirmed += w.counted.confirmed
		sum.elections += w.counted.elections
		sum.handovers += w.counted.handovers
		sum.faults += w.counted.faults
		sum.longest = max(sum.longest, w.counted.longest)
	}
	t.Logf("%d schedules: %+v, settled after %d ms at most", n, sum, sum.longest/millisecond)
}

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
	oneFaultAtATime = plan{stream: 1, policy: lead.Safe, decisions: real()}
	anyFaults       = plan{stream: 2, policy: lead.Safe, wild: true, decisions: real()}
	anyDurable      = plan{stream: 4, policy: lead.Safe, wild: true, durable: true, decisions: real()}
	fixedMaster     = plan{stream: 5, decisions: real()}
	fixedWild       = plan{stream: 6, wild: true, decisions: real()}
	available       = plan{stream: 3, policy: lead.Available, wild: true, decisions: real()}
)

func TestSafe(t *testing.T)        { simulate(t, &oneFaultAtATime, count(2000, 30000)) }
func TestSafeWild(t *testing.T)    { simulate(t, &anyFaults, count(2000, 30000)) }
func TestSafeDurable(t *testing.T) { simulate(t, &anyDurable, count(2000, 30000)) }
func TestFixed(t *testing.T)       { simulate(t, &fixedMaster, count(2000, 30000)) }
func TestFixedWild(t *testing.T)   { simulate(t, &fixedWild, count(2000, 30000)) }
func TestAvailable(t *testing.T)   { simulate(t, &available, count(2000, 20000)) }
