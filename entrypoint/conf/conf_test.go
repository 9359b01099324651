package conf

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/settings"
)

func pod() settings.Settings {
	return settings.Settings{
		Role: settings.Master, PodIP: "10.0.0.7", Port: 6380, Bind: "* -::*", DataDir: "/data", RunDir: "/run/valkey",
		Password: `pa"ss #1`, ConfigFiles: []string{"/etc/a.conf"}, Persistence: settings.AOF, MinReplicasToWrite: 1, MinReplicasMaxLag: 1500 * time.Millisecond,
	}
}

func TestRender(t *testing.T) {
	text, err := Render(pod(), Start{AppendOnly: true})
	require.NoError(t, err)
	require.Equal(t, `# Written by the entrypoint at every start of the server: changes to this file are lost.
save ""
appendfsync everysec
repl-diskless-sync yes
repl-diskless-sync-delay 0
repl-diskless-load on-empty-db
tcp-keepalive 60
min-replicas-to-write 1
min-replicas-max-lag 2
include /etc/a.conf
# From here on the pod depends on it, so it comes last and wins.
bind * -::*
port 6380
protected-mode no
unixsocket /run/valkey/server.sock
unixsocketperm 700
dir /data
dbfilename dump.rdb
daemonize no
supervised no
logfile ""
appendonly yes
requirepass "pa\"ss #1"
masterauth "pa\"ss #1"
replica-announce-ip 10.0.0.7
replica-announce-port 6380
replica-read-only yes
`, text)
}

func TestRenderReplica(t *testing.T) {
	s := pod()
	s.Role, s.Persistence, s.Password, s.PodIP = settings.Replica, settings.None, "", ""
	text, err := Render(s, Start{Source: "[fd00::1]:6379"})
	require.NoError(t, err)
	require.Contains(t, text, "\nreplicaof fd00::1 6379\n")
	require.Contains(t, text, "\nsave \"\"\n")
	require.Contains(t, text, "\nappendonly no\n")
	require.NotContains(t, text, "requirepass")
	require.NotContains(t, text, "announce")

	_, err = Render(s, Start{Source: "no port"})
	require.ErrorContains(t, err, "no port")
}

func TestDisklessLoad(t *testing.T) {
	tests := []struct {
		name, role, persistence string
		volume                  bool
		want                    string
	}{
		{"replica without a volume", settings.Replica, settings.None, false, "on-empty-db"},
		{"replica with a volume and snapshots", settings.Replica, settings.RDB, true, "disabled"},
		{"replica with a volume and AOF", settings.Replica, settings.AOF, true, "on-empty-db"},
		{"master", settings.Master, settings.RDB, true, "on-empty-db"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := disklessLoad(settings.Settings{Role: tt.role, Persistence: tt.persistence, DataVolume: tt.volume})
			require.Equal(t, tt.want, got)
		})
	}
}

func TestQuote(t *testing.T) {
	tests := map[string]string{"": `""`, "plain": "plain", "two words": `"two words"`, "\x00\n": `"\x00\x0a"`, `a\b`: `"a\\b"`, "é": `"\xc3\xa9"`, "it's": `"it's"`}
	for in, want := range tests {
		require.Equal(t, want, Quote(in), in)
	}
}

// Whatever a password holds, it stays on its own line of the file.
func FuzzQuote(f *testing.F) {
	f.Add("a\nreplicaof evil 1\r")
	f.Fuzz(func(t *testing.T, s string) {
		require.False(t, strings.ContainsAny(Quote(s), "\r\n\x00"))
	})
}

func TestRenderOutside(t *testing.T) {
	s := pod()
	text, err := Render(s, Start{Source: "old:6379", Outside: true})
	require.NoError(t, err)
	require.Contains(t, text, "\nreplicaof old 6379\n")
	require.Contains(t, text, "\nrequirepass ")
	require.NotContains(t, text, "masterauth", "the own password is none of the old server's business")
	s.ExternalUsername, s.ExternalPassword = "copier", "old pass"
	text, err = Render(s, Start{Source: "old:6379", Outside: true})
	require.NoError(t, err)
	require.Contains(t, text, "\nmasterauth \"old pass\"\nmasteruser copier\n")
}
