package lead

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/record"
)

func at(replid string, offset int64) Position {
	return Position{HasData: true, Term: 1, Replid: replid, Offset: offset}
}

func whole(p Position) Position {
	p.Whole = true
	return p
}

func after(p Position, replid string, offset int64) Position {
	p.History = append([]record.Fork{{Replid: p.Replid, End: p.Offset}}, p.History...)
	p.Replid, p.Offset, p.Term = replid, offset, p.Term+1
	return p
}

func later(p Position) Position {
	p.Term += 3
	return p
}

func stale(p Position) Position {
	p.Term = 0
	return p
}

func inSync(p Peer) Peer {
	p.InSync = true
	return p
}

func replica(name string, p Position) Peer { return Peer{Name: name, Answer: Known, Position: p} }

func TestWithin(t *testing.T) {
	tests := []struct {
		name string
		p, q Position
		want bool
	}{
		{"nothing is within nothing", Position{}, Position{}, true},
		{"nothing is within all", Position{}, at("a", 1), true},
		{"data are not within nothing", at("a", 1), Position{}, false},
		{"same history, less", at("a", 1), at("a", 2), true},
		{"same history, equal", at("a", 2), at("a", 2), true},
		{"same history, more", at("a", 3), at("a", 2), false},
		{"same history, more, but of a whole one", at("a", 3), whole(at("a", 2)), true},
		{"earlier history, before the fork", at("a", 5), after(at("a", 5), "b", 9), true},
		{"earlier history, past the fork", at("a", 6), after(at("a", 5), "b", 9), false},
		{"later history", after(at("a", 5), "b", 9), at("a", 5), false},
		{"two forks ago", at("a", 5), after(after(at("a", 5), "b", 9), "c", 0), true},
		{"strangers", at("a", 1), at("b", 100), false},
		{"data of unknown age", Position{HasData: true}, at("a", 100), false},
		{"data of unknown age on both sides", Position{HasData: true}, Position{HasData: true}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, tt.p.Within(tt.q)) })
	}
}

func TestDecide(t *testing.T) {
	unknown := Peer{Name: "r1", Answer: Unknown}
	absent := Peer{Name: "r1", Answer: Absent}
	emptyReplica := replica("r0", Position{})
	promoted := Peer{Name: "r0", Answer: Known, Master: true, Position: after(at("a", 50), "b", 60)}
	settling := replica("r0", at("a", 50))
	settling.Settling = true

	tests := []struct {
		name   string
		in     Input
		action Action
		peer   string
	}{
		{"alone", Input{}, Start, ""},
		{"alone with data", Input{Self: at("a", 1)}, Start, ""},
		{"first install, all answer", Input{Peers: []Peer{emptyReplica}, Patient: true}, Start, ""},
		{"first install, names not there yet", Input{Peers: []Peer{absent, emptyReplica}, Patient: true}, Start, ""},
		{"first install, one silent: wait", Input{Peers: []Peer{emptyReplica, unknown}, Patient: true}, Wait, "r1"},
		{"first install, one silent for too long", Input{Peers: []Peer{emptyReplica, unknown}}, Hold, "r1"},
		{"one silent for too long, operator says start", Input{Peers: []Peer{unknown}, StartEmpty: true}, Start, ""},

		{"empty master, replica with data", Input{Peers: []Peer{replica("r0", at("a", 50))}, Patient: true}, Promote, "r0"},
		{"empty master, most advanced of two", Input{Peers: []Peer{replica("r0", at("a", 50)), replica("r1", at("a", 51))}}, Promote, "r1"},
		{"empty master, offset without data is no data", Input{Peers: []Peer{{Name: "r0", Answer: Known, Position: Position{Replid: "a", Offset: 900}}, replica("r1", at("a", 5))}}, Promote, "r1"},
		{"empty master, one with data and one silent: wait", Input{Peers: []Peer{replica("r0", at("a", 50)), unknown}, Patient: true}, Wait, "r1"},
		{"empty master, one with data, one silent for too long", Input{Peers: []Peer{replica("r0", at("a", 50)), unknown}}, Promote, "r0"},
		{"operator's leave does not overwrite what is known", Input{Peers: []Peer{replica("r0", at("a", 50)), unknown}, StartEmpty: true}, Promote, "r0"},

		{"stale snapshot", Input{Self: at("a", 20), Peers: []Peer{replica("r0", at("a", 50))}}, Promote, "r0"},
		{"fresh snapshot", Input{Self: at("a", 50), Peers: []Peer{replica("r0", at("a", 50))}}, Start, ""},
		{"own data ahead of the replicas", Input{Self: at("a", 60), Peers: []Peer{replica("r0", at("a", 50))}}, Start, ""},
		{"stale snapshot alone, silent peer", Input{Self: at("a", 20), Peers: []Peer{unknown}}, Hold, "r1"},
		{"data of unknown age, replica with data", Input{Self: Position{HasData: true}, Peers: []Peer{replica("r0", at("a", 50))}}, Promote, "r0"},
		{"data of unknown age, nobody else has any", Input{Self: Position{HasData: true}, Peers: []Peer{emptyReplica}}, Start, ""},
		{"replica of a stranger's history", Input{Self: at("a", 20), Peers: []Peer{replica("r0", at("z", 5))}}, Promote, "r0"},

		{"crash in place: silent peer was not in sync", Input{Self: at("a", 20), Recent: true, Patient: true, Peers: []Peer{inSync(replica("r0", at("a", 50))), unknown}}, Promote, "r0"},
		{"crash in place: nobody was in sync, and one is silent", Input{Self: at("a", 20), Recent: true, Patient: true, Peers: []Peer{replica("r0", at("a", 50)), unknown}}, Wait, "r1"},
		{"crash in place: nobody was in sync, and all are silent", Input{Recent: true, Patient: true, Peers: []Peer{unknown}}, Wait, "r1"},
		{"crash in place: nobody was in sync, and all are silent for too long", Input{Recent: true, Peers: []Peer{unknown}}, Hold, "r1"},
		{"crash in place: the peer that was in sync came back empty", Input{Recent: true, Peers: []Peer{inSync(emptyReplica), unknown}}, Hold, "r1"},
		{"crash in place, current data: silent peer was not in sync", Input{Self: at("a", 20), Recent: true, Current: true, Patient: true, Peers: []Peer{unknown}}, Start, ""},
		{"crash in place: silent peer was in sync", Input{Self: at("a", 20), Recent: true, Patient: true, Peers: []Peer{replica("r0", at("a", 50)), {Name: "r1", Answer: Unknown, InSync: true}}}, Wait, "r1"},
		{"crash in place, current data, in-sync peer silent for too long", Input{Self: at("a", 20), Recent: true, Current: true, Peers: []Peer{{Name: "r1", Answer: Unknown, InSync: true}}}, Start, ""},
		{"crash in place, stale data, in-sync peer silent for too long", Input{Self: at("a", 20), Recent: true, Peers: []Peer{{Name: "r1", Answer: Unknown, InSync: true}}}, Hold, "r1"},

		{"clean stop: nobody is waited for", Input{Self: whole(at("a", 50)), Patient: true, Peers: []Peer{replica("r0", at("a", 52)), unknown}}, Start, ""},
		{"clean stop long ago, replica has gone on since", Input{Self: whole(at("a", 50)), Peers: []Peer{replica("r0", after(at("a", 50), "b", 60))}}, Promote, "r0"},
		{"clean stop of a later term than a stranger's data", Input{Self: whole(Position{HasData: true, Term: 5, Replid: "a", Offset: 9}), Peers: []Peer{replica("r0", at("z", 70))}}, Start, ""},
		{"clean stop of the same term as a stranger's data", Input{Self: whole(at("a", 50)), Peers: []Peer{replica("r0", at("z", 70))}}, Promote, "r0"},

		{"a peer is master", Input{Self: at("a", 50), Peers: []Peer{promoted, replica("r1", at("a", 70))}}, Join, "r0"},
		{"a peer is master: even after a clean stop", Input{Self: whole(at("a", 50)), Peers: []Peer{promoted}}, Join, "r0"},
		{"an empty master is not joined with data", Input{Self: at("a", 50), Peers: []Peer{{Name: "r0", Answer: Known, Master: true}}}, Start, ""},
		{"an empty master is joined without data", Input{Peers: []Peer{{Name: "r0", Answer: Known, Master: true}}}, Join, "r0"},
		{"a master emptied on purpose is joined", Input{Self: at("a", 50), Peers: []Peer{{Name: "r0", Answer: Known, Master: true, Position: Position{Replid: "a", Offset: 90}}}}, Join, "r0"},
		{"two masters: the later term", Input{Peers: []Peer{{Name: "r0", Answer: Known, Master: true, Position: at("y", 900)}, promoted}}, Join, "r0"},

		{"a master that was lost while the others went on", Input{Self: after(at("a", 50), "c", 55), Peers: []Peer{promoted, replica("r1", at("a", 40))}}, Join, "r0"},
		{"a master of an earlier term than own data", Input{Self: later(after(at("a", 50), "c", 55)), Peers: []Peer{promoted}}, Start, ""},
		{"a master of an earlier term than own files, which are older than their record", Input{Self: stale(later(after(at("a", 50), "c", 55))), Peers: []Peer{promoted}}, Join, "r0"},
		{"a master of an earlier term than current own data", Input{Self: later(after(at("a", 50), "c", 55)), Recent: true, Current: true, Peers: []Peer{promoted}}, Start, ""},
		{"a master of an earlier term than whole own data", Input{Self: whole(later(after(at("a", 50), "c", 55))), Peers: []Peer{promoted}}, Start, ""},
		{"a master of an earlier term than a replica's data", Input{Peers: []Peer{promoted, replica("r1", later(after(at("a", 50), "c", 55)))}}, Promote, "r1"},
		{"a master that has all of a later term", Input{Self: later(at("a", 50)), Peers: []Peer{promoted}}, Join, "r0"},

		{"a replica still takes in data", Input{Peers: []Peer{settling, replica("r1", at("a", 40))}}, Wait, "r0"},
		{"a replica takes in data for too long", Input{Settled: true, Peers: []Peer{settling, replica("r1", at("a", 40))}}, Promote, "r0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Decide(tt.in)
			require.Equal(t, tt.action, got.Action, got.Reason)
			require.Equal(t, tt.peer, got.Peer)
			require.NotEmpty(t, got.Reason)
		})
	}
}

// Whatever the input: no start over data that a peer is known to hold and that is
// missing here, unless they are of an older term than own data of which nothing is
// missing.
func FuzzDecideNeverOverwrites(f *testing.F) {
	f.Add(uint8(1), int64(5), uint8(2), int64(7), uint8(0), true)
	f.Fuzz(func(t *testing.T, selfID uint8, selfOffset int64, peerID uint8, peerOffset int64, flags uint8, isWhole bool) {
		position := func(id uint8, offset int64) Position {
			return Position{HasData: id%4 != 0, Term: uint64(id) / 64, Replid: string(rune('a' + id%4)), Offset: offset}
		}
		self := position(selfID, selfOffset)
		self.Whole = isWhole
		held := position(peerID, peerOffset)
		d := Decide(Input{
			Self: self, Recent: flags&1 > 0, Current: flags&2 > 0, Patient: flags&4 > 0, Settled: flags&8 > 0, StartEmpty: flags&16 > 0,
			Peers: []Peer{{Name: "silent", Answer: Unknown}, replica("r0", held)},
		})
		if d.Action == Start && held.HasData && !held.Within(self) {
			require.True(t, held.Term < self.Term, "%+v over %+v: %s", self, held, d.Reason)
		}
	})
}
