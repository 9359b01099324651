package postrender

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProbesOfSentinels(t *testing.T) {
	require.Equal(t, []string{"VK206 StatefulSet/demo-valkey-sentinel spec.template.spec.containers[valkey].readinessProbe: the server's container has no readinessProbe"},
		summary(t, patched(t)+sentinels(t, replacement{"          readinessProbe: {httpGet: {path: /ready, port: http}}\n", ""})))
}

func TestProbes(t *testing.T) {
	const field = "VK206 StatefulSet/demo-valkey-replica spec.template.spec.containers"
	run(t, []expect{
		{"no readiness probe", []replacement{{"          readinessProbe: {httpGet: {path: /ready, port: http}} # replica\n", ""}},
			[]string{field + "[valkey].readinessProbe: the server's container has no readinessProbe"}},
		{"no liveness and no startup probe", []replacement{{"          livenessProbe: {httpGet: {path: /live, port: http}} # replica\n", ""}, {"          startupProbe: {httpGet: {path: /startup, port: http}} # replica\n", ""}},
			[]string{"warning " + field + "[valkey].livenessProbe: the server's container has no livenessProbe",
				"warning " + field + "[valkey].startupProbe: the server's container has no startupProbe"}},
		{"no server", []replacement{{"- name: valkey # replica", "- name: redis"}},
			[]string{field + `: there is no container named "valkey", which runs the server`}},
	})
}
