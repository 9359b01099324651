//go:build helm

package cli

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// newerChart is a copy of the chart, of another version, with a rule that says
// something else.
func newerChart(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "valkey")
	require.NoError(t, os.CopyFS(folder, os.DirFS("../../charts/valkey")))
	change := func(name, old, text string) {
		path := filepath.Join(folder, name)
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Contains(t, string(data), old)
		require.NoError(t, os.WriteFile(path, []byte(strings.Replace(string(data), old, text, 1)), 0o644))
	}
	change("Chart.yaml", "\nversion: ", "\nversion: 9")
	change("rules/VK110-latest-tag.yaml", "severity: warning", "severity: error")
	return folder
}

// TestLintOfAnotherChart checks values against a chart that is a folder, an
// archive, and in a repository.
func TestLintOfAnotherChart(t *testing.T) {
	folder, newer := pluginFolder(t), newerChart(t)
	values := write(t, filepath.Join(t.TempDir(), "values.yaml"), "image: {tag: latest}\n", 0o644)
	for _, name := range []string{"helm3", "helm4"} {
		t.Run(name, func(t *testing.T) {
			h := newHelm(t, name)
			h.must(t, "plugin", "install", folder)
			packed := t.TempDir()
			h.must(t, "package", newer, "--destination", packed)
			archives, err := filepath.Glob(filepath.Join(packed, "*.tgz"))
			require.NoError(t, err)
			require.Len(t, archives, 1)
			repository := httptest.NewServer(http.FileServer(http.Dir(packed)))
			defer repository.Close()
			h.must(t, "repo", "index", packed, "--url", repository.URL)
			h.must(t, "repo", "add", "shop", repository.URL)
			version := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(archives[0]), "valkey-"), ".tgz")

			_, _, code := h.run(t, "valkey", "lint", values)
			require.Equal(t, Clean, code, "the plugin's own chart only warns")
			for _, args := range [][]string{
				{"--chart", newer},
				{"--chart", archives[0]},
				{"--chart", "shop/valkey"},
				{"--chart", "shop/valkey", "--version", version},
				{"--chart", repository.URL + "/" + filepath.Base(archives[0])},
			} {
				stdout, stderr, code := h.run(t, append([]string{"valkey", "lint", values}, args...)...)
				require.Equal(t, Findings, code, "%s\n%s", args, stderr)
				require.Contains(t, stdout, ":1:14: error: image.tag: ", args)
			}
			_, stderr, code := h.run(t, "valkey", "lint", values, "--chart", "shop/valkey", "--version", "0.0.1")
			require.Equal(t, Failure, code)
			require.Contains(t, stderr, "open chart shop/valkey: helm pull: ")
		})
	}
}
