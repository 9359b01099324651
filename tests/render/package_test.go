//go:build render

package render

import (
	"archive/tar"
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestPackage: the packed chart has all that rendering needs, and nothing that
// only its development needs.
func TestPackage(t *testing.T) {
	forEachHelm(t, func(t *testing.T, helm string) {
		dir := t.TempDir()
		out, err := exec.Command(binary(helm), "package", chartDir, "--destination", dir).CombinedOutput()
		require.NoError(t, err, "%s", out)
		archives, err := filepath.Glob(filepath.Join(dir, "valkey-*.tgz"))
		require.NoError(t, err)
		require.Len(t, archives, 1)
		var rules int
		for _, name := range packed(t, archives[0]) {
			require.NotRegexp(t, `^valkey/(ci/|.*\.go$|.*\.gotmpl$)`, name)
			if strings.HasPrefix(name, "valkey/rules/VK1") {
				rules++
			}
		}
		require.NotZero(t, rules)
		out, err = exec.Command(binary(helm), "template", "rel", archives[0], "--namespace", namespace).Output()
		require.NoError(t, err)
		requireText(t, normal(rendering{helm: helm}.manifests(t)), normal(string(out)), "the packed chart renders something else")
		_, err = exec.Command(binary(helm), "template", "rel", archives[0], "--set", "containerPorts.http=6379").Output()
		require.Error(t, err, "the packed chart has no rules")
	})
}

func packed(t *testing.T, archive string) []string {
	t.Helper()
	file, err := os.Open(archive)
	require.NoError(t, err)
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	files := tar.NewReader(unzipped)
	var names []string
	for {
		header, err := files.Next()
		if err == io.EOF {
			return names
		}
		require.NoError(t, err)
		names = append(names, header.Name)
	}
}
