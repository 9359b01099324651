//go:build bench

package bench

import (
	"testing"
	"time"

	"github.com/helm-valkey/helm-valkey/tests/e2e/cluster"
)

// TestMasterKilledInPlace kills the master's server under four writers, which
// write through the write Service of a real cluster. facts on other charts: all
// writes since the last snapshot were lost, 3,336 and 3,278 of them.
func TestMasterKilledInPlace(t *testing.T) {
	const (
		runs   = 5
		writes = 1500 // before the kill, and as many after it
	)
	r := cluster.New(t, "bench", cluster.Helm3, cluster.Newest(t, "valkey"))
	for i, persistence := range []string{"aof", "rdb", "none"} {
		values := map[string]any{"persistenceMode": persistence, "master": map[string]any{"failbackAfter": "1s"}}
		if i == 0 {
			r.Install(values)
		} else {
			r.Upgrade(values)
		}
		topic := "master killed -9 in place, " + persistence
		var gaps []time.Duration
		var kept losses
		for range runs {
			// Another container: one whose server died a moment ago waits before it
			// starts it again.
			name := r.PodName(cluster.Master, 0)
			r.WaitReplaced(name, r.Delete(name, cluster.Gracefully))
			r.WaitHome()
			load := r.StartLoad(r.Confirmed("node2"))
			load.WaitWrites(writes)
			r.KillServer(r.Leader())
			load.WaitWrites(writes)
			ledger := load.Stop()
			r.WaitReady()
			kept.add(r, ledger)
			gaps = append(gaps, ledger.Summary().LongestGap)
		}
		spread(topic, "longest gap without an acknowledged write", "<= 1", time.Second, gaps)
		record(
			Figure{Topic: topic, What: "acknowledged", Value: float64(kept.acknowledged), Unit: "writes", Runs: runs},
			Figure{Topic: topic, What: "lost", Value: float64(kept.lost), Unit: "writes", Runs: runs},
			Figure{Topic: topic, What: "lost that a replica had acknowledged", Value: float64(kept.lostReplicated), Unit: "writes", Goal: "0", Runs: runs},
		)
	}
}
