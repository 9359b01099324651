//go:build server

package server

import (
	"bytes"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

func TestMetrics(t *testing.T) {
	t.Parallel()
	for _, engine := range release.Engines(t) {
		t.Run(engine.Name, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, release.Options{Engine: engine, Replicas: 2, Persistence: "aof", Password: password})
			r.Fill("key", 10, 10)
			r.Master.Do("GET", "key:0")
			release.Eventually(t, release.Patience, "metrics that have caught up", func() error {
				return expectMetric(r.Master, "valkey_effective_rf_min", "3")
			})
			master := scrape(t, r.Master)
			for name, want := range map[string]float64{
				"valkey_up":                 1,
				"valkey_connected_replicas": 2,
				"valkey_underreplicated":    0,
				"valkey_holding":            0,
				"valkey_restarts_total":     0,
			} {
				require.InDelta(t, want, value(t, master, name, nil), 0, name)
			}
			require.InDelta(t, 1, value(t, master, "valkey_role", map[string]string{"role": "master"}), 0)
			require.Positive(t, value(t, master, "valkey_replication_offset_bytes", nil))
			for _, p := range r.Replicas {
				// By the pod's name: an address would begin a new series with each restart.
				require.GreaterOrEqual(t, value(t, master, "valkey_replica_lag_seconds", map[string]string{"replica": p.Name}), 0.0)
			}

			replica := scrape(t, r.Replicas[0])
			require.InDelta(t, 1, value(t, replica, "valkey_role", map[string]string{"role": "replica"}), 0)
			require.InDelta(t, 1, value(t, replica, "valkey_master_link_up", nil), 0)

			requireTopics(t, master)
		})
	}
}

// requireTopics checks that there is something on everything that people alert
// on, so that no exporter is needed.
func requireTopics(t *testing.T, families map[string]*dto.MetricFamily) {
	t.Helper()
	for _, topic := range []string{
		"memory", "clients", "commands", "hits", "misses", "evicted", "expired", "keys",
		"rdb", "aof", "handovers", "uptime", "loading",
	} {
		found := false
		for name := range families {
			found = found || strings.Contains(name, topic)
		}
		require.True(t, found, "no metric on %s", topic)
	}
	for name, family := range families {
		require.NotEmpty(t, family.GetHelp(), "help of %s", name)
		require.Equal(t, strings.HasSuffix(name, "_total"), family.GetType() == dto.MetricType_COUNTER, "type of %s", name)
		require.True(t, strings.HasPrefix(name, "valkey_") || strings.HasPrefix(name, "entrypoint_"), name)
	}
}

// scrape reads /metrics as Prometheus does.
func scrape(t *testing.T, p *release.Pod) map[string]*dto.MetricFamily {
	t.Helper()
	code, body, err := p.Get("/metrics")
	require.NoError(t, err)
	require.Equal(t, 200, code)
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(body))
	require.NoError(t, err, "%s", body)
	return families
}

func value(t *testing.T, families map[string]*dto.MetricFamily, name string, labels map[string]string) float64 {
	t.Helper()
	require.Contains(t, families, name)
	for _, metric := range families[name].GetMetric() {
		if !matches(metric, labels) {
			continue
		}
		switch {
		case metric.Gauge != nil:
			return metric.GetGauge().GetValue()
		case metric.Counter != nil:
			return metric.GetCounter().GetValue()
		default:
			return metric.GetUntyped().GetValue()
		}
	}
	require.FailNow(t, "no such sample", "%s with %v in %v", name, labels, families[name])
	return 0
}

func matches(metric *dto.Metric, labels map[string]string) bool {
	got := map[string]string{}
	for _, label := range metric.GetLabel() {
		got[label.GetName()] = label.GetValue()
	}
	for name, value := range labels {
		if got[name] != value {
			return false
		}
	}
	return true
}

// A pod whose server is not there still has something to say.
func TestMetricsWithoutAServer(t *testing.T) {
	t.Parallel()
	r := release.New(t, release.Options{Replicas: 1})
	r.Master.Hide(r.Pods()...)
	r.Master.Create()
	r.Master.WaitState(release.Guarding)
	families := scrape(t, r.Master)
	require.InDelta(t, 0, value(t, families, "valkey_up", nil), 0)
	require.InDelta(t, 0, value(t, families, "valkey_holding", nil), 0)
}
