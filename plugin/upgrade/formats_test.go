package upgrade

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReleaseOf(t *testing.T) {
	tests := []struct{ image, server, want string }{
		{"docker.io/valkey/valkey:9.1", "", "Valkey 9.1"},
		{"valkey/valkey:8.1.4-alpine3.22", "", "Valkey 8.1"},
		{"registry:5000/mirror/valkey:v7.2@sha256:12", "", "Valkey 7.2"},
		{"docker.io/library/redis:8.10.0-bookworm", "", "Redis 8.10"},
		{"redis:7", "", "Redis 7"},
		{"redis:7-alpine", "", "Redis 7"},
		{"example.org/cache:8.0", "redis-server", "Redis 8.0"},
		{"example.org/redis:8.1", "valkey-server", "Valkey 8.1"},
		{"bitnami/valkey-redis-compat:8.1", "", "Valkey 8.1"},
		{"valkey/valkey:latest", "", ""},
		{"valkey/valkey:unstable", "", ""},
		{"valkey/valkey", "", ""},
		{"valkey/valkey@sha256:12", "", ""},
		{"valkey/valkey:20240101", "", ""},
		{"example.org/cache:8.0", "", ""},
		{"", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.image, func(t *testing.T) {
			stream := exampleHead + "spec: {template: {spec: {containers: [{name: valkey, image: '" + tt.image + "', env: [{name: ENTRYPOINT_SERVER, value: '" + tt.server + "'}]}]}}}\n"
			r, ok := releaseOf(read(t, stream)[0])
			require.Equal(t, tt.want != "", ok)
			if ok {
				require.Equal(t, tt.want, r.String())
			}
		})
	}
}

func TestFormats(t *testing.T) {
	tests := []struct {
		release serverRelease
		want    int // 0: not known
	}{
		{serverRelease{valkey, 8, -1}, 11},
		{serverRelease{valkey, 9, 1}, 80},
		{serverRelease{valkey, 9, -1}, 0},
		{serverRelease{valkey, 9, 9}, 0},
		{serverRelease{redis, 7, -1}, 0},
		{serverRelease{redis, 8, 4}, 12},
		{serverRelease{redis, 6, -1}, 9},
		{serverRelease{redis, 9, 0}, 0},
	}
	for _, tt := range tests {
		format, known := tt.release.format()
		require.Equal(t, tt.want != 0, known, tt.release)
		if known {
			require.Equal(t, tt.want, format, tt.release)
		}
	}
}

// Each engine reads its own formats up to its own, and of the other only those that
// they have in common.
func TestReads(t *testing.T) {
	for _, own := range formats {
		for _, other := range formats {
			want := own.format >= other.format
			if own.engine != other.engine {
				want = want && other.format <= lastCommon
			}
			require.Equal(t, want, reads(own.engine, own.format, other.format), "%v reads %v", own, other)
		}
	}
	require.False(t, reads(redis, 99, 80), "the header of Valkey's files begins with another word")
}
