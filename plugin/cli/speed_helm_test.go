//go:build helm

package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestLintIsFast measures lint of a values file of 500 lines against "helm
// lint" of the same: the least of several runs of each, in turns. Through Helm
// it includes Helm's own start, which alone takes a third of "helm lint".
func TestLintIsFast(t *testing.T) {
	data, err := os.ReadFile("../../charts/valkey/values.yaml")
	require.NoError(t, err)
	lines := strings.SplitAfter(string(data), "\n")
	require.Greater(t, len(lines), 500)
	file := write(t, filepath.Join(t.TempDir(), "values.yaml"), strings.Join(lines[:500], ""), 0o644)
	folder := pluginFolder(t)
	for _, name := range []string{"helm3", "helm4"} {
		h := newHelm(t, name)
		h.must(t, "plugin", "install", folder)
		commands := map[string][]string{
			"ours":         {filepath.Join(folder, "bin", "helm-valkey"), "lint", "-f", file},
			"ours by Helm": {h.binary, "valkey", "lint", "-f", file},
			"helm lint":    {h.binary, "lint", "../../charts/valkey", "-f", file},
		}
		least := map[string]time.Duration{}
		for range 10 {
			for what, command := range commands {
				took := h.timed(t, command)
				if before, ok := least[what]; !ok || took < before {
					least[what] = took
				}
			}
		}
		ratio := func(what string) float64 { return float64(least[what]) / float64(least["helm lint"]) }
		t.Logf("%s: ours %v (%.2f of helm lint), by Helm %v (%.2f), helm lint %v", name,
			least["ours"].Round(time.Millisecond), ratio("ours"), least["ours by Helm"].Round(time.Millisecond), ratio("ours by Helm"), least["helm lint"].Round(time.Millisecond))
		require.LessOrEqual(t, ratio("ours"), 0.5)
	}
}

func (h helm) timed(t *testing.T, command []string) time.Duration {
	t.Helper()
	c := exec.Command(command[0], command[1:]...)
	c.Env = h.env
	start := time.Now()
	require.NoError(t, c.Run())
	return time.Since(start)
}
