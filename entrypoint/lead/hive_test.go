package lead

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const long = time.Minute

// member is a pod of a hive that answers, has been a replica of m0 in term 1, and has
// left it long ago.
func member(name string, p Position) Peer {
	return Peer{Name: name, Answer: Known, Position: p, Term: 1, Leader: "m0", Quiet: long}
}

func with(p Peer, change func(*Peer)) Peer {
	change(&p)
	return p
}

// hive is that of r0 with three pods, all of which were in sync with m0.
func hive(peers ...Peer) Hive {
	return Hive{Policy: Safe, Self: "r0", Home: "m0", Leader: "m0", Term: 1, Need: 1, Quiet: long, Settled: true, Own: at("a", 50), Peers: peers}
}

func alter(h Hive, change func(*Hive)) Hive {
	change(&h)
	return h
}

var (
	silentMaster = Peer{Name: "m0", Answer: Unknown}
	reigning     = with(member("m0", at("a", 60)), func(p *Peer) { p.Master = true })
	peerReplica  = member("r1", at("a", 50))
	silentPeer   = Peer{Name: "r1", Answer: Unknown, InSync: true}
	absentPeer   = Peer{Name: "r1", Answer: Absent}
	successor    = with(member("r1", after(at("a", 50), "b", 55)), func(p *Peer) { p.Master, p.Term, p.Leader = true, 2, "r1" })
	hearing      = with(peerReplica, func(p *Peer) { p.Hears = true })
)

func TestSound(t *testing.T) {
	tests := []struct {
		name   string
		hive   Hive
		action Action
		peer   string
	}{
		{"master silent, the other replica lost it too", hive(silentMaster, peerReplica), Canvass, ""},
		{"master's server down, its pod has had its time", hive(with(reigning, func(p *Peer) { p.Master = false }), peerReplica), Canvass, ""},
		{"master's server down, its pod is about to find the next", alter(hive(with(reigning, func(p *Peer) { p.Master = false }), peerReplica), func(h *Hive) { h.Settled = false }), Wait, "m0"},
		{"own link to the master broken, the other's is not", hive(silentMaster, hearing), Wait, "r1"},
		{"own server was master and died, a replica has not noticed", alter(hive(with(hearing, func(p *Peer) { p.Leader = "r0" })), func(h *Hive) { h.Leader, h.Gone = "r0", true }), Canvass, ""},
		{"link was down for a moment", hive(reigning, peerReplica), Join, "m0"},
		{"elected while this pod was away", hive(silentMaster, successor), Join, "r1"},
		{"the old master is back beside the new one", hive(reigning, successor), Join, "r1"},
		{"the master is back, but this pod has promised a later term", alter(hive(reigning, peerReplica), func(h *Hive) { h.Promised = 2 }), Wait, "m0"},
		{"the master is back, but the other has promised a later term", hive(reigning, with(peerReplica, func(p *Peer) { p.Promised = 2 })), Wait, "m0"},
		{"a master that holds nothing is not joined with data", hive(with(reigning, func(p *Peer) { p.Position = Position{} }), peerReplica), Wait, "m0"},
		{"a new pod joins when all answer", alter(hive(reigning, peerReplica), func(h *Hive) { h.Own, h.Leader, h.Term, h.Quiet = Position{}, "", 0, time.Second }), Join, "m0"},
		{"a new pod may have forgotten a later master whose replica is silent", alter(hive(reigning, silentPeer), func(h *Hive) { h.Own, h.Leader, h.Term, h.Quiet = Position{}, "", 0, time.Second }), Wait, "r1"},
		{"a new pod joins when a master that it forgot takes no writes any more", alter(hive(reigning, silentPeer), func(h *Hive) { h.Own, h.Leader, h.Term, h.Quiet = Position{}, "", 0, FenceWait }), Join, "m0"},

		{"cut off from both", hive(silentMaster, silentPeer), Hold, "r1"},
		{"cut off from both, the names vanish, too", hive(silentMaster, with(silentPeer, func(p *Peer) { p.Answer = Absent })), Hold, "r1"},
		{"the other replica does not exist, or has only just come", hive(silentMaster, absentPeer), Hold, "r1"},
		{"first install, one of the others is not there yet", alter(hive(Peer{Name: "m0", Answer: Absent}, with(peerReplica, func(p *Peer) { p.Position, p.Term, p.Leader = Position{}, 0, "" })), func(h *Hive) { h.Own, h.Leader, h.Term = Position{}, "", 0 }), Canvass, ""},
		{"first install, or all but this one are denied by DNS", alter(hive(Peer{Name: "m0", Answer: Absent}, absentPeer), func(h *Hive) { h.Own, h.Leader, h.Term = Position{}, "", 0 }), Hold, "m0"},
		{"available: the other replica does not exist, for a while", alter(hive(silentMaster, absentPeer), func(h *Hive) { h.Policy, h.Patient = Available, true }), Wait, "r1"},
		{"available: the other replica does not exist for long", alter(hive(silentMaster, absentPeer), func(h *Hive) { h.Policy = Available }), Canvass, ""},
		{"available: the other replica does not exist, but was in sync", alter(hive(silentMaster, with(absentPeer, func(p *Peer) { p.InSync = true })), func(h *Hive) { h.Policy, h.Patient = Available, true }), Wait, "r1"},
		{"a master wants to be elected anew while one of two replicas is silent", alter(hive(hearing, Peer{Name: "r2", Answer: Unknown}), func(h *Hive) { h.Leader, h.Reigns = "r0", true; h.Peers[0].Leader = "r0" }), Canvass, ""},
		{"a master wants to be elected anew while both are silent", alter(hive(silentPeer, Peer{Name: "r2", Answer: Unknown}), func(h *Hive) { h.Leader, h.Reigns = "r0", true }), Hold, "r1"},
		{"a master wants to be elected anew while so many are silent that they may have one", alter(hive(hearing, Peer{Name: "r2", Answer: Unknown}, Peer{Name: "r3", Answer: Unknown}), func(h *Hive) { h.Leader, h.Reigns = "r0", true; h.Peers[0].Leader = "r0" }), Hold, "r2"},
		{"two needed: one of three replicas may be silent", alter(hive(silentMaster, silentPeer, member("r2", at("a", 50))), func(h *Hive) { h.Need = 2 }), Canvass, ""},
		{"two needed: two of three replicas may not", alter(hive(silentMaster, silentPeer, Peer{Name: "r2", Answer: Unknown}), func(h *Hive) { h.Need = 2 }), Hold, "r1"},
		{"available: cut off from both, for a while", alter(hive(silentMaster, silentPeer), func(h *Hive) { h.Policy, h.Patient = Available, true }), Wait, "r1"},
		{"available: cut off from one that clients still find", alter(hive(silentMaster, with(silentPeer, func(p *Peer) { p.Listed = true })), func(h *Hive) { h.Policy = Available }), Wait, "r1"},
		{"available: cut off from both for long", alter(hive(silentMaster, silentPeer), func(h *Hive) { h.Policy = Available }), Canvass, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { decides(t, tt.hive.Sound(), tt.action, tt.peer) })
	}
}

func decides(t *testing.T, got Decision, action Action, peer string) {
	t.Helper()
	require.Equal(t, action, got.Action, got.Reason)
	require.Equal(t, peer, got.Peer, got.Reason)
	require.NotEmpty(t, got.Reason)
}

func TestElect(t *testing.T) {
	empty := func(p *Peer) { p.Position = Position{} }
	nothing := func(h *Hive) { h.Own = Position{} }
	follows := func(p *Peer) { p.Leader, p.Hears = "r0", true }
	anew := func(h Hive) Hive {
		return alter(h, func(h *Hive) { h.Leader, h.Reigns = "r0", true })
	}
	tests := []struct {
		name   string
		hive   Hive
		action Action
		peer   string
	}{
		{"the silent master can't take writes any more", hive(silentMaster, peerReplica), Start, ""},
		{"the silent master may still count on this pod", alter(hive(silentMaster, peerReplica), func(h *Hive) { h.Quiet = time.Second }), Wait, "m0"},
		{"the silent master may still count on the other", hive(silentMaster, with(peerReplica, func(p *Peer) { p.Quiet = FenceWait - 1 })), Wait, "m0"},
		{"the master is certainly dead: nothing to wait for", alter(hive(silentMaster, peerReplica), func(h *Hive) { h.Gone, h.Quiet = true, 0 }), Start, ""},
		{"the master's pod answers, and has left mastership", alter(hive(with(reigning, func(p *Peer) { p.Master, p.Position = false, at("a", 50) }), peerReplica), func(h *Hive) { h.Quiet = 0 }), Promote, "m0"},
		{"the master's pod was given up, and a new one answers in its name", alter(hive(with(member("m0", Position{}), func(p *Peer) { p.Quiet = time.Second }), peerReplica), func(h *Hive) { h.Quiet = 0 }), Wait, "m0"},
		{"this pod is the new one in the name of a master that was given up", alter(hive(with(peerReplica, func(p *Peer) { p.Leader = "r0" })), func(h *Hive) { h.Leader, h.Term, h.Quiet = "", 0, time.Second }), Wait, ""},
		{"a reigning master's own replicas do not hold it up", alter(hive(with(hearing, func(p *Peer) { p.Leader, p.Quiet = "r0", 0 }), Peer{Name: "r2", Answer: Unknown}), func(h *Hive) { h.Leader, h.Need = "r0", 2 }), Start, ""},

		{"the other holds more", hive(silentMaster, member("r1", at("a", 51))), Promote, "r1"},
		{"the other holds less", hive(silentMaster, member("r1", at("a", 49))), Start, ""},
		{"an equal one that is Home goes before", alter(hive(silentMaster, peerReplica), func(h *Hive) { h.Home = "r1" }), Promote, "r1"},
		{"an equal one whose server runs goes before", alter(hive(silentMaster, peerReplica), func(h *Hive) { h.Idle = true }), Promote, "r1"},
		{"an equal one that is no reserve goes before", alter(hive(silentMaster, peerReplica), func(h *Hive) { h.Reserve = true }), Promote, "r1"},
		{"a reserve that holds more goes before", hive(silentMaster, with(member("r1", at("a", 51)), func(p *Peer) { p.Reserve = true })), Promote, "r1"},
		{"what a master of a later term wrote goes before a greater offset", hive(silentMaster, member("r1", after(at("z", 40), "b", 45))), Promote, "r1"},
		{"a fork that holds all of this and more", hive(silentMaster, member("r1", after(at("a", 50), "b", 50))), Promote, "r1"},
		{"files that are older than their record lose", hive(silentMaster, member("r1", stale(at("z", 900)))), Start, ""},
		{"two that contain each other's past in turn", hive(member("m0", at("b", 70)), member("r1", after(at("a", 50), "b", 60))), Promote, "m0"},
		{"the others are empty", hive(with(silentMaster, func(p *Peer) { p.Answer = Absent }), with(peerReplica, empty)), Start, ""},
		{"own server is empty", alter(hive(silentMaster, peerReplica), nothing), Promote, "r1"},

		{"a master is elected anew, and its view is older than what a replica says of itself", anew(hive(with(member("r1", at("a", 51)), follows))), Start, ""},
		{"a master is elected anew, and Home holds as much", anew(alter(hive(with(peerReplica, follows)), func(h *Hive) { h.Home = "r1" })), Start, ""},
		{"a master is elected anew, and another holds what it never had", anew(hive(member("r1", after(at("z", 40), "b", 45)))), Promote, "r1"},
		{"a master is elected anew, and nobody holds anything", anew(alter(hive(with(with(peerReplica, follows), empty)), nothing)), Start, ""},
		{"an empty master is elected anew", anew(alter(hive(with(peerReplica, follows)), nothing)), Promote, "r1"},

		{"first install", alter(hive(with(member("m0", Position{}), func(p *Peer) { p.Term, p.Leader, p.Quiet = 0, "", 0 })), func(h *Hive) { h.Own, h.Leader, h.Term, h.Quiet = Position{}, "", 0, 0 }), Promote, "m0"},
		{"first install, at Home", alter(hive(with(peerReplica, func(p *Peer) { p.Position, p.Term, p.Leader, p.Quiet = Position{}, 0, "", 0 })), func(h *Hive) { h.Self, h.Own, h.Leader, h.Term, h.Quiet = "m0", Position{}, "", 0, 0 }), Start, ""},
		{"first install, Home is not there yet", alter(hive(absentPeer), func(h *Hive) { h.Own, h.Leader, h.Term = Position{}, "", 0 }), Hold, "m0"},
		{"replicas in their first sync do not go on without a silent master", alter(hive(silentMaster, with(peerReplica, empty)), nothing), Hold, "m0"},
		{"replicas in their first sync, and Home is not the master", alter(hive(with(member("m0", Position{}), func(p *Peer) { p.Leader = "r1" }), Peer{Name: "r1", Answer: Unknown}), func(h *Hive) { h.Own, h.Leader = Position{}, "r1" }), Hold, "r1"},

		{"somebody became master meanwhile", alter(hive(silentMaster, successor), func(h *Hive) { h.Promised = 2 }), Join, "r1"},
		{"one that had promised is silent: the campaign is over", hive(silentMaster, silentPeer), Hold, "r1"},
		{"available: the campaign is over, too", alter(hive(silentMaster, silentPeer), func(h *Hive) { h.Policy, h.Patient = Available, true }), Hold, "r1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { decides(t, tt.hive.Elect(), tt.action, tt.peer) })
	}
}

func TestReign(t *testing.T) {
	master := func(peers ...Peer) Hive {
		return alter(hive(peers...), func(h *Hive) { h.Leader = "r0" })
	}
	follower := with(hearing, func(p *Peer) { p.Leader = "r0" })
	rival := func(name string, term uint64, p Position) Peer {
		return Peer{Name: name, Answer: Known, Master: true, Term: term, Leader: name, Position: p}
	}
	tests := []struct {
		name   string
		hive   Hive
		action Action
		peer   string
	}{
		{"all is well", master(follower), Start, ""},
		{"nobody answers", master(silentMaster, silentPeer), Start, ""},
		{"a replica that missed the last election", master(with(peerReplica, func(p *Peer) { p.Term = 0 })), Start, ""},
		{"cut off while the others elected another", master(follower, rival("m0", 2, at("b", 9))), Join, "m0"},
		{"another of an earlier term", alter(master(follower, rival("m0", 1, at("b", 90))), func(h *Hive) { h.Term = 2 }), Start, ""},
		{"another of the same term, with more data", master(follower, rival("m0", 1, at("b", 90))), Join, "m0"},
		{"another of the same term, with less: its followers have to come along", master(follower, rival("m0", 1, at("b", 9))), Canvass, "m0"},
		{"a replica's own campaign failed: it can follow none of this term", master(with(follower, func(p *Peer) { p.Promised = 2 })), Canvass, "r1"},
		{"the others lost a later master", master(with(peerReplica, func(p *Peer) { p.Term, p.Leader = 2, "m0" })), Canvass, "r1"},
		{"own try to be elected anew failed", alter(master(follower), func(h *Hive) { h.Promised = 2 }), Canvass, ""},
		{"began empty, and a pod with data came back", alter(master(with(follower, func(p *Peer) { p.Position = at("z", 7) })), func(h *Hive) { h.Own = Position{} }), Canvass, "r1"},
		{"emptied by its clients, and a replica is behind", alter(master(follower), func(h *Hive) { h.Own = Position{Replid: "a", Offset: 60} }), Start, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { decides(t, tt.hive.Reign(), tt.action, tt.peer) })
	}
}

func TestRefusal(t *testing.T) {
	replica := Standing{Term: 4, Leader: "m0"}
	hears := Standing{Term: 4, Leader: "m0", Hears: true}
	promised := Standing{Term: 4, Leader: "m0", Promised: 6, Candidate: "r1"}
	tests := []struct {
		name      string
		standing  Standing
		term      uint64
		candidate string
		want      string
	}{
		{"it hears no master either", replica, 5, "r1", ""},
		{"a pod without memory", Standing{}, 1, "r1", ""},
		{"it hears the master well", hears, 5, "r1", "hears"},
		{"the master itself wants to be elected anew", hears, 5, "m0", ""},
		{"it is master", Standing{Term: 4, Leader: "r0", Master: true}, 5, "r1", "is master"},
		{"a candidate that has slept through an election", replica, 4, "r1", "knows a master"},
		{"the candidate asks again", promised, 6, "r1", ""},
		{"two candidates at once", promised, 6, "r2", "has promised"},
		{"the other candidate tries again, later", promised, 7, "r2", ""},
		{"an order of asking that was overtaken", promised, 5, "r1", "has promised"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := tt.standing.Refusal(tt.term, tt.candidate)
			if tt.want == "" {
				require.Empty(t, got)
				return
			}
			require.Contains(t, got, tt.want)
		})
	}
}

func TestTerms(t *testing.T) {
	elected := ElectionTerm(0)
	handedOver := HandoverTerm(HandoverTerm(elected))
	require.Less(t, elected, handedOver)
	require.Less(t, handedOver, ElectionTerm(elected), "who has not heard of the handovers outranks them")
	require.Equal(t, ElectionTerm(elected), ElectionTerm(handedOver))
	require.Less(t, uint64(7), ElectionTerm(7), "terms of an earlier release")
}

// Whoever computes the winner from the same answers computes the same, in whatever
// order they came, and nobody holds more than the winner.
func FuzzElectAgrees(f *testing.F) {
	f.Add([]byte{1, 10, 5, 2, 20, 6, 3, 30, 7})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) < 9 {
			return
		}
		var pods []Peer
		for i, name := range []string{"r0", "r1", "r2"} {
			d := data[3*i:]
			p := Position{HasData: d[0]%4 > 0, Term: uint64(d[2] % 3), Replid: string(rune('a' + d[0]/4%3)), Offset: int64(d[1])}
			if d[2] > 100 {
				p = after(p, string(rune('d'+d[2]%3)), int64(d[1])+int64(d[2]))
			}
			pods = append(pods, member(name, p))
		}
		name := func(self int) string {
			h := hive(silentMaster)
			h.Self, h.Own, h.Gone = pods[self].Name, pods[self].Position, true
			for i := range pods {
				if j := (self + i) % len(pods); j != self {
					h.Peers = append(h.Peers, pods[j])
				}
			}
			d := h.Elect()
			if d.Action == Start {
				return h.Self
			}
			return d.Peer
		}
		winner := name(0)
		require.Equal(t, winner, name(1))
		require.Equal(t, winner, name(2))
	})
}
