//go:build server

package server

import (
	"flag"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
	"github.com/helm-valkey/helm-valkey/tests/writer"
)

var (
	chaosSeed   = flag.Uint64("chaos.seed", 0, "seed of the faults of TestOneFaultAfterAnother; 0: another each time")
	chaosFaults = flag.Int("chaos.faults", 6, "how many faults it has")
)

// One fault after another, without any volume but the master's: the next begins when a
// write was answered since the one before, for then two pods have all that was.
func TestOneFaultAfterAnother(t *testing.T) {
	t.Parallel()
	cases := map[string]release.Options{
		"hive":        hive("safe"),
		"replication": {Replicas: 2, Network: true, Password: password},
		"Sentinels":   watched(1, 2),
	}
	for name, options := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			chaos(t, release.Run(t, durable(options)))
		})
	}
}

func chaos(t *testing.T, r *release.Release) {
	seed := *chaosSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-chaos.seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 0))
	loads := answeredLoads(r)
	service := loads[len(loads)-1]
	happen := faults
	if r.Options.Sentinels > 0 {
		happen = slices.Concat(faults, sentinelFaults)
	}
	for range *chaosFaults {
		r.WaitAcknowledged(service, 20)
		f := happen[dice.IntN(len(happen))]
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
	var ledgers []*writer.Ledger
	for _, load := range loads {
		ledgers = append(ledgers, load.Stop())
	}
	r.WaitSettled()
	for _, ledger := range ledgers {
		requireNothingLost(t, r, ledger)
	}
}
