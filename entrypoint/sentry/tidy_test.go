package sentry

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/settings"
)

// What tidy decides from the answers of Sentinels is tested with real ones, in
// tests/e2e. Here is what it decides without them.

func TestQuorum(t *testing.T) {
	tests := []struct{ set, sentinels, want int }{
		{0, 1, 1},
		{0, 2, 2},
		{0, 3, 2},
		{0, 4, 3},
		{0, 5, 3},
		{1, 3, 1},
		{3, 3, 3},
		{2, 5, 2},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprintf("%d set of %d", tt.set, tt.sentinels), func(t *testing.T) {
			s := Sentry{settings: settings.Settings{SentinelQuorum: tt.set}}
			require.Equal(t, tt.want, s.quorum(make([]string, tt.sentinels)))
		})
	}
}

// A replica whose address is none of these has gone for good.
func TestServers(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	s := New(settings.Settings{
		PodName:      "v-sentinel-0",
		PeersFile:    file("peers", "v-0.v\nv-1.v\nv-2.v\n"),
		PeerServices: []string{"v"},
		HostsFile: file("hosts", "10.0.1.2 v-0.v v\n10.0.1.3 v-1.v v\nfd00::3 v-1.v v\n"+
			"10.0.1.9 v # one more than is expected, while replicas are scaled\n10.0.1.5 v-sentinel-0.v\n"),
	}, "", slog.New(slog.DiscardHandler), io.Discard)
	servers, err := s.servers(context.Background())
	require.NoError(t, err)
	require.Equal(t, map[string]bool{"10.0.1.2": true, "10.0.1.3": true, "fd00::3": true, "10.0.1.9": true}, servers)

	require.NoError(t, os.Remove(filepath.Join(dir, "peers")))
	_, err = s.servers(context.Background())
	require.Error(t, err, "then nobody has gone: it is not known who is expected")
}
