// Package lead decides who is master. It is given plain data, what a pod knows of
// its own data and what each peer says of itself, and does no I/O.
package lead

import (
	"fmt"
	"slices"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/record"
)

// Position is how far data reach: Offset bytes into the history Replid, and
// before that the forks of History. Whole data end where their history ended, in
// a clean stop: nobody can have more of it. Term is the mastership under which
// they were last in sync.
type Position struct {
	HasData bool
	Whole   bool
	Term    uint64
	Replid  string
	Offset  int64
	History []record.Fork
}

// Within tells whether p is a prefix of q, so that a pod at p loses nothing when
// it follows one at q. No data are a prefix of all.
func (p Position) Within(q Position) bool {
	if !p.HasData {
		return true
	}
	if p.Replid == "" {
		return false
	}
	if p.Replid == q.Replid {
		return q.Whole || p.Offset <= q.Offset
	}
	return slices.ContainsFunc(q.History, func(f record.Fork) bool { return f.Replid == p.Replid && p.Offset <= f.End })
}

// beyond tells whether p holds all of q, and more.
func (p Position) beyond(q Position) bool {
	return p.HasData && q.Within(p) && !p.Within(q)
}

// ahead tells whether p is to be preferred to q as the data to go on with.
func (p Position) ahead(q Position) bool {
	switch {
	case p.HasData != q.HasData:
		return p.HasData
	case p.Within(q) != q.Within(p):
		return q.Within(p)
	case p.Term != q.Term:
		return p.Term > q.Term
	default:
		return p.Offset > q.Offset
	}
}

// Answer is what came of asking a peer.
type Answer string

// Unknown is no answer: the peer may hold anything. Absent is a peer that does
// not exist (its name resolves to nothing), and so holds nothing. Known is one
// that answered.
const (
	Unknown Answer = "unknown"
	Absent  Answer = "absent"
	Known   Answer = "ok"
)

// Peer is another pod. Master says that its server is one; Settling that it may
// still be taking in data: it believes its link to a master to be up, loads or
// syncs. InSync says that it was among the replicas in sync when this pod's own
// server was last seen, or when the master last spoke of them.
//
// The rest is of use in a hive. Term is the latest that it knows a master of, Leader
// that master, Promised the latest term that it has promised. Hears: it hears its
// master. Idle: no server of its runs. Quiet is how long ago that last acknowledged
// anything to a master, at most the age of its process. Listed: a Service lists it as
// ready. Reserve: it is to be master only while nobody else can.
//
// Copied is the server outside the release that its data are a copy of, if they are.
type Peer struct {
	Name     string
	Answer   Answer
	Master   bool
	Settling bool
	InSync   bool
	Position Position
	Term     uint64
	Leader   string
	Promised uint64
	Hears    bool
	Idle     bool
	Quiet    time.Duration
	Listed   bool
	Reserve  bool
	Copied   string
}

// Input is everything a decision rests on.
type Input struct {
	Self Position
	// Recent: what is known of the own data was recorded by this very boot of the
	// machine, so that peers which were not InSync then can't be ahead of those that
	// were, nor of own data that are Current.
	Recent bool
	// Current: the own data reach as far as the own server was last seen.
	Current bool
	Peers   []Peer
	// Patient: the wait for peers that do not answer is not over; Settled: that for
	// peers that are still taking in data is.
	Patient bool
	Settled bool
	// StartEmpty: the operator's leave to start although newer data may exist.
	StartEmpty bool
}

// Action is what the pod shall do.
type Action string

// Wait asks again in a moment. Start serves as master with the own data. Join
// replicates from Peer, which is master. Promote makes Peer master first. Hold
// waits for peers to come back, or for an operator.
const (
	Wait    Action = "wait"
	Start   Action = "start"
	Join    Action = "join"
	Promote Action = "promote"
	Hold    Action = "hold"
)

// Decision is an action, the peer it concerns, and why.
type Decision struct {
	Action Action
	Peer   string
	Reason string
}

// Decide says how the pod that is to be master goes on while its server is not.
// Its rule above all: what a peer holds is never overwritten by data that lack
// any of it.
func Decide(in Input) Decision {
	master, running := best(in.Peers, func(p Peer) bool { return p.Master && !in.outdated(p) })
	if running && (master.Position.HasData || in.Self.Within(master.Position)) {
		return Decision{Join, master.Name, master.Name + " is master"}
	}
	if name, ok := find(in.Peers, func(p Peer) bool { return p.Answer == Known && p.Settling }); ok && !in.Settled {
		return Decision{Wait, name, name + " is still taking in data"}
	}
	holder, held := best(in.Peers, func(p Peer) bool { return p.Position.HasData })
	behind := held && !holder.Position.Within(in.Self) && !in.outlives(holder.Position)
	if in.Self.HasData && in.Self.Whole && !behind {
		return Decision{Start, "", "own data are whole: the server stopped cleanly as master"}
	}
	excused := in.Recent && (in.Self.HasData && in.Current || known(in.Peers, func(p Peer) bool { return p.InSync && p.Position.HasData }))
	unknown, doubt := find(in.Peers, func(p Peer) bool { return p.Answer == Unknown && (p.InSync || !excused) })
	switch {
	case doubt && in.Patient:
		return Decision{Wait, unknown, unknown + " does not answer and may hold newer data"}
	case behind:
		return Decision{Promote, holder.Name, fmt.Sprintf("%s holds data that are missing here (offset %d, here %d)", holder.Name, holder.Position.Offset, in.Self.Offset)}
	case held:
		return Decision{Start, "", "own data hold all that any peer has, or are of a later mastership"}
	case in.Self.HasData && in.Current:
		return Decision{Start, "", "no peer holds data, and own data are as new as this pod ever saw"}
	case !doubt:
		return Decision{Start, "", "no peer holds data"}
	case in.StartEmpty:
		return Decision{Start, "", unknown + " does not answer; started all the same, as safety.emptyMaster says"}
	default:
		return Decision{Hold, unknown, unknown + " does not answer and may hold newer data than this pod: bring it back, or delete it for good, or set safety.emptyMaster to start"}
	}
}

// outdated tells whether somebody holds data of a later mastership that a master
// lacks: it was lost for a while, and the others went on without it.
func (in Input) outdated(master Peer) bool {
	later := func(p Position) bool {
		return p.HasData && p.Term > master.Position.Term && !p.Within(master.Position)
	}
	return later(in.Self) || known(in.Peers, func(p Peer) bool { return later(p.Position) })
}

// outlives tells whether own data are to be preferred to those of a peer that lacks
// some of them: they went on under a later mastership, and nothing of that is missing.
func (in Input) outlives(p Position) bool {
	return in.Self.HasData && p.Term < in.Self.Term && !in.Self.Within(p)
}

func known(peers []Peer, matches func(Peer) bool) bool {
	return slices.ContainsFunc(peers, func(p Peer) bool { return p.Answer == Known && matches(p) })
}

// best is the peer with the most advanced data among those that are eligible; the
// first of equals.
func best(peers []Peer, eligible func(Peer) bool) (Peer, bool) {
	var found Peer
	ok := false
	for _, p := range peers {
		if p.Answer != Known || !eligible(p) {
			continue
		}
		if !ok || p.Position.ahead(found.Position) {
			found, ok = p, true
		}
	}
	return found, ok
}

func find(peers []Peer, matches func(Peer) bool) (string, bool) {
	if i := slices.IndexFunc(peers, matches); i >= 0 {
		return peers[i].Name, true
	}
	return "", false
}
