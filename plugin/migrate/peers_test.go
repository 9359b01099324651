package migrate_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	chart "github.com/helm-valkey/helm-valkey/charts/valkey"
	"github.com/helm-valkey/helm-valkey/plugin/accept"
	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/lint"
	"github.com/helm-valkey/helm-valkey/plugin/migrate"
	"github.com/helm-valkey/helm-valkey/plugin/values"
)

// peer is a file of testdata/peers: another chart's defaults, or an example.
type peer struct {
	chart, name string
	text        []byte
}

func peers(t testing.TB) []peer {
	t.Helper()
	files, err := filepath.Glob("testdata/peers/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var all []peer
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		chart, _, _ := strings.Cut(name, "-example-")
		chart, _, _ = strings.Cut(chart, "-ci-")
		all = append(all, peer{chart, name, text})
	}
	return all
}

func run(t testing.TB, chart, name string, text []byte) migrate.Result {
	t.Helper()
	c, err := migrate.Open(chart)
	require.NoError(t, err)
	results, err := c.Run([]migrate.File{{Name: name, Text: text}})
	require.NoError(t, err)
	return results[0]
}

func findings(t *testing.T, text []byte) []finding.Finding {
	t.Helper()
	c, err := lint.OpenChart(chart.Files)
	require.NoError(t, err)
	v, err := values.Read(values.Options{Files: []string{"f"}}, c.Defaults, func(string) ([]byte, error) { return text, nil })
	require.NoError(t, err)
	found, err := c.Check(v)
	require.NoError(t, err)
	return found
}

// What other charts have as defaults and show as examples is, once migrated,
// without a finding. None of their keys is unknown.
func TestPeersAreCleanAfterwards(t *testing.T) {
	for _, p := range peers(t) {
		t.Run(p.name, func(t *testing.T) {
			r := run(t, p.chart, p.name, p.text)
			for _, n := range r.Notes {
				require.NotEqual(t, migrate.Unknown, n.Kind, "%s: %s", n.Path, n.Text)
			}
			text, left := accept.Warnings(string(r.Text), findings(t, r.Text), migrate.AsBefore, "it was so")
			require.Empty(t, left, text)
			require.Empty(t, findings(t, []byte(text)), text)
		})
	}
}
