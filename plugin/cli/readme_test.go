package cli

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// What the README shows is what comes out.
func TestReadmeShowsWhatLintPrints(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	shown := regexp.MustCompile("(?s)\\$ cat prod.yaml\n(.*?)\\$ helm valkey lint -f prod.yaml\n(.*?)```").FindStringSubmatch(string(readme))
	require.NotNil(t, shown)
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("prod.yaml", []byte(shown[1]), 0o644))
	stdout, _, code := execute("", "lint", "-f", "prod.yaml")
	require.Equal(t, Findings, code)
	require.Equal(t, shown[2], stdout)
}
