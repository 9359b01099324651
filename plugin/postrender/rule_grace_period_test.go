package postrender

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGracePeriodOfSentinels(t *testing.T) {
	require.Equal(t, []string{"VK204 StatefulSet/demo-valkey-sentinel spec.template.spec.terminationGracePeriodSeconds: 10s, but the entrypoint plans with 30s (ENTRYPOINT_GRACE_PERIOD)"},
		summary(t, patched(t)+sentinels(t, replacement{"terminationGracePeriodSeconds: 30", "terminationGracePeriodSeconds: 10"})))
}

func TestGracePeriod(t *testing.T) {
	const field = "VK204 StatefulSet/demo-valkey-master spec.template.spec.terminationGracePeriodSeconds: "
	run(t, []expect{
		{"shorter than the entrypoint thinks", []replacement{{"terminationGracePeriodSeconds: 30 # master", "terminationGracePeriodSeconds: 10"}},
			[]string{field + "10s, but the entrypoint plans with 30s (ENTRYPOINT_GRACE_PERIOD)"}},
		{"longer", []replacement{{"terminationGracePeriodSeconds: 30 # master", "terminationGracePeriodSeconds: 600"}},
			[]string{field + "10m0s, but the entrypoint plans with 30s (ENTRYPOINT_GRACE_PERIOD)"}},
		{"both longer", []replacement{{"terminationGracePeriodSeconds: 30 # master", "terminationGracePeriodSeconds: 600"}, {`{name: ENTRYPOINT_GRACE_PERIOD, value: "30s"} # master`, `{name: ENTRYPOINT_GRACE_PERIOD, value: "10m"}`}}, nil},
		{"none", []replacement{{"terminationGracePeriodSeconds: 30 # master", "terminationGracePeriodSeconds: 0"}},
			[]string{field + "0s is too short to hand over and to save: the pod would be killed meanwhile"}},
		{"both by default", []replacement{{"      terminationGracePeriodSeconds: 30 # master\n", ""}, {`            - {name: ENTRYPOINT_GRACE_PERIOD, value: "30s"} # master` + "\n", ""}}, nil},
		{"no duration", []replacement{{`{name: ENTRYPOINT_GRACE_PERIOD, value: "30s"} # master`, `{name: ENTRYPOINT_GRACE_PERIOD, value: "30"}`}},
			[]string{`VK204 StatefulSet/demo-valkey-master spec.template.spec.containers[valkey].env[ENTRYPOINT_GRACE_PERIOD]: "30" is no duration`}},
	})
}
