//go:build server

package server

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// The entrypoint is process 1 of its container, so whatever anybody leaves behind
// there becomes its child, and stays a zombie unless it is reaped.
func TestOrphansAreReaped(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("a PID namespace of one's own needs root")
	}
	r := release.New(t, release.Options{Standalone: true, Persistence: "rdb", PIDNamespace: true})
	r.Start()
	r.WaitInSync()
	server := r.Master.ServerPID()

	const orphans = 20
	for range orphans {
		// The shell ends at once; its child goes to process 1 and ends then.
		enter := exec.Command("nsenter", "--target", strconv.Itoa(r.Master.EntrypointPID()), "--pid", "--", "/bin/sh", "-c", "/bin/sleep 0.05 &")
		output, err := enter.CombinedOutput()
		require.NoError(t, err, "%s", output)
	}
	release.Eventually(t, release.Patience, "no children but the server", func() error {
		children, err := release.Children(r.Master.EntrypointPID())
		if err == nil && (len(children) != 1 || children[0].PID != server) {
			err = fmt.Errorf("children %v", children)
		}
		return err
	})

	// Its own child's end is still noticed.
	r.Master.KillServer()
	r.WaitInSync()
	require.NotEqual(t, server, r.Master.ServerPID())
	require.Zero(t, r.Master.Terminate(), "exit code of process 1")
}
