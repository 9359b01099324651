//go:build render

package render

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReadme fails when `make generate` would change the chart's README.
func TestReadme(t *testing.T) {
	out, err := exec.Command(binary("helm-docs"), "--chart-search-root", chartDir, "--dry-run").Output()
	require.NoError(t, err)
	want, err := os.ReadFile(filepath.Join(chartDir, "README.md"))
	require.NoError(t, err)
	requireText(t, strings.TrimRight(string(out), "\n"), strings.TrimRight(string(want), "\n"), "run `make generate`")
}
