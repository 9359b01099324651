//go:build bench

package bench

import (
	"flag"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/helm-valkey/helm-valkey/tests/e2e/cluster"
)

var (
	faultsCount = flag.Int("faults", 50, "how many faults TestFaults has")
	faultsSeed  = flag.Uint64("faults.seed", 0, "seed of the faults of TestFaults; 0: another each time")
)

// TestFaults has one fault after another happen to a release with Sentinels. Unlike what
// else is measured here, it fails if a write is lost that a replica had acknowledged, or
// if anybody had to do anything.
func TestFaults(t *testing.T) {
	seed := *faultsSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-faults %d -faults.seed %d", *faultsCount, seed)
	r := cluster.New(t, "faults", cluster.Helm3, cluster.Newest(t, "valkey"))
	r.Install(values{"sentinel": values{"enabled": true}, "master": values{"failbackAfter": "5s"}})
	var sum losses
	var gaps []time.Duration
	for _, kept := range r.Endure(rand.New(rand.NewPCG(seed, 0)), *faultsCount, cluster.Faults()) {
		sum.acknowledged += kept.Acknowledged
		sum.replicated += kept.Replicated
		sum.lost += kept.Lost
		sum.lostReplicated += kept.LostReplicated
		gaps = append(gaps, kept.LongestGap)
	}
	const topic = "Sentinel, faults in a row"
	spread(topic, "longest gap without an acknowledged write, of each load", "", time.Second, gaps)
	record(
		Figure{Topic: topic, What: "acknowledged", Value: float64(sum.acknowledged), Unit: "writes", Runs: *faultsCount},
		Figure{Topic: topic, What: "acknowledged by a replica too", Value: float64(sum.replicated), Unit: "writes", Runs: *faultsCount},
		Figure{Topic: topic, What: "lost", Value: float64(sum.lost), Unit: "writes", Runs: *faultsCount},
		Figure{Topic: topic, What: "lost that a replica had acknowledged", Value: float64(sum.lostReplicated), Unit: "writes", Goal: "0", Runs: *faultsCount},
	)
}
