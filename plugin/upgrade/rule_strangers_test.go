package upgrade

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStrangers(t *testing.T) {
	port := []patch{{ofMaster, `value: ":9122"`, `value: ":9000"`}}
	const finding = `VK309 StatefulSet/rel-valkey-master spec.template: ENTRYPOINT_CONTROL_ADDRESS ":9122" → ":9000": old and new pods do not know each other`
	run(t, []expect{
		{"another port", "default", nil, port, []string{finding}},
		{"of a server alone", "standalone", nil, []patch{{ofMaster, `":9122"`, `":9000"`}}, nil},
		{"with Sentinel", "sentinel", nil, port, []string{finding}},
	})
}

// What to do depends on what there is besides the master, and on what it keeps.
func TestStrangersRemedy(t *testing.T) {
	for name, want := range map[string]string{
		"default":        "keep it; or, while clients do not write: kubectl --namespace space scale statefulset rel-valkey-replica --replicas=0, while rel-valkey-master-0 is master; then upgrade",
		"sentinel":       "keep it; or, while clients do not write: switch sentinel.enabled off in an upgrade of its own; kubectl --namespace space scale statefulset rel-valkey-replica --replicas=0, while rel-valkey-master-0 is master; then upgrade",
		"hive-in-memory": "keep it; the master keeps nothing on disk, so that the data come through only in a second release that they are moved to",
	} {
		t.Run(name, func(t *testing.T) {
			stream := rendered(t, name)
			u := Upgrade{Old: read(t, stream), New: read(t, patched(t, stream, []patch{{ofMaster, `value: ":9122"`, `value: ":9000"`}}))}
			found := u.Check()
			require.Len(t, found, 1)
			require.Equal(t, want, found[0].Fix)
		})
	}
}
