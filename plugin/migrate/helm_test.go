//go:build helm

package migrate_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Both Helms render what other charts have as defaults and show as examples,
// once it is migrated.
func TestHelmRendersPeersAfterwards(t *testing.T) {
	cache := os.Getenv("HELM_VALKEY_CACHE")
	if cache == "" {
		user, err := os.UserCacheDir()
		require.NoError(t, err)
		cache = filepath.Join(user, "helm-valkey")
	}
	for _, p := range peers(t) {
		file := filepath.Join(t.TempDir(), "values.yaml")
		require.NoError(t, os.WriteFile(file, run(t, p.chart, p.name, p.text).Text, 0o644))
		for _, helm := range []string{"helm3", "helm4"} {
			t.Run(helm+"/"+p.name, func(t *testing.T) {
				out, err := exec.Command(filepath.Join(cache, "bin", helm), "template", "demo", "../../charts/valkey", "-f", file).CombinedOutput()
				require.NoError(t, err, string(out))
			})
		}
	}
}
