//go:build bench

package bench

import (
	"strings"
	"testing"
	"time"

	"github.com/helm-valkey/helm-valkey/tests/e2e/cluster"
)

// TestReplicaReplaced measures how long a deleted replica's pod takes to be Ready
// again with 100 MB: from the master's memory, and with a volume of its own.
func TestReplicaReplaced(t *testing.T) {
	const runs = 3
	kinds := []struct {
		name   string
		values map[string]any
	}{
		{"from the master's memory, no volume", nil},
		{"with a volume, snapshots", map[string]any{
			"persistenceMode": "rdb",
			"replica":         map[string]any{"persistence": map[string]any{"enabled": true}},
		}},
		{"with a volume, append-only file", map[string]any{
			"persistenceMode": "aof",
			"replica":         map[string]any{"persistence": map[string]any{"enabled": true}},
		}},
	}
	for i, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			r := cluster.New(t, "bench"+string(rune('a'+i)), cluster.Helm3, cluster.Newest(t, "valkey"))
			r.Install(kind.values)
			r.Fill("payload", 100, 1_000_000)
			r.WaitReady()
			name := r.PodName(cluster.Replica, 0)
			var deleted, forced []time.Duration
			for range runs {
				for _, force := range []cluster.Force{cluster.Gracefully, cluster.ByForce} {
					start := time.Now()
					old := r.Delete(name, force)
					r.WaitReplaced(name, old)
					took := time.Since(start)
					if force == cluster.ByForce {
						forced = append(forced, took)
					} else {
						deleted = append(deleted, took)
					}
					r.WaitReady()
				}
			}
			topic := "replica's pod, 100 MB, " + strings.ReplaceAll(kind.name, ", ", " and ")
			spread(topic, "from deletion to Ready", "", time.Second, deleted)
			spread(topic, "from forced deletion to Ready", "", time.Second, forced)
		})
	}
}
