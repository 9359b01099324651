//go:build bench

package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/helm-valkey/helm-valkey/tests/e2e/cluster"
)

// TestLint compares helm valkey lint with helm lint on the same 500 lines of
// values, taking turns.
func TestLint(t *testing.T) {
	const (
		runs  = 15
		lines = 500
	)
	chart := filepath.Join(cluster.Root(t), "charts", "valkey")
	values := bigValues(t, chart, lines)
	for _, helm := range []string{cluster.Helm3, cluster.Helm4} {
		var ours, theirs []time.Duration
		for range runs {
			theirs = append(theirs, timed(t, helm, "lint", chart, "--values", values))
			ours = append(ours, timed(t, helm, "valkey", "lint", "--values", values))
		}
		slices.Sort(ours)
		slices.Sort(theirs)
		topic := "lint, " + helm
		record(
			Figure{Topic: topic, What: "helm valkey lint, 500 lines, median", Value: ms(median(ours)), Unit: "ms", Runs: runs},
			Figure{Topic: topic, What: "helm lint, the same file, median", Value: ms(median(theirs)), Unit: "ms", Runs: runs},
			Figure{Topic: topic, What: "ratio", Value: float64(median(ours)) / float64(median(theirs)), Unit: "", Goal: "<= 0.5", Runs: runs},
		)
	}
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func timed(t *testing.T, helm string, args ...string) time.Duration {
	t.Helper()
	start := time.Now()
	output, err := cluster.HelmCommand(t, helm, args...).CombinedOutput()
	took := time.Since(start)
	require.NoError(t, err, "%s %s\n%s", helm, strings.Join(args, " "), output)
	return took
}

// bigValues writes a values file of as many lines: all defaults of the chart, and
// annotations to fill up.
func bigValues(t *testing.T, chart string, lines int) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(chart, "values.yaml"))
	require.NoError(t, err)
	var values map[string]any
	require.NoError(t, yaml.Unmarshal(content, &values))
	annotations := map[string]any{}
	values["master"].(map[string]any)["podAnnotations"] = annotations
	for {
		file, err := yaml.Marshal(values)
		require.NoError(t, err)
		if n := strings.Count(string(file), "\n"); n >= lines {
			t.Logf("a values file of %d lines", n)
			path := filepath.Join(t.TempDir(), "values.yaml")
			require.NoError(t, os.WriteFile(path, file, 0o600))
			return path
		}
		annotations[fmt.Sprintf("example.com/number-%03d", len(annotations))] = "some text"
	}
}
