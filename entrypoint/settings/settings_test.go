package settings

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func write(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

func TestReadDefaults(t *testing.T) {
	s, err := Read([]string{"ENTRYPOINT_POD_NAME=v-master-0", "ENTRYPOINT_ROLE=master", "PATH=/bin", "VALKEY_PORT=tcp://10.0.0.1:6379"})
	require.NoError(t, err)
	require.True(t, s.Standalone())
	require.Equal(t, 6379, s.Port)
	require.Equal(t, 6379, s.PeerPort)
	require.Equal(t, 9122, s.PeerControlPort)
	require.Equal(t, "/run/valkey/server.sock", s.ServerSocket())
	require.Equal(t, Hold, s.EmptyMaster)
	require.Equal(t, 30*time.Second, s.BootstrapWait)
	require.Equal(t, slog.LevelInfo, s.LogLevel)
	require.Empty(t, s.Password)
}

func TestReadAll(t *testing.T) {
	peers := write(t, "a\n")
	conf := write(t, "maxmemory 1gb\n")
	s, err := Read([]string{
		"ENTRYPOINT_POD_NAME=v-replica-1", "ENTRYPOINT_ROLE=replica", "ENTRYPOINT_MASTER=v-master-0.h", "ENTRYPOINT_PEERS_FILE=" + peers,
		"ENTRYPOINT_PEER_SERVICES=a, b ,", "ENTRYPOINT_PASSWORD_FILE=" + write(t, "s3cret=x \n"), "ENTRYPOINT_CONFIG_FILES=" + conf + "," + conf,
		"ENTRYPOINT_PERSISTENCE=aof", "ENTRYPOINT_POD_IP=fd00::1", "ENTRYPOINT_CONTROL_ADDRESS=127.0.0.2:7000", "ENTRYPOINT_LOG_LEVEL=debug",
	})
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b"}, s.PeerServices)
	require.Equal(t, "s3cret=x ", s.Password)
	require.Equal(t, []string{conf, conf}, s.ConfigFiles)
	require.Equal(t, 7000, s.PeerControlPort)
	require.Equal(t, None, s.Persistence, "a replica without a volume persists nothing")
	require.Equal(t, slog.LevelDebug, s.LogLevel)
}

func TestReadNamesEveryMistake(t *testing.T) {
	_, err := Read([]string{
		"ENTRYPOINT_ROLE=primary", "ENTRYPOINT_PORT=70000", "ENTRYPOINT_MAX_LAG=10", "ENTRYPOINT_DATA_VOLUME=yes",
		"ENTRYPOINT_PASSWORD_FILE=/nowhere", "ENTRYPOINT_CONFIG_FILES=/nowhere.conf", "ENTRYPOINT_POD_IP=x", "ENTRYPOINT_HTTP_ADDRESS=9121",
		"ENTRYPOINT_LOG_LEVEL=loud", "ENTRYPOINT_EMPTY_MASTER=maybe", "ENTRYPOINT_MASTER=m",
	})
	require.Error(t, err)
	for _, name := range []string{"POD_NAME", "ROLE", "PORT", "MAX_LAG", "DATA_VOLUME", "PASSWORD_FILE", "CONFIG_FILES", "POD_IP", "HTTP_ADDRESS", "LOG_LEVEL", "EMPTY_MASTER", "PEERS_FILE"} {
		require.ErrorContains(t, err, "ENTRYPOINT_"+name)
	}
	require.Len(t, strings.Split(err.Error(), "\n"), 12)

	_, err = Read([]string{"ENTRYPOINT_POD_NAME=v", "ENTRYPOINT_ROLE=master", "ENTRYPOINT_MASTER=v.m", "ENTRYPOINT_PEERS_FILE=/peers"})
	require.ErrorContains(t, err, "ENTRYPOINT_POD_IP is required beside")
}

func TestPasswordNeverInErrors(t *testing.T) {
	for _, content := range []string{"", "\n", "hunter2\nhunter3\n"} {
		_, err := Read([]string{"ENTRYPOINT_POD_NAME=v", "ENTRYPOINT_ROLE=master", "ENTRYPOINT_PASSWORD_FILE=" + write(t, content)})
		require.ErrorContains(t, err, "PASSWORD_FILE")
		require.NotContains(t, err.Error(), "hunter")
	}
}

func TestReadExternal(t *testing.T) {
	master := []string{"ENTRYPOINT_POD_NAME=v-master-0", "ENTRYPOINT_ROLE=master", "ENTRYPOINT_DATA_VOLUME=true"}
	s, err := Read(append(master, "ENTRYPOINT_EXTERNAL_MASTER=[fd00::1]:7000", "ENTRYPOINT_EXTERNAL_USERNAME=copier", "ENTRYPOINT_EXTERNAL_PASSWORD_FILE="+write(t, "old\n")))
	require.NoError(t, err)
	require.Equal(t, "[fd00::1]:7000", s.External)
	require.Equal(t, "copier", s.ExternalUsername)
	require.Equal(t, "old", s.ExternalPassword)

	tests := []struct {
		name    string
		environ []string
		want    string
	}{
		{"no port", []string{"ENTRYPOINT_EXTERNAL_MASTER=old"}, "use a host and a port"},
		{"no host", []string{"ENTRYPOINT_EXTERNAL_MASTER=:6379"}, "use a host and a port"},
		{"two words", []string{"ENTRYPOINT_EXTERNAL_MASTER=old server:6379"}, "use a host and a port"},
		{"no volume", []string{"ENTRYPOINT_EXTERNAL_MASTER=old:6379", "ENTRYPOINT_DATA_VOLUME=false"}, "would follow the old master again"},
		{"a hive", []string{"ENTRYPOINT_EXTERNAL_MASTER=old:6379", "ENTRYPOINT_HIVE_POLICY=safe"}, "would elect a master"},
		{"Sentinels", []string{"ENTRYPOINT_EXTERNAL_MASTER=old:6379", "ENTRYPOINT_SENTINELS_FILE=/x"}, "would elect a master"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Read(append(master[:len(master):len(master)], tt.environ...))
			require.ErrorContains(t, err, tt.want)
		})
	}
}
