//go:build render

package render

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestGolden compares what the example values render to with what they rendered
// to before (`-update` writes it anew), and judges it.
func TestGolden(t *testing.T) {
	forEachHelm(t, func(t *testing.T, helm string) {
		for _, file := range valuesFiles(t) {
			t.Run(caseName(file), func(t *testing.T) {
				got := rendering{helm: helm, files: []string{file}}.manifests(t)
				all := decode(t, got)
				requireSound(t, all)
				requireRestricted(t, all)
				requireNoSecrets(t, file, got)
				requireGolden(t, filepath.Join("testdata", caseName(file)+".golden.yaml"), normal(got))
			})
		}
	})
}

func requireGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	requireText(t, string(want), got, "run the tests with -update if this is as it should be")
}

var generatedPassword = regexp.MustCompile(`("valkey-password": )"[A-Za-z0-9+/]{43}="`)

// normal removes what may differ: a generated password, and the empty lines that
// Helm 4 adds.
func normal(manifests string) string {
	manifests = generatedPassword.ReplaceAllString(manifests, `$1"<generated>"`)
	var lines []string
	for line := range strings.Lines(manifests) {
		if strings.TrimSpace(line) != "" {
			lines = append(lines, line)
		}
	}
	return strings.TrimRight(strings.Join(lines, ""), "\n") + "\n"
}

// requireNoSecrets fails if the passwords of the example values are anywhere as
// they are: outside of a Secret, where they are in base64.
func requireNoSecrets(t *testing.T, file, manifests string) {
	t.Helper()
	for _, password := range map[string][]string{
		"standalone": {"correct horse"},
		"everything": {"päss", "p\\u00e4ss"},
	}[caseName(file)] {
		require.NotContains(t, manifests, password)
	}
}

// TestDeterminism renders everything several times.
func TestDeterminism(t *testing.T) {
	forEachHelm(t, func(t *testing.T, helm string) {
		for _, file := range valuesFiles(t) {
			first := rendering{helm: helm, files: []string{file}}.manifests(t)
			for range 2 {
				again := rendering{helm: helm, files: []string{file}}.manifests(t)
				requireText(t, normal(first), normal(again), "not the same twice")
			}
			if caseName(file) != "default" && caseName(file) != "outside" {
				require.NotContains(t, normal(first), "<generated>")
			}
		}
	})
}

// TestLint runs `helm lint --strict` on the example values.
func TestLint(t *testing.T) {
	forEachHelm(t, func(t *testing.T, helm string) {
		for _, file := range valuesFiles(t) {
			out, err := exec.Command(binary(helm), "lint", "--strict", chartDir, "--values", file).CombinedOutput()
			require.NoError(t, err, "%s: %s", file, out)
		}
	})
}
