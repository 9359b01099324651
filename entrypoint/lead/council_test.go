package lead

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// hears is a Sentinel that answers and hears the master at m of an epoch.
func hears(epoch uint64) Seat { return Seat{Answers: true, Master: "m:1", Epoch: epoch} }

// misses is one that does not hear it.
func misses(epoch uint64) Seat {
	return Seat{Answers: true, Master: "m:1", Epoch: epoch, Down: true}
}

// moved is s with another master.
func moved(s Seat, master string) Seat {
	s.Master = master
	return s
}

// silent is a Sentinel that does not answer. The rest must not count.
var silent = Seat{Master: "m:1", Epoch: 99, Down: true}

func TestCouncilSits(t *testing.T) {
	tests := []struct {
		name     string
		council  Council
		majority int
		sits     bool
	}{
		{"nobody", nil, 1, false},
		{"one", Council{hears(1)}, 1, true},
		{"one, silent", Council{silent}, 1, false},
		{"one of two", Council{hears(1), silent}, 2, false},
		{"two of three", Council{hears(1), silent, misses(1)}, 2, true},
		{"one of three", Council{silent, hears(1), silent}, 2, false},
		{"two of four", Council{hears(1), hears(1), silent, silent}, 3, false},
		{"three of five, which disagree", Council{hears(1), silent, misses(2), silent, moved(hears(3), "r:1")}, 3, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.majority, tt.council.Majority())
			require.Equal(t, tt.sits, tt.council.Sits())
		})
	}
}

func TestCouncilNewest(t *testing.T) {
	tests := []struct {
		name    string
		council Council
		master  string
		epoch   uint64
		ok      bool
	}{
		{"nobody", nil, "", 0, false},
		{"nobody answers", Council{silent, silent}, "", 0, false},
		{"the only one that answers", Council{silent, hears(2)}, "m:1", 2, true},
		{"there has been no master yet", Council{hears(0), silent}, "m:1", 0, true},
		{"few have heard of the latest", Council{hears(2), moved(hears(3), "r:1"), hears(2)}, "r:1", 3, true},
		{"who does not hear the latest knows it all the same", Council{hears(2), moved(misses(3), "r:1")}, "r:1", 3, true},
		{"all know the same", Council{hears(4), misses(4), hears(4)}, "m:1", 4, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			newest, ok := tt.council.Newest()
			require.Equal(t, tt.ok, ok)
			require.Equal(t, tt.master, newest.Master)
			require.Equal(t, tt.epoch, newest.Epoch)
		})
	}
}

func TestCouncilMisses(t *testing.T) {
	tests := []struct {
		name    string
		council Council
		quorum  int
		want    bool
	}{
		{"nobody", nil, 0, false},
		{"all hear it", Council{hears(1), hears(1), hears(1)}, 2, false},
		{"one of three does not", Council{misses(1), hears(1), hears(1)}, 2, false},
		{"two of three do not", Council{misses(1), hears(1), misses(1)}, 2, true},
		{"two do not, and the third is silent", Council{misses(1), silent, misses(1)}, 2, true},
		{"who is silent is not asked what it misses", Council{misses(1), silent, silent}, 2, false},

		{"a quorum of one is less than a majority", Council{misses(1), hears(1), hears(1)}, 1, false},
		{"no quorum is a majority", Council{misses(1), misses(1), hears(1)}, 0, true},
		{"two of five are a quorum, and less than a majority", Council{misses(1), misses(1), hears(1), silent, silent}, 2, false},
		{"two of four are a quorum, and half", Council{misses(1), misses(1), hears(1), hears(1)}, 2, false},
		{"three of five", Council{misses(1), misses(1), misses(1), silent, silent}, 2, true},
		{"all have to miss it", Council{misses(1), misses(1), hears(1)}, 3, false},
		{"all do", Council{misses(1), misses(1), misses(1)}, 3, true},
		{"more than there are", Council{misses(1), misses(1), misses(1)}, 4, false},

		{"they miss a master of the past", Council{misses(1), misses(1), moved(hears(2), "r:1")}, 2, false},
		{"one that misses the latest does not speak for the others", Council{misses(1), misses(1), moved(misses(2), "r:1")}, 2, false},
		{"the same master was elected anew, and not all know of it", Council{misses(1), misses(1), misses(2)}, 2, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, tt.council.Misses(tt.quorum)) })
	}
}

// All of it is about the master at m of epoch 2.
func TestCouncilUpholds(t *testing.T) {
	tests := []struct {
		name    string
		council Council
		want    bool
	}{
		{"nobody", nil, false},
		{"all hear it", Council{hears(2), hears(2), hears(2)}, true},
		{"one does not", Council{hears(2), misses(2), hears(2)}, true},
		{"two do not", Council{hears(2), misses(2), misses(2)}, false},
		{"two are silent", Council{hears(2), silent, silent}, false},
		{"half hear it", Council{hears(2), hears(2), silent, silent}, false},
		{"two have not heard of its mastership yet", Council{moved(hears(1), "r:1"), moved(hears(1), "r:1"), silent}, true},
		{"what they miss is the master before it", Council{moved(misses(1), "r:1"), moved(misses(1), "r:1"), silent}, true},
		{"they missed it before it was elected anew", Council{misses(1), misses(1), hears(2)}, false},
		{"one knows a later master, which two do not", Council{moved(hears(3), "r:1"), hears(2), hears(2)}, true},
		{"two know a later master", Council{moved(hears(3), "r:1"), moved(hears(3), "r:1"), hears(2)}, false},
		{"two know it as master of a later epoch", Council{hears(3), hears(3), hears(2)}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, tt.council.Upholds("m:1", 2)) })
	}
}

// A master that a quorum misses has its tenure renewed by no majority, in whatever epoch
// it takes itself to be master, and whatever the quorum is: CouncilWait rests on that.
func FuzzMissedIsNotUpheld(f *testing.F) {
	f.Add([]byte{0b10010, 0b10110, 0b10111}, uint8(2), uint64(2))
	f.Fuzz(func(t *testing.T, data []byte, quorum uint8, epoch uint64) {
		if len(data) > 9 {
			return
		}
		var c Council
		for _, d := range data {
			c = append(c, Seat{Answers: d&1 == 0, Down: d&2 > 0, Master: fmt.Sprintf("m%d:1", d>>2&1), Epoch: uint64(d >> 3)})
		}
		newest, ok := c.Newest()
		if !c.Misses(int(quorum)) {
			return
		}
		require.True(t, ok)
		require.True(t, c.Sits(), "who misses it answers")
		require.False(t, c.Upholds(newest.Master, epoch))
	})
}

// counselled is a hive whose master the Sentinels decide on.
func counselled(v Verdict, peers ...Peer) Hive {
	return alter(hive(peers...), func(h *Hive) { h.Council, h.Need = &v, 0 })
}

var (
	heard  = Verdict{Sits: true, Epoch: 1}
	missed = Verdict{Sits: true, Epoch: 1, Missed: long}
	// adjourned are Sentinels too few of which answer, after they had missed the master.
	adjourned = Verdict{Epoch: 1, Missed: long}
)

func lately(by time.Duration) Verdict { return Verdict{Sits: true, Epoch: 1, Missed: by} }

func TestUnopposed(t *testing.T) {
	nobody := alter(counselled(Verdict{Sits: true}, silentMaster), func(h *Hive) { h.Leader, h.Term = "", 0 })
	tests := []struct {
		name string
		hive Hive
		want bool
	}{
		{"the old master is silent", counselled(missed, silentMaster), false},
		{"it has certainly ended", alter(counselled(heard, silentMaster), func(h *Hive) { h.Gone = true }), true},
		{"it is this pod", alter(counselled(heard, silentMaster), func(h *Hive) { h.Reigns = true }), true},
		{"there has been none", nobody, true},
		{"a peer knows of one", alter(nobody, func(h *Hive) { h.Peers = append(h.Peers, peerReplica) }), false},
		{"the Sentinels know of one", alter(nobody, func(h *Hive) { h.Council = &heard }), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, tt.hive.unopposed()) })
	}
}

func TestFence(t *testing.T) {
	young := func(h *Hive) { h.Quiet = 0 }
	tests := []struct {
		name string
		hive Hive
		want time.Duration
	}{
		{"just missed", counselled(lately(1), silentMaster), CouncilWait - 1},
		{"missed for a while", counselled(lately(time.Second), silentMaster), CouncilWait - time.Second},
		{"missed for long enough", counselled(lately(CouncilWait), silentMaster), 0},
		{"what its replicas last acknowledged does not count", alter(counselled(lately(CouncilWait), silentMaster), young), 0},
		{"it has certainly ended", alter(counselled(heard, silentMaster), func(h *Hive) { h.Gone = true }), 0},
		{"they have never known the last master", alter(counselled(lately(CouncilWait), silentMaster), func(h *Hive) { h.Term = 2 }), VoteHolds - CouncilWait},
		{"it is this pod", alter(counselled(heard, silentMaster), func(h *Hive) { h.Reigns = true }), 0},
		{"without Sentinels it is what its replicas acknowledged", alter(hive(silentMaster), young), FenceWait},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, tt.hive.fence()) })
	}
}

func TestSoundWithSentinels(t *testing.T) {
	later := Verdict{Sits: true, Epoch: 2, Missed: long}
	nobody := func(h *Hive) { h.Own, h.Leader, h.Term = Position{}, "", 0 }
	lagging := func(p *Peer) { p.InSync = true }
	starting := func(h *Hive) { h.Starting = true }
	forgetful := func(h *Hive) { h.Own, h.Leader, h.Term, h.Quiet = Position{}, "", 0, time.Second }
	tests := []struct {
		name   string
		hive   Hive
		action Action
		peer   string
	}{
		{"they miss the master", counselled(missed, silentMaster, peerReplica), Canvass, ""},
		{"they have only just begun to: what is to be waited for, Elect waits for", counselled(lately(1), silentMaster, peerReplica), Canvass, ""},
		{"they do not miss it", counselled(heard, silentMaster, peerReplica), Wait, "m0"},
		{"too few answer", counselled(adjourned, silentMaster, peerReplica), Hold, ""},
		{"too few answer, and the master has certainly ended", alter(counselled(adjourned, silentMaster, peerReplica), func(h *Hive) { h.Gone = true }), Hold, ""},
		{"the master has certainly ended: they need not have noticed", alter(counselled(heard, silentMaster, peerReplica), func(h *Hive) { h.Gone = true }), Canvass, ""},
		{"this master wants to be elected anew", alter(counselled(heard, peerReplica), func(h *Hive) { h.Leader, h.Reigns = "r0", true }), Canvass, ""},
		{"first install", alter(counselled(Verdict{Sits: true}, absentPeer), nobody), Canvass, ""},
		{"first install, too few answer", alter(counselled(Verdict{}, absentPeer), nobody), Hold, ""},
		{"a new pod among such that know nothing: the Sentinels know that there was a master", alter(counselled(heard, absentPeer), nobody), Wait, ""},

		{"silent replicas do not count", counselled(missed, silentMaster, silentPeer), Canvass, ""},
		{"nor do such that do not exist", counselled(missed, silentMaster, absentPeer), Canvass, ""},
		{"one that was in sync is silent, and that is news", alter(counselled(missed, silentMaster, with(silentPeer, lagging)), func(h *Hive) { h.Settled = false }), Wait, "r1"},
		{"one that was in sync has been silent for a while", alter(counselled(missed, silentMaster, with(silentPeer, lagging)), func(h *Hive) { h.Settled = true }), Canvass, ""},
		{"a pod that has just started waits for those that are silent", alter(counselled(missed, silentMaster, silentPeer), starting), Wait, "r1"},
		{"a pod that has just started waits for the last master", alter(counselled(missed, silentMaster, peerReplica), starting), Wait, "m0"},
		{"a pod that has just started does not wait for one that does not exist", alter(counselled(missed, with(silentMaster, func(p *Peer) { p.Answer = Absent }), absentPeer), starting), Canvass, ""},
		{"unless that may have data all the same", alter(counselled(missed, with(silentMaster, func(p *Peer) { p.Answer = Absent }), peerReplica), func(h *Hive) { h.Starting, h.Volumes = true, true }), Wait, "m0"},
		{"a master needs a replica, and one is silent", alter(counselled(missed, silentMaster, silentPeer), func(h *Hive) { h.Need = 1 }), Hold, "r1"},
		{"a master needs a replica, and the operator goes on without", alter(counselled(missed, silentMaster, silentPeer), func(h *Hive) { h.Need, h.Policy = 1, Available }), Canvass, ""},
		{"a master needs two replicas, and one is silent", alter(counselled(missed, silentMaster, silentPeer, with(peerReplica, func(p *Peer) { p.Name = "r2" })), func(h *Hive) { h.Need = 2 }), Canvass, ""},
		{"a master that is elected anew waits for nobody", alter(counselled(heard, with(silentPeer, lagging)), func(h *Hive) { h.Leader, h.Reigns, h.Need, h.Settled = "r0", true, 1, false }), Canvass, ""},
		{"a replica hears the master", counselled(missed, silentMaster, hearing), Wait, "r1"},

		{"the master is back", counselled(missed, reigning, peerReplica), Join, "m0"},
		{"the master is back, and too few answer", counselled(adjourned, reigning, peerReplica), Join, "m0"},
		{"the master is back, but they know of a later one", counselled(later, reigning, peerReplica), Wait, "m0"},
		{"the later one is there", counselled(later, reigning, successor), Join, "r1"},
		{"a new pod joins at once: they know whether there is a later master", alter(counselled(heard, reigning, silentPeer), forgetful), Join, "m0"},
		{"a new pod joins no earlier master than they know", alter(counselled(later, reigning, silentPeer), forgetful), Wait, "m0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { decides(t, tt.hive.Sound(), tt.action, tt.peer) })
	}
}

func TestElectWithSentinels(t *testing.T) {
	gone := func(h *Hive) { h.Gone = true }
	empty := with(peerReplica, func(p *Peer) { p.Position = Position{} })
	nothing := func(h *Hive) { h.Own = Position{} }
	tests := []struct {
		name   string
		hive   Hive
		action Action
		peer   string
	}{
		{"the master can't have its tenure renewed any more", counselled(lately(CouncilWait), silentMaster, peerReplica), Start, ""},
		{"it may have had it renewed at the last moment", counselled(lately(CouncilWait-1), silentMaster, peerReplica), Wait, "m0"},
		{"what replicas acknowledged last does not count", alter(counselled(lately(CouncilWait), silentMaster, with(peerReplica, func(p *Peer) { p.Quiet = 0 })), func(h *Hive) { h.Quiet = 0 }), Start, ""},
		{"it has certainly ended: nothing to wait for", alter(counselled(heard, silentMaster, peerReplica), gone), Start, ""},
		{"it has certainly ended, and has only just been missed", alter(counselled(lately(1), silentMaster, peerReplica), gone), Start, ""},
		{"they hear it again: the campaign is over", counselled(heard, silentMaster, peerReplica), Hold, "m0"},
		{"too few answer any more: the campaign is over", counselled(adjourned, silentMaster, peerReplica), Hold, ""},
		{"too few answer, and it has certainly ended", alter(counselled(adjourned, silentMaster, peerReplica), gone), Hold, ""},
		{"it is back: the campaign is over, and it is joined", counselled(missed, reigning, peerReplica), Join, "m0"},
		{"a master that is earlier than what they know is not joined", counselled(Verdict{Sits: true, Epoch: 2, Missed: long}, reigning, peerReplica), Hold, "m0"},

		{"a silent replica holds nobody up", counselled(missed, silentMaster, silentPeer), Start, ""},
		{"the other holds more", counselled(missed, silentMaster, member("r1", at("a", 51))), Promote, "r1"},
		{"this master is elected anew", alter(counselled(heard, with(hearing, func(p *Peer) { p.Leader, p.Quiet = "r0", 0 })), func(h *Hive) { h.Leader, h.Reigns, h.Quiet = "r0", true, 0 }), Start, ""},

		{"first install, Home begins", alter(counselled(Verdict{Sits: true}, with(member("m0", Position{}), func(p *Peer) { p.Term, p.Leader, p.Quiet = 0, "", 0 })), func(h *Hive) { h.Own, h.Leader, h.Term, h.Quiet = Position{}, "", 0, 0 }), Promote, "m0"},
		{"nobody holds data, and the master is silent", alter(counselled(missed, silentMaster, empty), nothing), Hold, "m0"},
		{"nobody holds data, the master is silent, and the operator lets them", alter(counselled(missed, silentMaster, empty, with(empty, func(p *Peer) { p.Name = "r2" })), func(h *Hive) { h.Own, h.Home, h.Policy = Position{}, "r0", Available }), Start, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { decides(t, tt.hive.Elect(), tt.action, tt.peer) })
	}
}

func TestReignWithSentinels(t *testing.T) {
	follower := with(hearing, func(p *Peer) { p.Leader = "r0" })
	rival := with(successor, func(p *Peer) { p.Name, p.Leader = "m0", "m0" })
	master := func(v Verdict, peers ...Peer) Hive {
		return alter(counselled(v, peers...), func(h *Hive) { h.Leader, h.Reigns = "r0", true })
	}
	tests := []struct {
		name   string
		hive   Hive
		action Action
		peer   string
	}{
		{"all is well", master(heard, follower), Start, ""},
		{"they have not heard of this mastership yet", master(Verdict{Sits: true}, follower), Start, ""},
		{"they miss this master: that is for the others to act on", master(missed, follower), Start, ""},
		{"too few answer", master(Verdict{}, follower), Start, ""},
		{"one takes it to be elsewhere", master(Verdict{Sits: true, Epoch: 1, Astray: true}, follower), Canvass, ""},
		{"they know of a later master that nobody has seen", master(Verdict{Sits: true, Epoch: 2}, follower), Canvass, ""},
		{"few answer, and know of a later master", master(Verdict{Epoch: 2}, follower), Canvass, ""},
		{"the later master is there", master(Verdict{Sits: true, Epoch: 2}, follower, rival), Join, "m0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { decides(t, tt.hive.Reign(), tt.action, tt.peer) })
	}
}

// What an operator is told to set is what there is to set.
func TestLeave(t *testing.T) {
	h := alter(hive(silentMaster, with(peerReplica, func(p *Peer) { p.Position = Position{} })), func(h *Hive) { h.Own = Position{} })
	require.Contains(t, h.Elect().Reason, "set hive.policy to available")
	h.Council = &missed
	require.Contains(t, h.Elect().Reason, "set safety.emptyMaster to start")
}
