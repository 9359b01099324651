//go:build release

package release

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// chartTesting has ct run the plugin, installed from the tree's folder, on the chart's
// example values; then one of them is wrong in a way that "helm lint" passes.
func (m made) chartTesting(t *testing.T) {
	ct := tool(t, "ct", "charts")
	run(t, m.tree, nil, "make", "plugin")
	for _, name := range []string{"helm3", "helm4"} {
		t.Run(name, func(t *testing.T) {
			h := newHelm(t, name)
			h.run(t, "plugin", "install", filepath.Join(m.tree, "plugin"))
			folder := t.TempDir()
			require.NoError(t, os.CopyFS(filepath.Join(folder, "charts"), os.DirFS(filepath.Join(m.tree, "charts"))))
			env := append(h.env, "PATH="+path(t, "helm", h.binary))
			lint := []string{"lint", "--config", filepath.Join(m.tree, "ci", "ct.yaml")}
			require.Contains(t, run(t, folder, env, ct, lint...), "All charts linted successfully")

			write(t, filepath.Join(folder, "charts/valkey/ci/bad-values.yaml"), []byte("containerPorts:\n  http: 6379\n"), 0o644)
			h.run(t, "lint", filepath.Join(folder, "charts/valkey"), "--values", filepath.Join(folder, "charts/valkey/ci/bad-values.yaml"))
			stdout, _, code := try(t, folder, env, ct, lint...)
			require.NotZero(t, code)
			require.Contains(t, stdout, "charts/valkey/ci/bad-values.yaml:2:9: error: ")
		})
	}
}

// path is a PATH where a program is found first by the name that users call it.
func path(t *testing.T, name, program string) string {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.Symlink(program, filepath.Join(folder, name)))
	return folder + string(os.PathListSeparator) + os.Getenv("PATH")
}
