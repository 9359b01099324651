package cli

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	chart "github.com/helm-valkey/helm-valkey/charts/valkey"
	"github.com/helm-valkey/helm-valkey/plugin/lint"
)

var update = flag.Bool("update", false, "write the chart's version into the other files that name it")

// The version comes from Chart.yaml: the plugin carries the chart.
func TestVersionIsTheCharts(t *testing.T) {
	m, err := lint.ReadMetadata(chart.Files)
	require.NoError(t, err)
	version := regexp.MustCompile(`(?m)(^version: |ghcr\.io/helm-valkey/plugin:|ci/action@v|rev: v|make image VERSION=)[\w.+-]+`)
	for _, name := range []string{
		"../plugin.yaml", "../helm4/valkey-post-renderer/plugin.yaml", "../../.pre-commit-hooks.yaml", "../../ci/action/action.yml", "../../README.md",
	} {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Regexp(t, version, string(data), name)
		want := version.ReplaceAllString(string(data), "${1}"+m.Version)
		if *update {
			require.NoError(t, os.WriteFile(name, []byte(want), 0o644))
			continue
		}
		require.Equal(t, want, string(data), "run: go test ./plugin/cli -update")
	}
	stdout, _, _ := execute("", "version")
	require.True(t, strings.HasPrefix(stdout, m.Version+" "), stdout)
}
