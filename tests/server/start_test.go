//go:build server

package server

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// A server that can't start must not be restarted in place for ever: the kubelet
// shows a container that ends, and people look there.
func TestServerThatCannotStart(t *testing.T) {
	t.Parallel()
	r := release.New(t, release.Options{Standalone: true, Configuration: "no-such-directive yes"})
	r.Master.Create()
	require.NotZero(t, r.Master.WaitExit(), "exit code")
	require.Contains(t, r.Master.Log(), "no-such-directive")
}

func TestServerThatKeepsDying(t *testing.T) {
	t.Parallel()
	r := release.Run(t, release.Options{Standalone: true, Persistence: "aof"})
	r.Fill("key", 10, 10)
	for r.Master.Running() {
		r.Master.KillServerIfRunning()
	}
	require.NotZero(t, r.Master.WaitExit(), "exit code")
	r.Master.Start()
	r.WaitInSync()
	r.Master.RequireFilled("key", 10)
}

func TestSettingsAreCheckedAllAtOnce(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		env  []string
		want []string
	}{
		{
			name: "nothing set",
			want: []string{"ENTRYPOINT_POD_NAME", "ENTRYPOINT_ROLE"},
		},
		{
			name: "several wrong ones",
			env: []string{
				"ENTRYPOINT_POD_NAME=hv-replica-0",
				"ENTRYPOINT_ROLE=replica",
				"ENTRYPOINT_PERSISTENCE=sometimes",
				"ENTRYPOINT_BOOTSTRAP_WAIT=soon",
				"ENTRYPOINT_PORT=0",
				"ENTRYPOINT_PASSWORD_FILE=/no/such/password",
				"ENTRYPOINT_CONFIG_FILES=/no/such/configuration",
			},
			want: []string{
				"ENTRYPOINT_MASTER", "ENTRYPOINT_PERSISTENCE", "sometimes", "ENTRYPOINT_BOOTSTRAP_WAIT", "soon", "ENTRYPOINT_PORT",
				"ENTRYPOINT_PASSWORD_FILE", "/no/such/password", "ENTRYPOINT_CONFIG_FILES", "/no/such/configuration",
			},
		},
		{
			name: "a server that is not there",
			env: []string{
				"ENTRYPOINT_POD_NAME=hv-master-0",
				"ENTRYPOINT_ROLE=master",
				"ENTRYPOINT_SERVER=/no/such/server",
				"ENTRYPOINT_DATA_DIR=" + t.TempDir(),
				"ENTRYPOINT_RUN_DIR=" + t.TempDir(),
			},
			want: []string{"/no/such/server"},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			command := exec.Command(release.Entrypoint(t), "run")
			command.Env = append([]string{"PATH=/usr/bin:/bin"}, c.env...)
			output, err := command.CombinedOutput()
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit, "%s", output)
			for _, want := range c.want {
				require.Contains(t, string(output), want)
			}
		})
	}
}
