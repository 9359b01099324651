package node

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/conf"
	"github.com/helm-valkey/helm-valkey/entrypoint/engine"
	"github.com/helm-valkey/helm-valkey/entrypoint/info"
	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
	"github.com/helm-valkey/helm-valkey/entrypoint/record"
	"github.com/helm-valkey/helm-valkey/entrypoint/server"
	"github.com/helm-valkey/helm-valkey/entrypoint/settings"
)

func newNode(t *testing.T, change func(*settings.Settings)) *Node {
	t.Helper()
	s := settings.Settings{
		PodName: "v-master-0", Role: settings.Master, Master: "v-master-0.m", DataDir: t.TempDir(), RunDir: t.TempDir(),
		Persistence: settings.AOF, MaxLag: 10 * time.Second, PeerControlPort: 9122,
	}
	if change != nil {
		change(&s)
	}
	n := New(s, "/nowhere", engine.Release{}, slog.New(slog.NewTextHandler(io.Discard, nil)), io.Discard)
	n.bootID = "this boot"
	return n
}

func seen(n *Node, text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.view = View{Info: info.Parse(strings.ReplaceAll(text, " ", "\n")), At: time.Now()}
	n.note()
}

func TestNote(t *testing.T) {
	const aof = "role:master aof_enabled:1 aof_last_write_status:ok "
	tests := []struct {
		name  string
		looks []string
		want  record.Record
	}{
		{"master", []string{aof + "master_replid:a master_repl_offset:5"},
			record.Record{Replid: "a", Offset: 5, AOF: true, Files: "aof"}},
		{"held back while the disk is busy", []string{aof + "master_replid:a master_repl_offset:5", aof + "master_replid:a master_repl_offset:9 aof_buffer_length:4"},
			record.Record{Replid: "a", Offset: 5, AOF: true, Files: "aof"}},
		{"the first file is being written", []string{aof + "master_replid:a master_repl_offset:5 aof_rewrite_in_progress:1"},
			record.Record{Replid: "a", Offset: 5}},
		{"a later rewrite", []string{aof + "master_replid:a master_repl_offset:5", aof + "master_replid:a master_repl_offset:6 aof_rewrite_in_progress:1"},
			record.Record{Replid: "a", Offset: 6, AOF: true, Files: "aof"}},
		{"writes to the file fail", []string{"role:master aof_enabled:1 aof_last_write_status:err master_replid:a master_repl_offset:5"},
			record.Record{Replid: "a", Offset: 5}},
		{"replica without its link keeps what it last said with it", []string{"role:slave master_link_status:up master_replid:a master_repl_offset:5", "role:slave master_link_status:down master_replid:z master_repl_offset:0"},
			record.Record{Replid: "a", Offset: 5}},
		{"a replica that was promoted", []string{"role:slave master_link_status:up master_replid:a master_repl_offset:5", "role:master master_replid:b master_repl_offset:7 master_replid2:a second_repl_offset:7"},
			record.Record{Replid: "b", Offset: 7, History: []record.Fork{{Replid: "a", End: 6}}}},
		{"replicas in sync", []string{"role:master master_replid:a connected_slaves:3 slave0:ip=1,state=online,lag=1 slave1:ip=2,state=online,lag=11 slave2:ip=3,state=wait_bgsave,lag=0"},
			record.Record{Replid: "a", Online: []string{"1"}}},
		{"loading says nothing", []string{"role:master loading:1 master_replid:q"}, record.Record{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := newNode(t, nil)
			for _, look := range tt.looks {
				seen(n, look)
			}
			if tt.want.Replid != "" {
				tt.want.BootID = "this boot"
			}
			require.Equal(t, tt.want, n.record)
		})
	}
}

func snapshot(t *testing.T, n *Node, replid, offset, rest string) {
	t.Helper()
	aux := func(key, value string) string {
		return "\xfa" + string(rune(len(key))) + key + string(rune(len(value))) + value
	}
	content := "REDIS0011" + aux("repl-id", replid) + aux("repl-offset", offset) + rest
	require.NoError(t, os.WriteFile(filepath.Join(n.settings.DataDir, conf.SnapshotName), []byte(content), 0o600))
}

func TestOnDisk(t *testing.T) {
	known := record.Record{BootID: "this boot", Term: 4, Synced: 4, Replid: "b", Offset: 50, History: []record.Fork{{Replid: "a", End: 10}, {Replid: "z", End: 2}}}
	with := func(change func(*record.Record)) record.Record {
		r := known
		change(&r)
		return r
	}
	aof := func(t *testing.T, n *Node) {
		require.NoError(t, os.Mkdir(filepath.Join(n.settings.DataDir, conf.AppendDir), 0o700))
	}
	tests := []struct {
		name   string
		mode   string
		record record.Record
		files  func(*testing.T, *Node)
		want   own
	}{
		{"nothing", settings.AOF, record.Record{}, nil, own{}},
		{"nothing any more", settings.AOF, known, nil, own{recent: true}},
		{"append-only file of this boot", settings.AOF, with(func(r *record.Record) { r.AOF = true }), aof,
			own{recent: true, current: true, fromAOF: true, position: lead.Position{HasData: true, Term: 4, Replid: "b", Offset: 50, History: known.History}}},
		{"append-only file of another boot", settings.AOF, with(func(r *record.Record) { r.AOF, r.BootID = true, "other" }), aof,
			own{fromAOF: true, position: lead.Position{HasData: true, Term: 4}}},
		{"append-only file after a clean stop", settings.AOF, with(func(r *record.Record) { r.Clean, r.BootID = true, "other" }), aof,
			own{current: true, fromAOF: true, position: lead.Position{HasData: true, Whole: true, Term: 4, Replid: "b", Offset: 50, History: known.History}}},
		{"append-only file that newer data replaced", settings.AOF, known, aof,
			own{recent: true, fromAOF: true, position: lead.Position{HasData: true}}},
		{"stale snapshot", settings.RDB, known, func(t *testing.T, n *Node) { snapshot(t, n, "b", "30", "\xfe") },
			own{recent: true, position: lead.Position{HasData: true, Replid: "b", Offset: 30, History: known.History}}},
		{"snapshot of an earlier history", settings.RDB, known, func(t *testing.T, n *Node) { snapshot(t, n, "a", "9", "\xfe") },
			own{recent: true, position: lead.Position{HasData: true, Replid: "a", Offset: 9, History: known.History[1:]}}},
		{"snapshot of a clean stop", settings.RDB, with(func(r *record.Record) { r.Clean = true }), func(t *testing.T, n *Node) { snapshot(t, n, "b", "50", "\xfe") },
			own{recent: true, current: true, position: lead.Position{HasData: true, Whole: true, Term: 4, Replid: "b", Offset: 50, History: known.History}}},
		{"another volume's snapshot beside the record of a clean stop", settings.RDB, with(func(r *record.Record) { r.Clean = true }), func(t *testing.T, n *Node) { snapshot(t, n, "q", "50", "\xfe") },
			own{recent: true, position: lead.Position{HasData: true, Replid: "q", Offset: 50}}},
		{"snapshot that can't be read", settings.RDB, known, func(t *testing.T, n *Node) {
			require.NoError(t, os.WriteFile(filepath.Join(n.settings.DataDir, conf.SnapshotName), []byte("?"), 0o600))
		}, own{recent: true, damaged: true, position: lead.Position{HasData: true}}},
		{"mode changed from rdb to aof", settings.AOF, with(func(r *record.Record) { r.Files = "rdb" }), func(t *testing.T, n *Node) { aof(t, n); snapshot(t, n, "b", "30", "\xfe") },
			own{recent: true, position: lead.Position{HasData: true, Replid: "b", Offset: 30, History: known.History}}},
		{"mode changed from aof to rdb", settings.RDB, with(func(r *record.Record) { r.Files, r.AOF = "aof", true }), func(t *testing.T, n *Node) { aof(t, n); snapshot(t, n, "b", "30", "\xfe") },
			own{recent: true, current: true, fromAOF: true, position: lead.Position{HasData: true, Term: 4, Replid: "b", Offset: 50, History: known.History}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := newNode(t, func(s *settings.Settings) { s.Persistence = tt.mode })
			n.record = tt.record
			if tt.files != nil {
				tt.files(t, n)
			}
			require.Equal(t, tt.want, n.onDisk())
		})
	}
}

func TestTellDisk(t *testing.T) {
	tests := map[string]struct {
		files func(*testing.T, *Node)
		want  *lead.Position
	}{
		"nothing":            {func(*testing.T, *Node) {}, &lead.Position{}},
		"a snapshot":         {func(t *testing.T, n *Node) { snapshot(t, n, "b", "30", "\xfe") }, &lead.Position{HasData: true, Replid: "b", Offset: 30}},
		"a damaged snapshot": {func(t *testing.T, n *Node) { n.damaged = true; snapshot(t, n, "b", "30", "\xfe") }, nil},
		"an append-only file of which nothing is known": {func(t *testing.T, n *Node) {
			require.NoError(t, os.Mkdir(filepath.Join(n.settings.DataDir, conf.AppendDir), 0o700))
		}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			n := newNode(t, nil)
			n.settings.Persistence = settings.AOF
			tt.files(t, n)
			n.tellDisk()
			require.Equal(t, tt.want, n.disk)
		})
	}
}

func TestBeginsWithAOF(t *testing.T) {
	data := own{position: lead.Position{HasData: true}}
	tests := []struct {
		name, mode string
		own        own
		files      bool
		want       bool
	}{
		{"first start", settings.AOF, own{}, false, true},
		{"data in the file", settings.AOF, own{fromAOF: true}, true, true},
		{"data in the file, which is to be given up", settings.RDB, own{fromAOF: true}, true, true},
		{"data in a snapshot", settings.AOF, data, false, false},
		{"a file from before, not kept up since", settings.AOF, own{}, true, false},
		{"no file asked for", settings.None, own{}, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := newNode(t, func(s *settings.Settings) { s.Persistence = tt.mode })
			if tt.files {
				require.NoError(t, os.Mkdir(filepath.Join(n.settings.DataDir, conf.AppendDir), 0o700))
			}
			require.Equal(t, tt.want, n.beginsWithAOF(tt.own))
		})
	}
}

func TestCandidate(t *testing.T) {
	host := peer.Host{Name: "v-replica-0.r", Addresses: []string{"10.0.0.2"}}
	tests := []struct {
		name string
		c    contact
		want lead.Peer
	}{
		{"silent", contact{host: host}, lead.Peer{Name: "v-replica-0", Answer: lead.Unknown, InSync: true, Settling: false}},
		{"silent, only listed by a Service", contact{host: peer.Host{Addresses: []string{"10.0.0.9"}}}, lead.Peer{Name: "10.0.0.9", Answer: lead.Unknown}},
		{"no such name", contact{host: peer.Host{Name: "v-replica-0.r", Absent: true}}, lead.Peer{Name: "v-replica-0", Answer: lead.Absent}},
		{"replica that lost its link", contact{host: host, ok: true, status: peer.Status{Pod: "v-replica-0", Role: peer.Replica, HasData: true, Replid: "a", Offset: 5}},
			lead.Peer{Name: "v-replica-0", Answer: lead.Known, InSync: true, Position: lead.Position{HasData: true, Replid: "a", Offset: 5}}},
		{"replica with its link", contact{host: host, ok: true, status: peer.Status{Pod: "v-replica-0", Role: peer.Replica, LinkUp: true}},
			lead.Peer{Name: "v-replica-0", Answer: lead.Known, InSync: true, Settling: true}},
		{"replica that reads its volume", contact{host: host, ok: true, status: peer.Status{Pod: "v-replica-0", Role: peer.Replica, Loading: true}},
			lead.Peer{Name: "v-replica-0", Answer: lead.Unknown, InSync: true}},
		{"replica with a volume, no server yet", contact{host: host, ok: true, status: peer.Status{Pod: "v-replica-0", Role: peer.None, DataVolume: true}},
			lead.Peer{Name: "v-replica-0", Answer: lead.Unknown, InSync: true, Settling: true}},
		{"replica without a volume, no server yet", contact{host: host, ok: true, status: peer.Status{Pod: "v-replica-0", Role: peer.None}},
			lead.Peer{Name: "v-replica-0", Answer: lead.Known, InSync: true, Settling: true}},
		{"replica whose server died, and that knows what is on its volume", contact{host: host, ok: true, status: peer.Status{Pod: "v-replica-0", Role: peer.None, DataVolume: true, OnDisk: true, HasData: true, Replid: "a", Offset: 5}},
			lead.Peer{Name: "v-replica-0", Answer: lead.Known, InSync: true, Position: lead.Position{HasData: true, Replid: "a", Offset: 5}}},
		{"master that knows of another", contact{host: host, ok: true, status: peer.Status{Pod: "v-replica-0", Role: peer.Master, Leader: "v-master-0"}},
			lead.Peer{Name: "v-replica-0", Answer: lead.Known, InSync: true}},
		{"master", contact{host: host, ok: true, status: peer.Status{Pod: "v-replica-0", Role: peer.Master, Leader: "v-replica-0"}},
			lead.Peer{Name: "v-replica-0", Answer: lead.Known, InSync: true, Master: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, candidate(tt.c, []string{"10.0.0.2"}))
		})
	}
}

func TestHowToStop(t *testing.T) {
	tests := []struct {
		name, mode, view string
		left             time.Duration
		want             string
	}{
		{"snapshots with data", settings.RDB, "role:master db0:keys=1 used_memory:1000", time.Minute, "SAVE"},
		{"nothing never overwrites something", settings.RDB, "role:master", time.Minute, "NOSAVE"},
		{"functions are data", settings.RDB, "role:master number_of_functions:1", time.Minute, "SAVE"},
		{"still loading", settings.RDB, "role:master loading:1 db0:keys=1", time.Minute, "NOSAVE"},
		{"append-only file", settings.AOF, "role:master db0:keys=1", time.Minute, "NOSAVE"},
		{"no time, by memory", settings.RDB, "role:master db0:keys=1 used_memory:10000000000", time.Minute, "NOSAVE"},
		{"no time, by the last save", settings.RDB, "role:master db0:keys=1 rdb_saves:1 rdb_last_bgsave_time_sec:30", time.Minute, "NOSAVE"},
		{"time, by the last save", settings.RDB, "role:master db0:keys=1 rdb_saves:1 rdb_last_bgsave_time_sec:29 used_memory:10000000000", time.Minute, "SAVE"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := newNode(t, func(s *settings.Settings) { s.Persistence = tt.mode })
			got := n.howToStop(View{Info: info.Parse(strings.ReplaceAll(tt.view, " ", "\n"))}, tt.left)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestReady(t *testing.T) {
	tests := []struct {
		name, role, leader, view, wrong string
	}{
		{"master", settings.Master, "v-master-0", "role:master", ""},
		{"master that loads", settings.Master, "v-master-0", "role:master loading:1", "loading"},
		{"master's pod that follows for now", settings.Master, "v-replica-0", "role:slave master_link_status:up", "not master yet"},
		{"replica in sync", settings.Replica, "v-replica-0", "role:slave master_link_status:up master_last_io_seconds_ago:1", ""},
		{"replica without a link", settings.Replica, "v-replica-0", "role:slave master_link_status:down", "no link"},
		{"replica that syncs", settings.Replica, "v-replica-0", "role:slave master_link_status:up master_sync_in_progress:1", "no link"},
		{"replica that lags", settings.Replica, "v-replica-0", "role:slave master_link_status:up master_last_io_seconds_ago:11", "11s ago"},
		{"no answer yet", settings.Master, "v-master-0", "", "no server"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := newNode(t, func(s *settings.Settings) { s.Role = tt.role })
			n.record.Leader = tt.leader
			if tt.role == settings.Replica {
				n.settings.PodName = "v-replica-1"
			}
			seen(n, tt.view)
			err := n.Ready()
			if tt.wrong == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tt.wrong)
		})
	}

	n := newNode(t, nil)
	n.record.Leader = "v-master-0"
	seen(n, "role:master")
	n.view.At = time.Now().Add(-time.Minute)
	require.ErrorContains(t, n.Ready(), "last heard")
	n.leaving = true
	require.NoError(t, n.Ready(), "a pod that stops stays ready until it has stopped")
}

func TestStartedAndLiveWithoutAServer(t *testing.T) {
	n := newNode(t, nil)
	require.ErrorContains(t, n.Started(), stateGuarding)
	n.setState(stateHolding, "v-replica-0 does not answer")
	require.NoError(t, n.Started(), "holding is no reason to restart the container")
	require.NoError(t, n.Live(t.Context()))

	n.process = &server.Process{}
	n.view = View{Started: time.Now()}
	require.NoError(t, n.Live(t.Context()), "it has not opened its socket yet")
	n.view.Started = time.Now().Add(-2 * busyFor)
	require.ErrorContains(t, n.Live(t.Context()), "does not answer")
}

func TestSnapshotSetAside(t *testing.T) {
	n := newNode(t, func(s *settings.Settings) { s.Persistence = settings.RDB })
	snapshot(t, n, "a", "5", "\xfe")
	path := filepath.Join(n.settings.DataDir, conf.SnapshotName)
	theirs := peer.Status{Replid: "b", Replid2: "a", SecondOffset: 6, Offset: 9}

	n.makeRoom(n.onDisk(), theirs)
	require.FileExists(t, path, "it serves for a partial resync")

	theirs.Replid, theirs.Replid2 = "c", "b"
	n.makeRoom(n.onDisk(), theirs)
	require.NoFileExists(t, path)
	require.True(t, n.onDisk().position.HasData, "the peer was lost before its data were here: the old ones are all there is")
	require.FileExists(t, path)

	n.makeRoom(n.onDisk(), theirs)
	snapshot(t, n, "b", "9", "\xfe")
	require.Equal(t, "b", n.onDisk().position.Replid)
	require.NoFileExists(t, filepath.Join(n.settings.DataDir, conf.AsideName), "newer data were saved")
}
