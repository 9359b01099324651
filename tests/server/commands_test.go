//go:build server

package server

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

func TestBinaryIsStaticAndSmall(t *testing.T) {
	t.Parallel()
	const limit = 7_000_000
	path := release.Entrypoint(t)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.LessOrEqual(t, info.Size(), int64(limit))

	file, err := elf.Open(path)
	require.NoError(t, err)
	defer file.Close()
	for _, program := range file.Progs {
		require.NotEqual(t, elf.PT_INTERP, program.Type, "it needs a dynamic loader")
		require.NotEqual(t, elf.PT_DYNAMIC, program.Type, "it is linked dynamically")
	}
	libraries, err := file.ImportedLibraries()
	require.NoError(t, err)
	require.Empty(t, libraries)
}

func TestVersion(t *testing.T) {
	t.Parallel()
	output, err := command(t, nil, "version").CombinedOutput()
	require.NoError(t, err, "%s", output)
	require.NotEmpty(t, output)
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"no-such-command"}, {"install"}, {"check", "no-such-probe"}, {"verify"}} {
		output, err := command(t, nil, args...).CombinedOutput()
		var exit *exec.ExitError
		require.ErrorAs(t, err, &exit, "%q: %s", args, output)
		require.NotEmpty(t, output, "%q", args)
	}
}

func TestInstall(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "opt")
	require.NoError(t, os.Mkdir(dir, 0o750))
	installed := filepath.Join(dir, "entrypoint")
	for _, turn := range []string{"into an empty directory", "over itself"} {
		t.Run(turn, func(t *testing.T) {
			output, err := command(t, nil, "install", dir).CombinedOutput()
			require.NoError(t, err, "%s", output)
			want, err := os.ReadFile(release.Entrypoint(t))
			require.NoError(t, err)
			got, err := os.ReadFile(installed)
			require.NoError(t, err)
			require.Equal(t, len(want), len(got))
			info, err := os.Stat(installed)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o555), info.Mode().Perm()&0o555, "the server's container may run it as any user")
			output, err = exec.Command(installed, "version").CombinedOutput()
			require.NoError(t, err, "%s", output)
			entries, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Len(t, entries, 1, "nothing else is left behind")
		})
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	r := release.Run(t, release.Options{Replicas: 1})
	check := func(p *release.Pod, probe string) error {
		return command(t, []string{"ENTRYPOINT_HTTP_ADDRESS=" + p.IP + ":" + release.HTTPPort}, "check", probe).Run()
	}
	for _, probe := range []string{"startup", "live", "ready"} {
		require.NoError(t, check(r.Master, probe), probe)
	}
	r.Master.ForceDelete()
	r.Replicas[0].WaitUnready()
	require.NoError(t, check(r.Replicas[0], "live"))
	require.Error(t, check(r.Replicas[0], "ready"))
	require.Error(t, check(r.Master, "live"), "nobody is there to answer")
}

func TestVerify(t *testing.T) {
	t.Parallel()
	r := release.Run(t, release.Options{Replicas: 1, Password: password})
	file := filepath.Join(t.TempDir(), "password")
	require.NoError(t, os.WriteFile(file, []byte(password), 0o600))
	verify := func(write, read string, more ...string) (string, error) {
		args := append([]string{"verify", "--write", write, "--read", read, "--timeout", "5s"}, more...)
		output, err := command(t, nil, args...).CombinedOutput()
		return string(output), err
	}
	master, replica := r.Master.Address(), r.Replicas[0].Address()

	t.Run("a release that works", func(t *testing.T) {
		output, err := verify(master, replica, "--password-file", file)
		require.NoError(t, err, output)
		require.Contains(t, output, master)
		require.Contains(t, output, replica)
		require.Zero(t, r.Master.Keys(), "the key is deleted again")
	})
	t.Run("a read endpoint that leads elsewhere", func(t *testing.T) {
		other := release.Run(t, release.Options{Password: password})
		output, err := verify(master, other.Master.Address(), "--password-file", file)
		require.Error(t, err, output)
		require.Contains(t, output, other.Master.Address())
		require.Zero(t, r.Master.Keys(), "the key is deleted all the same")
	})
	t.Run("a write endpoint that leads to a replica", func(t *testing.T) {
		output, err := verify(replica, replica, "--password-file", file)
		require.Error(t, err, output)
		require.Contains(t, output, "READONLY")
	})
	t.Run("no password", func(t *testing.T) {
		output, err := verify(master, replica)
		require.Error(t, err, output)
		require.Contains(t, output, "NOAUTH")
	})
	t.Run("nobody there", func(t *testing.T) {
		output, err := verify("127.0.0.1:1", replica, "--password-file", file)
		require.Error(t, err, output)
		require.Contains(t, output, "127.0.0.1:1")
	})
}

// command is a call of the entrypoint that ends with the test at the latest.
func command(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), release.Entrypoint(t), args...)
	c.Env = append([]string{"PATH=/usr/bin:/bin"}, env...)
	return c
}
