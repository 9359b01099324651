package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMigrate(t *testing.T) {
	in, out := t.TempDir(), t.TempDir()
	file := func(name, text string) string {
		return fileWith(t, filepath.Join(in, name), text)
	}
	base := file("base.yaml", "# sessions\nprimary:\n  persistence:\n    size: 20Gi # big\nauth: {existingSecret: s}\n")
	over := file("over.yaml", "auth:\n  existingSecretPasswordKey: k\n")
	cache := file("cache.yaml", "valkeyConfig: maxmemory 100mb\nreplica: {enabled: false}\n")

	stdout, stderr, code := execute("", "migrate", base)
	require.Equal(t, Clean, code, stderr)
	require.Contains(t, stdout, "# sessions\nmaster:\n  persistence:\n    size: 20Gi # big\n")
	require.Contains(t, stdout, "existingSecretPasswordKey: valkey-password")
	require.Contains(t, stderr, base+": auth.existingSecretPasswordKey: added: the default of bitnami/valkey")
	require.Contains(t, stderr, "Whatever the values, coming from bitnami/valkey:\n- Clients: ")

	_, stderr, code = execute("", "migrate", "-f", base, "-f", over, "-o", out)
	require.Equal(t, Clean, code, stderr)
	require.Contains(t, contents(t, filepath.Join(out, "base.yaml")), "persistence:\n    size: 20Gi # big\n")
	require.NotContains(t, contents(t, filepath.Join(out, "base.yaml")), "existingSecretPasswordKey", "the other layer has it")
	require.Equal(t, "auth:\n  existingSecretPasswordKey: k\n", contents(t, filepath.Join(out, "over.yaml")), "no defaults in a layer over others")

	_, stderr, code = execute("", "migrate", "--from", "valkey-helm", cache, "-o", filepath.Join(out, "new", "cache.yaml"))
	require.Equal(t, Clean, code, stderr)
	require.Contains(t, contents(t, filepath.Join(out, "new", "cache.yaml")), "# valkey-lint: ignore=VK113 because it was so with valkey-io/valkey-helm\n    enabled: false\n")

	_, stderr, code = execute("", "migrate", "--from", "valkey-helm", cache, "--in-place")
	require.Equal(t, Clean, code, stderr)
	require.Contains(t, contents(t, cache), "commonConfiguration: |\n  maxmemory 100mb\n")

	stdout, stderr, code = execute("master: {count: 3}\n", "migrate", "--from=bitnami-redis", "-")
	require.Equal(t, Findings, code)
	require.Contains(t, stdout, "  replicaCount: 3\n")
	require.Contains(t, stderr, "Left to do in the result:\n<stdin> (migrated):2:17: error: master.replicaCount: more than one master needs Sentinel")
}

// A file is written over as a whole, through a link, and keeps its mode.
func TestMigrateInPlace(t *testing.T) {
	folder := t.TempDir()
	file := fileWith(t, filepath.Join(folder, "real.yaml"), "primary: {persistence: {size: 20Gi}}\n")
	require.NoError(t, os.Chmod(file, 0o640))
	link := filepath.Join(folder, "link.yaml")
	require.NoError(t, os.Symlink("real.yaml", link))

	_, stderr, code := execute("", "migrate", "--in-place", link)
	require.Equal(t, Clean, code, stderr)
	require.Contains(t, contents(t, file), "master:\n  persistence:\n    size: 20Gi\n")
	names, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, names, 2, "nothing is left over")
	require.Equal(t, os.ModeSymlink, names[0].Type())
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), info.Mode())

	before := contents(t, file)
	_, stderr, code = execute("", "migrate", "--in-place", link)
	require.Equal(t, Usage, code)
	require.Contains(t, stderr, "this chart knows every key of it")
	require.Equal(t, before, contents(t, file), "a second time would count the master off again")

	stdout, _, code := execute("primary: {}\n", "migrate", "-", "-o", "-")
	require.Equal(t, Clean, code)
	require.Contains(t, stdout, "# primary: {}\n")
	require.NoFileExists(t, "-")
}

func TestMigrateRefuses(t *testing.T) {
	folder := t.TempDir()
	file := fileWith(t, filepath.Join(folder, "a.yaml"), "primary: {replicaCount: 1}\n")
	twice := fileWith(t, filepath.Join(folder, "b", "a.yaml"), "primary: {replicaCount: 1}\n")
	unclear := fileWith(t, filepath.Join(folder, "unclear.yaml"), "nameOverride: x\n")
	strange := fileWith(t, filepath.Join(folder, "strange.yaml"), "nobody: {knows: this}\n")
	double := fileWith(t, filepath.Join(folder, "double.yaml"), "primary: {}\nprimary: {}\n")
	several := fileWith(t, filepath.Join(folder, "several.yaml"), "primary: {}\n---\nauth: {}\n")
	broken := fileWith(t, filepath.Join(folder, "broken.yaml"), "primary: [\n")
	tests := []struct {
		name string
		args []string
		code int
		want string
	}{
		{"nothing", nil, Usage, "no values"},
		{"no chart", []string{"--from", "redis", file}, Usage, `unknown chart "redis": it is bitnami-redis, `},
		{"which chart", []string{unclear}, Usage, "cannot tell which chart it is for: this chart knows every key of it"},
		{"which other chart", []string{strange}, Usage, "cannot tell which chart it is for: it could be bitnami-redis, bitnami-valkey, "},
		{"several to the standard output", []string{file, twice}, Usage, "give the directory for the results with -o"},
		{"two places", []string{file, "-o", "x", "--in-place"}, Usage, "exclude each other"},
		{"standard input in place", []string{"-", "--in-place"}, Usage, "the standard input is no file"},
		{"standard input into a directory", []string{"-", "-o", folder}, Usage, "the result's name with -o"},
		{"two results of one name", []string{file, twice, "-o", filepath.Join(folder, "new")}, Failure, "two results would be"},
		{"over a file", []string{file, "-o", unclear}, Failure, "is there already"},
		{"a key twice", []string{double}, Failure, double + ":2:1: "},
		{"several documents", []string{several}, Failure, several + ":3:1: "},
		{"no YAML", []string{broken}, Failure, broken + ":"},
		{"no file", []string{"/nowhere.yaml"}, Failure, "/nowhere.yaml"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stdout, stderr, code := execute("", append([]string{"migrate"}, tt.args...)...)
			require.Equal(t, tt.code, code, stderr)
			require.Empty(t, stdout)
			require.Contains(t, stderr, tt.want)
		})
	}
	require.NoFileExists(t, filepath.Join(folder, "new", "a.yaml"))
}

func fileWith(t *testing.T, name, text string) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
	require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	return name
}

func contents(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}
