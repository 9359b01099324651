package cli

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/plugin/upgrade"
)

func TestPromoteUsage(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"no release", nil, "the name of one release"},
		{"two releases", []string{"a", "b"}, "the name of one release"},
		{"both ways", []string{"a", "--no-fence", "--source-is-gone"}, "not both"},
		{"no time", []string{"a", "--timeout", "1ms"}, "too short"},
		{"unknown flag", []string{"a", "--force"}, "force"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, stderr, code := execute("", append([]string{"promote"}, tt.args...)...)
			require.Equal(t, Usage, code)
			require.Contains(t, stderr, tt.want)
		})
	}
}

func TestPromoteNeedsKubectl(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, stderr, code := execute("", "promote", "my-cache")
	require.Equal(t, Failure, code)
	require.Contains(t, stderr, "find kubectl")
}

// The pod is found in what the chart renders.
func TestPromoteFindsTheMaster(t *testing.T) {
	golden, err := os.ReadFile("../../tests/render/testdata/external.golden.yaml")
	require.NoError(t, err)
	objects, err := upgrade.Read(strings.NewReader(string(golden)))
	require.NoError(t, err)
	set, ok := masters(objects)
	require.True(t, ok)
	require.Equal(t, "rel-valkey-master", set.Name())
	_, ok = masters(nil)
	require.False(t, ok)
}
