package lint

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/plugin/report"
	"github.com/helm-valkey/helm-valkey/plugin/values"
)

var update = flag.Bool("update", false, "write the golden files")

// Each testdata/err/*.yaml has an .out beside it: what is found in it. In
// testdata/ok nothing is.
func TestGolden(t *testing.T) {
	c := openChart(t)
	for _, name := range glob(t, "testdata/err/*.yaml") {
		t.Run(name, func(t *testing.T) {
			got := lintFile(t, c, name)
			golden := strings.TrimSuffix(name, ".yaml") + ".out"
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), got, "if this is as it should be: go test ./plugin/lint -update")
			require.NotEmpty(t, got)
		})
	}
	for _, name := range glob(t, "testdata/ok/*.yaml") {
		t.Run(name, func(t *testing.T) {
			require.Empty(t, lintFile(t, c, name))
		})
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	require.NoError(t, err)
	require.NotEmpty(t, names)
	return names
}

func lintFile(t *testing.T, c *Chart, name string) string {
	t.Helper()
	v, err := values.Read(values.Options{Files: []string{name}}, c.Defaults, os.ReadFile)
	require.NoError(t, err)
	found, err := c.Check(v)
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, report.Text(&out, found))
	return out.String()
}
