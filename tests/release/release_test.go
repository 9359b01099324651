//go:build release

// Package release builds a release by its one command and tries it as its users
// do: the Helms install it, pre-commit, ct and a GitHub Action call it.
package release

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// made is a release with the tree that it was built from, and the key that it was
// signed with.
type made struct {
	tree, dist string
	version    string
	key        key
}

func TestRelease(t *testing.T) {
	m := build(t)
	for _, test := range []struct {
		name string
		do   func(*testing.T)
	}{
		{"checksums", m.checksums},
		{"two builds, same bytes", m.sameBytes},
		{"lists of contents", m.boms},
		{"images", m.images},
		{"chart", m.chart},
		{"Helm 3", m.helm3},
		{"Helm 4", m.helm4},
		{"nothing unsigned", m.refusals},
		{"pre-commit", m.preCommit},
		{"ct", m.chartTesting},
		{"GitHub Action", m.action},
		{"other systems", m.otherSystems},
	} {
		t.Run(test.name, test.do)
	}
}

// build releases what is in the project's folder, from a commit of its own: a signed
// release wants one, and pre-commit too.
func build(t *testing.T) made {
	m := made{tree: copyTree(t), key: newKey(t)}
	for _, args := range [][]string{
		{"init", "--quiet"}, {"add", "--all"},
		{"-c", "user.name=test", "-c", "user.email=test@example.org", "commit", "--quiet", "--message", "all"},
	} {
		run(t, m.tree, nil, "git", args...)
	}
	run(t, m.tree, nil, "make", "release", "KEY="+m.key.name, "KEYRING="+m.key.secret, "PASSPHRASE_FILE="+m.key.passphrase)
	m.dist = filepath.Join(m.tree, "dist")
	m.version = chartVersion(t, m.tree)
	return m
}

// file is a place in the release.
func (m made) file(elements ...string) string {
	return filepath.Join(append([]string{m.dist}, elements...)...)
}

// built are the folders that hold what is made of the others.
var built = []string{".git", "bin", "dist", "plugin/bin"}

// copyTree copies the project, be it a clone or an unpacked archive.
func copyTree(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	to := filepath.Join(t.TempDir(), "tree")
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains(built, filepath.ToSlash(name)):
			return fs.SkipDir
		case !entry.Type().IsRegular():
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		write(t, filepath.Join(to, name), data, info.Mode().Perm())
		return err
	}))
	return to
}

func chartVersion(t *testing.T, tree string) string {
	t.Helper()
	var chart struct{ Version string }
	require.NoError(t, yaml.Unmarshal(read(t, filepath.Join(tree, "charts/valkey/Chart.yaml")), &chart))
	require.NotEmpty(t, chart.Version)
	return chart.Version
}

// key is an OpenPGP key as gpg makes and exports it.
type key struct{ name, secret, public, passphrase string }

func newKey(t *testing.T) key {
	t.Helper()
	home := t.TempDir()
	require.NoError(t, os.Chmod(home, 0o700))
	k := key{name: "Release Test <release@example.org>", secret: filepath.Join(home, "secret.gpg"), public: filepath.Join(home, "public.gpg")}
	k.passphrase = write(t, filepath.Join(home, "passphrase"), []byte("not a secret\n"), 0o600)
	gpg := func(args ...string) {
		run(t, home, nil, "gpg", append([]string{"--homedir", home, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase-file", k.passphrase}, args...)...)
	}
	t.Cleanup(func() { run(t, home, nil, "gpgconf", "--homedir", home, "--kill", "all") })
	gpg("--quick-generate-key", k.name, "rsa2048", "sign", "never")
	gpg("--output", k.secret, "--export-secret-keys", k.name)
	gpg("--output", k.public, "--export", k.name)
	return k
}

// run runs a program that has to succeed, and returns its standard output.
func run(t *testing.T, dir string, env []string, name string, args ...string) string {
	t.Helper()
	stdout, stderr, code := try(t, dir, env, name, args...)
	require.Zero(t, code, "%s %s\n%s%s", name, strings.Join(args, " "), stdout, stderr)
	return stdout
}

// try runs a program.
func try(t *testing.T, dir string, env []string, name string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, err bytes.Buffer
	command := exec.Command(name, args...)
	command.Dir, command.Env = dir, append(os.Environ(), env...)
	command.Stdout, command.Stderr = &out, &err
	if failure := command.Run(); failure != nil {
		require.IsType(t, &exec.ExitError{}, failure, name)
	}
	return out.String(), err.String(), command.ProcessState.ExitCode()
}

func write(t *testing.T, name string, data []byte, mode os.FileMode) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
	require.NoError(t, os.WriteFile(name, data, mode))
	return name
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	return data
}
