//go:build server

package server

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/plugin/manifest"
	"github.com/helm-valkey/helm-valkey/plugin/upgrade"
	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// Which servers read the files of which others is a table in the plugin, which
// refuses upgrades by it. Here the servers themselves say it.
func TestEveryEngineReadsWhatThePluginSaysItDoes(t *testing.T) {
	t.Parallel()
	refused := 0
	for _, from := range release.Engines(t) {
		folder := saved(t, from)
		for _, to := range release.Engines(t) {
			allowed := !refusedByPlugin(t, from, to)
			require.Equal(t, loads(t, to, folder), allowed, "%s reads %s", to.Name, from.Name)
			if !allowed {
				refused++
			}
		}
	}
	require.NotZero(t, refused)
}

// refusedByPlugin says whether the plugin finds that one engine cannot read the data of
// another.
func refusedByPlugin(t *testing.T, from, to release.Engine) bool {
	t.Helper()
	objects := func(e release.Engine) []manifest.Object {
		stream := fmt.Sprintf(`{kind: StatefulSet, metadata: {name: m, labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: master}},
  spec: {template: {spec: {containers: [{name: valkey, image: %q}]}}}}`, strings.Replace(e.Name, "-", ":", 1))
		objects, err := upgrade.Read(strings.NewReader(stream))
		require.NoError(t, err)
		require.Len(t, objects, 1)
		return objects
	}
	for _, f := range (upgrade.Upgrade{Old: objects(from), New: objects(to)}).Check() {
		require.NotEqual(t, "VK311", f.RuleID, "the plugin does not know %s or %s", from.Name, to.Name)
		if f.RuleID == "VK310" {
			return true
		}
	}
	return false
}

// saved is a folder with a snapshot of an engine's.
func saved(t *testing.T, e release.Engine) string {
	t.Helper()
	folder := t.TempDir()
	ask := start(t, e, folder)
	require.Equal(t, "+OK", ask("SET key value"))
	require.Equal(t, "+OK", ask("SAVE"))
	return folder
}

// loads says whether an engine starts with the snapshot in a folder.
func loads(t *testing.T, e release.Engine, from string) bool {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.CopyFS(folder, os.DirFS(from)))
	ask := start(t, e, folder)
	if ask == nil {
		return false
	}
	require.Equal(t, ":1", ask("EXISTS key"))
	return true
}

// start starts a server, and returns what asks it; nil if the server ends.
func start(t *testing.T, e release.Engine, folder string) func(command string) string {
	t.Helper()
	sockets, err := os.MkdirTemp("", "sockets") // its path is short enough for one
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(sockets) })
	socket := filepath.Join(sockets, "s")
	server := exec.Command(e.Server(), "--port", "0", "--unixsocket", socket, "--save", "", "--dir", folder)
	require.NoError(t, server.Start())
	ended := make(chan struct{})
	go func() { _ = server.Wait(); close(ended) }()
	t.Cleanup(func() { _ = server.Process.Kill(); <-ended })
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		select {
		case <-ended:
			return nil
		default:
		}
		if conn, err := net.Dial("unix", socket); err == nil {
			t.Cleanup(func() { conn.Close() })
			ask := asker(t, conn)
			if ask("PING") == "+PONG" {
				return ask
			}
		}
	}
	require.Fail(t, "the server neither answers nor ends", e.Name)
	return nil
}

func asker(t *testing.T, conn net.Conn) func(string) string {
	answers := bufio.NewReader(conn)
	return func(command string) string {
		t.Helper()
		if _, err := fmt.Fprintf(conn, "%s\r\n", command); err != nil {
			return ""
		}
		line, err := answers.ReadString('\n')
		if err != nil {
			return ""
		}
		return strings.TrimSpace(line)
	}
}
