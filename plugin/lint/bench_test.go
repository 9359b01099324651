package lint

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	chart "github.com/helm-valkey/helm-valkey/charts/valkey"
	"github.com/helm-valkey/helm-valkey/plugin/values"
)

// BenchmarkOpenChart is what every call of lint pays once.
func BenchmarkOpenChart(b *testing.B) {
	for b.Loop() {
		_, err := OpenChart(chart.Files)
		require.NoError(b, err)
	}
}

// BenchmarkCheck is what each values file costs: here the chart's own, of more
// than 700 lines.
func BenchmarkCheck(b *testing.B) {
	data, err := os.ReadFile("../../charts/valkey/values.yaml")
	require.NoError(b, err)
	c := openChart(b)
	for b.Loop() {
		v, err := values.Read(values.Options{Files: []string{"f"}}, c.Defaults, func(string) ([]byte, error) { return data, nil })
		require.NoError(b, err)
		_, err = c.Check(v)
		require.NoError(b, err)
	}
}

// BenchmarkCheckSmall is the same of what people keep beside a chart: a dozen
// lines.
func BenchmarkCheckSmall(b *testing.B) {
	c := openChart(b)
	for b.Loop() {
		require.Empty(b, check(b, c, small))
	}
}

const small = `master:
  podAnnotations:
    team: cache
  persistence:
    size: 20Gi
replica:
  replicaCount: 3
auth:
  existingSecret: cache
metrics:
  enabled: true
`
