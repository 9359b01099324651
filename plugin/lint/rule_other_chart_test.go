package lint

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

func TestOtherChart(t *testing.T) {
	tests := []struct {
		name, text string
		fix        string // empty: no finding
	}{
		{"bitnami/valkey", "primary: {replicaCount: 1}\nsentinel: {primarySet: x}\n", "helm valkey migrate --from bitnami-valkey values.yaml"},
		{"bitnami/redis", "master: {count: 1}\ncommonConfiguration: x 1\nuseHostnames: true\n", "helm valkey migrate --from bitnami-redis values.yaml"},
		{"redis-ha", "haproxy: {enabled: true}\nredis: {port: 1}\n", "helm valkey migrate --from redis-ha values.yaml"},
		{"a slip of the pen among them", "dataStorage: {enabled: true, size: 1Gi}\nvalkeyConfig: x\nreplica: {enabled: true}\n", "helm valkey migrate --from valkey-helm values.yaml"},
		{"one key", "primary: {replicaCount: 1}\n", ""},
		{"keys that two charts have", "diagnosticMode: {}\nkubeVersion: ''\n", ""},
		{"keys that no chart has", "a: 1\nb: 2\nc: 3\n", ""},
		{"slips of the pen", "master: {count: 1, persistance: {}}\nhive: {enabledd: true}\n", ""},
	}
	c := openChart(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var fix string
			for _, f := range check(t, c, tt.text) {
				if f.RuleID == otherChart.ID {
					fix = f.Fix
					require.Equal(t, finding.Warning, f.Severity)
					require.Equal(t, 1, f.Position.Line)
				}
			}
			require.Equal(t, tt.fix, fix)
		})
	}
}
