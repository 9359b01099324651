package external

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/engine"
	"github.com/helm-valkey/helm-valkey/entrypoint/info"
)

func TestState(t *testing.T) {
	const common = "redis_version:7.0.15\nmaster_replid:abc\nmaster_repl_offset:42\nrdb_changes_since_last_save:3\nrdb_last_save_time:9\n"
	tests := []struct {
		name, text string
		want       State
		problem    string
	}{
		{"a Redis", common + "role:master\ndb0:keys=1,expires=0\n", State{HasData: true}, ""},
		{"empty, and it refuses writes without replicas", common + "role:master\nmin_slaves_good_slaves:1\n", State{Guarded: true}, ""},
		{"functions alone are data", common + "role:master\nnumber_of_functions:1\n", State{HasData: true}, ""},
		{"loading", common + "role:master\nloading:1\n", State{Loading: true}, ""},
		{"in a cluster", common + "role:master\ncluster_enabled:1\n", State{Cluster: true}, "part of a cluster"},
		{"a replica", common + "role:slave\nmaster_host:db\nmaster_port:7000\n", State{Upstream: "db:7000"}, "name its master, db:7000"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := read(info.Parse(tt.text))
			require.NoError(t, err)
			want := tt.want
			want.Replid, want.Offset, want.Changes = "abc", 42, "3 9"
			want.Release = engine.Release{Engine: engine.Redis, Major: 7, Minor: 0, Patch: 15}
			require.Equal(t, want, got)
			problem := got.Problem(engine.Release{Engine: engine.Valkey, Major: 9, Minor: 1})
			require.Contains(t, problem, tt.problem)
			require.Equal(t, tt.problem == "", problem == "")
		})
	}
	_, err := read(info.Parse("role:master\n"))
	require.Error(t, err)
	newer, err := read(info.Parse("redis_version:8.0.2\nrole:master\n"))
	require.NoError(t, err)
	require.Contains(t, newer.Problem(engine.Release{Engine: engine.Valkey, Major: 9, Minor: 1}), "redis 8.0.2, whose data valkey 9.1.0 can't read")
}

func TestUndo(t *testing.T) {
	require.Empty(t, Undo(0))
	require.Empty(t, Undo(3))
	require.Equal(t, "CONFIG SET min-slaves-to-write 0", Undo(fence))
	require.Equal(t, "CONFIG SET min-slaves-to-write 2", Undo(fence+2))
}
