package upgrade

import "testing"

func TestTooFewReplicas(t *testing.T) {
	to := func(n string) []patch { return []patch{{ofReplica, "\n  replicas: 4\n", "\n  replicas: " + n + "\n"}} }
	run(t, []expect{
		{"one less than the hive needs", "hive", nil, to("1"),
			[]string{"VK307 StatefulSet/rel-valkey-replica spec.replicas: 4 → 1 copies beside the master, which refuses writes with fewer than 2 in sync"}},
		{"as many as it needs", "hive", nil, to("2"), nil},
		{"too few before, and more now", "hive", to("0"), to("1"), nil},
	})
}
