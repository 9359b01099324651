package upgrade

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestClaimTemplates(t *testing.T) {
	const field = "VK302 StatefulSet/rel-valkey-master spec.volumeClaimTemplates[data]."
	run(t, []expect{
		{"several fields at once", "default", nil, []patch{{ofMaster, "- ReadWriteOnce", "- ReadWriteOncePod"}, {ofMaster, `"8Gi"`, "9Gi"}},
			[]string{field + `spec.accessModes: ["ReadWriteOnce"] → ["ReadWriteOncePod"]: Kubernetes refuses this change`,
				field + "spec.resources.requests.storage: 8Gi → 9Gi: Kubernetes refuses this change of the template"}},
		{"a size that is none", "default", nil, []patch{{ofMaster, `"8Gi"`, "big"}}, nil},
		{"a number", "default", nil, []patch{{ofMaster, `"8Gi"`, "8589934592"}}, nil},
	})
}

// Every claim has to grow, of as many pods as there are.
func TestGrowth(t *testing.T) {
	stream := rendered(t, "sentinel-masters")
	found := Upgrade{Old: read(t, stream), New: read(t, strings.ReplaceAll(stream, `"20Gi"`, `"30Gi"`))}.Check()
	require.Len(t, found, 1)
	for _, name := range []string{"data-rel-valkey-master-0", "data-rel-valkey-master-1", "data-rel-valkey-master-2"} {
		require.Contains(t, found[0].Fix, "kubectl --namespace space patch pvc "+name+` --patch '{"spec":{"resources":{"requests":{"storage":"30Gi"}}}}'`)
	}
	require.Contains(t, found[0].Fix, "kubectl --namespace space delete statefulset rel-valkey-master --cascade=orphan")
}
