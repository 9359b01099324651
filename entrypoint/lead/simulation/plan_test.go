package simulation

import (
	"math/rand/v2"
	"strings"

	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
)

// decisions are what is under test.
type decisions struct {
	decide  func(lead.Input) lead.Decision
	sound   func(lead.Hive) lead.Decision
	elect   func(lead.Hive) lead.Decision
	reign   func(lead.Hive) lead.Decision
	refusal func(lead.Standing, uint64, string) string
}

func asBuilt() decisions {
	return decisions{lead.Decide, lead.Hive.Sound, lead.Hive.Elect, lead.Hive.Reign, lead.Standing.Refusal}
}

// plan is a kind of schedules. Stream tells their seeds apart from those of others.
type plan struct {
	stream    uint64
	policy    lead.Policy
	wild      bool
	durable   bool
	decisions decisions
	mutation  mutation
}

// settings are a schedule's own.
type settings struct {
	n, need        int
	policy         lead.Policy
	persists       persistence
	volumes        bool // pods may keep their data directory
	latency        int64
	syncTime       int64
	replTimeout    int64
	rates          [maxPods]float64 // of the pods' clocks
	failback       bool
	keepsConfirmed bool
	exact          bool // no pod ever loses its data directory, which is exact
	decisions      *decisions
	mutation       mutation
}

func (s *settings) mutated(m mutation) bool { return s.mutation == m }

func newWorld(seed uint64, pl *plan, tracing bool) *world {
	w := &world{rng: rand.New(rand.NewPCG(seed, pl.stream)), tracing: tracing}
	if tracing {
		w.log = &strings.Builder{}
	}
	w.draw(pl)
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
	w.trace(nil, "%d pods, %d replicas needed, policy %q, persistence %d, volumes %t, latency %d ms, rates %v", w.n, w.need, w.policy, w.persists, w.volumes, w.latency/millisecond, w.rates[:w.n])
	return w
}

// draw chooses a schedule's settings.
func (w *world) draw(pl *plan) {
	w.n = int(w.between(2, maxPods))
	w.need = 1
	if w.n > 3 && w.chance(30) {
		w.need = 2
	}
	w.policy, w.decisions, w.mutation = pl.policy, &pl.decisions, pl.mutation
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
}
