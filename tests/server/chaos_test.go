//go:build server

package server

import (
	"flag"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

var (
	chaosSeed   = flag.Uint64("chaos.seed", 0, "seed of the faults of TestHiveChaos; 0: another each time")
	chaosFaults = flag.Int("chaos.faults", 6, "how many faults it has")
)

// One fault after another, in a hive without any volume: the next begins when a write
// was answered since the one before, for then two pods have all that was.
func TestHiveChaos(t *testing.T) {
	t.Parallel()
	seed := *chaosSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-chaos.seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 0))
	r := release.Run(t, durable(hive("safe")))
	loads := answeredLoads(r)
	service := loads[len(loads)-1]
	for range *chaosFaults {
		r.WaitAcknowledged(service, 20)
		f := faults[dice.IntN(len(faults))]
		lasts := time.Duration(dice.IntN(8000)) * time.Millisecond
		leader := r.Leader()
		t.Logf("%s: %s (%s), for %s", time.Now().UTC().Format("15:04:05.000"), f.name, leader.Name, lasts)
		end := f.fault(r, leader)
		time.Sleep(lasts)
		if end != nil {
			end()
		}
	}
	r.WaitAcknowledged(service, 20)
	for _, load := range loads {
		ledger := load.Stop()
		defer func() { requireNothingLost(t, r, ledger) }()
	}
	r.WaitSettled()
}
