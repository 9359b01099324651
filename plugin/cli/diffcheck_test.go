package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDiffCheck(t *testing.T) {
	const golden = "../../tests/render/testdata/default.golden.yaml"
	data, err := os.ReadFile(golden)
	require.NoError(t, err)
	folder := t.TempDir()
	file := func(name, from, to string) string {
		text := strings.ReplaceAll(string(data), from, to)
		require.NotEqual(t, string(data), text)
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	smaller := file("smaller.yaml", `"8Gi"`, `"4Gi"`)
	less := file("less.yaml", `value: "aof"`, `value: "rdb"`)
	none := file("none.yaml", `"rel-valkey-master"`, `"gone"`)
	tests := []struct {
		name string
		args []string
		want int
		says string
	}{
		{"the same", []string{golden, golden}, Clean, ""},
		{"first installed", []string{"-", golden}, Clean, ""},
		{"what should have rendered it failed", []string{golden, "-"}, Failure, ""},
		{"the standard input twice", []string{"-", "-"}, Usage, ""},
		{"and for what is live", []string{golden, "-", "--live=-"}, Usage, ""},
		{"refused", []string{golden, smaller}, Findings, "error: StatefulSet rel-valkey-master in namespace space: spec.volumeClaimTemplates[data].spec.resources.requests.storage: 8Gi → 4Gi: volumes cannot shrink [VK303]"},
		{"allowed", []string{golden, smaller, "--allow", "vk301,VK303"}, Clean, ""},
		{"deleted before", []string{golden, smaller, "--live", none}, Clean, ""},
		{"still there", []string{golden, smaller, "--live=" + golden}, Findings, "VK303"},
		{"a warning", []string{golden, less}, Clean, "warning: StatefulSet rel-valkey-master"},
		{"a warning that counts", []string{golden, less, "--fail-on", "warning"}, Findings, "aof → rdb"},
		{"as JSON", []string{"--format", "json", golden, smaller}, Findings, `"rule": "VK303"`},
		{"one file", []string{golden}, Usage, ""},
		{"a rule of another kind", []string{golden, smaller, "--allow", "VK101"}, Usage, ""},
		{"no file", []string{golden, "/nowhere.yaml"}, Failure, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stdout, stderr, code := execute("", append([]string{"diff-check"}, tt.args...)...)
			require.Equal(t, tt.want, code, stdout+stderr)
			require.Contains(t, stdout, tt.says)
			require.Equal(t, tt.says == "", stdout == "", stdout)
		})
	}
}

// Nothing to compare with is no mistake, but may be one.
func TestDiffCheckSaysThatItComparesNothing(t *testing.T) {
	_, stderr, _ := execute("", "diff-check", "-", "../../tests/render/testdata/default.golden.yaml")
	require.Equal(t, "helm valkey: - holds no object of the valkey chart: nothing is compared, as before a first installation\n", stderr)
}

// What post-render has to say goes to a file, failures included.
func TestPostRenderTellsAFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "messages")
	two := strings.Replace(stream(t), "replicas: 1 # master", "replicas: 2", 1)
	for _, tt := range []struct {
		in, says string
		want     int
	}{{stream(t), "", Clean}, {two, "[VK201]", Findings}, {" ", "no manifests", Failure}} {
		_, stderr, code := execute(tt.in, "post-render", "--messages", name)
		require.Equal(t, tt.want, code)
		require.Empty(t, stderr)
		said, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Contains(t, string(said), tt.says)
	}
	_, _, code := execute(two, "post-render", "--messages", "/nowhere/messages")
	require.Equal(t, Failure, code)
}
