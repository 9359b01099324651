//go:build bench

package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
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
		var alone, ours, theirs []time.Duration
		for range runs {
			alone = append(alone, timed(t, cluster.PluginCommand(t, "lint", "--values", values)))
			theirs = append(theirs, timed(t, cluster.HelmCommand(t, helm, "lint", chart, "--values", values)))
			ours = append(ours, timed(t, cluster.HelmCommand(t, helm, "valkey", "lint", "--values", values)))
		}
		for _, samples := range [][]time.Duration{alone, ours, theirs} {
			slices.Sort(samples)
		}
		topic := "lint of 500 lines, " + helm
		record(
			Figure{Topic: topic, What: "helm lint, median", Value: ms(median(theirs)), Unit: "ms", Runs: runs},
			Figure{Topic: topic, What: "helm valkey lint, median", Value: ms(median(ours)), Unit: "ms", Runs: runs},
			Figure{Topic: topic, What: "of it the plugin's own time, median", Value: ms(median(alone)), Unit: "ms", Runs: runs},
			Figure{Topic: topic, What: "the plugin's own time / helm lint", Value: float64(median(alone)) / float64(median(theirs)), Unit: "", Goal: "<= 0.25", Runs: runs},
			Figure{Topic: topic, What: "helm valkey lint / helm lint", Value: float64(median(ours)) / float64(median(theirs)), Unit: "", Goal: "<= 0.5", Runs: runs},
		)
	}
}

// TestLintOfManyFiles has a thousand values files checked in one call, as
// pre-commit and CI have all those of a repository: copies of the chart's
// examples.
func TestLintOfManyFiles(t *testing.T) {
	const (
		runs  = 5
		files = 1000
	)
	examples, err := filepath.Glob(filepath.Join(cluster.Root(t), "charts", "valkey", "ci", "*-values.yaml"))
	require.NoError(t, err)
	args := []string{"lint"}
	folder := t.TempDir()
	for i := range files {
		content, err := os.ReadFile(examples[i%len(examples)])
		require.NoError(t, err)
		name := filepath.Join(folder, fmt.Sprintf("%04d.yaml", i))
		require.NoError(t, os.WriteFile(name, content, 0o600))
		args = append(args, name)
	}
	var samples []time.Duration
	peak := int64(0)
	for range runs {
		command := cluster.PluginCommand(t, args...)
		samples = append(samples, timed(t, command))
		peak = max(peak, command.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
	}
	topic := "lint of 1,000 values files in one call"
	spread(topic, "the plugin's own time", "<= 3", time.Second, samples)
	record(Figure{Topic: topic, What: "peak resident memory", Value: float64(peak) / 1024, Unit: "MiB", Runs: runs})
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func timed(t *testing.T, command *exec.Cmd) time.Duration {
	t.Helper()
	start := time.Now()
	output, err := command.CombinedOutput()
	took := time.Since(start)
	require.NoError(t, err, "%s\n%s", command, output)
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
