//go:build server

package server

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	chart "github.com/helm-valkey/helm-valkey/charts/valkey"
	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
	"github.com/helm-valkey/helm-valkey/plugin/lint"
	"github.com/helm-valkey/helm-valkey/plugin/values"
	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// TestDirectives asks each engine for all directives that it has, and the linter
// for what it thinks of them.
func TestDirectives(t *testing.T) {
	t.Parallel()
	for _, engine := range release.Engines(t) {
		t.Run(engine.Name, func(t *testing.T) {
			t.Parallel()
			has := directives(t, engine)
			require.Greater(t, len(has), 150)
			require.Empty(t, verdicts(t, engine, "VK134", has), "directives that the table lacks")

			table := tableOfDirectives(t)
			unknown := verdicts(t, engine, "VK134", table)
			for i, name := range table {
				if !unlisted[name] {
					require.Equal(t, slices.Contains(has, name), unknown[i] == "", name)
				}
			}
		})
	}
}

// unlisted are directives that CONFIG GET does not show: what is read before all
// else, what no longer has a meaning, and what is for the servers' own tests.
var unlisted = map[string]bool{
	"include": true, "loadmodule": true, "rename-command": true, "user": true,
	"dynamic-hz": true, "events-per-io-thread": true, "io-threads-do-reads": true, "list-max-ziplist-entries": true,
	"list-max-ziplist-value": true, "lua-replicate-commands": true, "sanitize-dump-payload": true,
	"aof-disable-auto-gc": true, "cluster-ping-interval": true, "debug-context": true, "enable-debug-assert": true,
	"key-load-delay": true, "loading-process-events-interval-bytes": true, "rdb-key-save-delay": true,
	"repl-rdb-channel": true, "use-exit-on-panic": true, "watchdog-period": true,
}

// TestValuesOfDirectives holds the linter's verdict on lines of a configuration to
// that of the engines.
func TestValuesOfDirectives(t *testing.T) {
	t.Parallel()
	lines := []string{
		"maxmemory 1gb", "maxmemory 1Gi", "maxmemory 1.5gb", "maxmemory 1GB", "maxmemory 50%", "maxmemory 1 gb", "maxmemory 1gb # x", "maxmemory", `maxmemory ""`, "maxmemory gb", `timeout ""`,
		"maxmemory-clients 5%", "maxmemory-policy alkeys-lru", `maxmemory-policy "allkeys-lru"`, "maxmemory-policy ALLKEYS-LRU",
		"save 900", "save 900 1 300", `save "900 1"`, `save ""`, "save 900 1 300 10", "save",
		"client-output-buffer-limit replica 256mb 64mb", "client-output-buffer-limit replica 256mb 64mb 60", "client-output-buffer-limit",
		"activerehashing true", "activerehashing YES", "stop-writes-on-bgsave-error 1", "timeout 10s", "timeout 10", "databases 16.0", "list-max-listpack-size -2",
		"auto-aof-rewrite-percentage 10%", "loglevel info", "loglevel debug", "oom-score-adj true", "appendfsync never", "repl-backlog-size -1",
		`proc-title-template "{title}`, `proc-title-template {title}"x"`, `proc-title-template "a \" b"`, `proc-title-template 'it\'s'`,
		"notify-keyspace-events Ex", "shutdown-on-sigterm nosave force", "latency-tracking-info-percentiles 50 99", "user app on >secret ~* +@read",
	}
	for _, engine := range release.Engines(t) {
		t.Run(engine.Name, func(t *testing.T) {
			t.Parallel()
			found := verdicts(t, engine, "VK135", lines)
			for i, line := range lines {
				refused := refusal(t, engine, line)
				require.Equal(t, refused != "", found[i] != "", "%s\nthe server: %s\nthe linter: %v", line, refused, found[i])
			}
		})
	}
}

// refusal is what the server says of a line of its configuration, or nothing.
func refusal(t *testing.T, engine release.Engine, line string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "valkey.conf")
	// The second line is refused in any case, so that the server ends.
	require.NoError(t, os.WriteFile(file, []byte(line+"\nport\n"), 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, engine.Server(), file).CombinedOutput()
	require.Error(t, err)
	if strings.Contains(string(out), "at line 2\n") {
		return ""
	}
	return string(out)
}

// directives starts the server and asks it.
func directives(t *testing.T, engine release.Engine) []string {
	t.Helper()
	dir, err := os.MkdirTemp("", "directives") // a socket's path must be short
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	socket := filepath.Join(dir, "s")
	server := exec.Command(engine.Server(), "--port", "0", "--unixsocket", socket, "--save", "", "--dir", dir)
	require.NoError(t, server.Start())
	defer func() {
		require.NoError(t, server.Process.Kill())
		_ = server.Wait() // it was killed
	}()
	var conn *resp.Conn
	require.Eventually(t, func() bool {
		conn, err = resp.Dial(t.Context(), resp.Options{Network: "unix", Addr: socket})
		return err == nil
	}, 20*time.Second, 20*time.Millisecond, "%v", err)
	defer conn.Close()
	reply, err := conn.Do(t.Context(), "CONFIG", "GET", "*")
	require.NoError(t, err)
	var names []string
	for i := 0; i < len(reply.Array); i += 2 {
		names = append(names, reply.Array[i].Str)
	}
	return names
}

// tableOfDirectives are the names in the chart's own table.
func tableOfDirectives(t *testing.T) []string {
	t.Helper()
	source, err := chart.Files.ReadFile("templates/_directives.tpl")
	require.NoError(t, err)
	_, table, _ := strings.Cut(string(source), `{{- define "valkey.directives" }}`)
	table, _, _ = strings.Cut(table, "{{ end -}}")
	var names []string
	for line := range strings.Lines(strings.TrimSpace(table)) {
		names = append(names, strings.Fields(line)[0])
	}
	require.Greater(t, len(names), 200)
	return names
}

// verdicts returns what a rule says of the lines of a configuration for the engine.
func verdicts(t *testing.T, engine release.Engine, rule string, lines []string) map[int]string {
	t.Helper()
	c, err := lint.OpenChart(chart.Files)
	require.NoError(t, err)
	text := fmt.Sprintf("image:\n  repository: stock/%s\n  tag: %q\ncommonConfiguration: |\n  %s\n", engine.Kind, engine.Version, strings.Join(lines, "\n  "))
	v, err := values.Read(values.Options{Files: []string{"f"}}, c.Defaults, func(string) ([]byte, error) { return []byte(text), nil })
	require.NoError(t, err)
	all, err := c.Check(v)
	require.NoError(t, err)
	said := map[int]string{}
	for _, f := range all {
		if f.RuleID == rule {
			said[f.Position.Line-5] = f.Message
		}
	}
	return said
}
