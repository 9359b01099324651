package lead

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Policy says what a hive does about pods that do not answer. A hive is a release
// whose pods all may elect: each of them that does not hear a master any more may
// sound the others, canvass them for their promise, and, once all that can be reached
// have given it, name the winner.
type Policy string

// Safe waits for pods that could keep an old master writable. Available goes on
// without them after a while: both may then take writes, and those of one are lost.
const (
	Safe      Policy = "safe"
	Available Policy = "available"
)

// Canvass is the action after a sounding that found nothing against an election.
const Canvass Action = "canvass"

// FenceWait is how long a master can take writes after the last of its replicas has
// left: its server counts a replica for min-replicas-max-lag (2 s in a hive) and, as
// it counts whole seconds, for one more; and it counts once a second.
const FenceWait = 4 * time.Second

// Hive is what an election rests on. A replica is any pod but the master.
//
// Need is how many replicas a master needs to take writes, at least 1. Leader is the
// last master that this pod knows of, Home the pod that begins when nobody holds data.
// Gone says that Leader's server has certainly ended. Quiet is how long ago this pod's
// own server last acknowledged anything to a master, Idle that none of its runs.
// Patient and Settled are as in Input, for policy available and for a Leader whose pod
// answers.
type Hive struct {
	Policy  Policy
	Self    string
	Home    string
	Leader  string
	Need    int
	Gone    bool
	Quiet   time.Duration
	Idle    bool
	Patient bool
	Settled bool
	Own     Position
	Peers   []Peer
}

// Standing is what a pod goes by that is asked for its promise. Term is the latest
// that it knows a master of, Promised the latest that it has promised, to Candidate.
// Hears says that it hears its master, Master that it is one.
type Standing struct {
	Term      uint64
	Promised  uint64
	Candidate string
	Hears     bool
	Master    bool
}

// Refusal says why a pod does not promise a term to a candidate; empty if it does. Who
// promises leaves its master and follows none of an earlier term.
func (s Standing) Refusal(term uint64, candidate string) string {
	switch {
	case s.Master:
		return fmt.Sprintf("it is master of term %d", s.Term)
	case s.Hears:
		return fmt.Sprintf("it hears the master of term %d", s.Term)
	case term <= s.Term:
		return fmt.Sprintf("it knows a master of term %d", s.Term)
	case term < s.Promised || term == s.Promised && candidate != s.Candidate:
		return fmt.Sprintf("it has promised term %d to %s", s.Promised, s.Candidate)
	default:
		return ""
	}
}

// Sound says whether a pod that hears no master shall ask for promises.
func (h Hive) Sound() Decision {
	if d, ok := h.running(); ok {
		return d
	}
	if name, ok := h.first(func(p Peer) bool { return p.Hears }); ok {
		return Decision{Wait, name, name + " still hears the master"}
	}
	if name, ok := h.first(func(p Peer) bool { return p.Name == h.Leader }); ok && h.Leader != h.Self && !h.Settled {
		return Decision{Wait, name, name + " was master and decides who is next"}
	}
	if _, held := h.first(func(p Peer) bool { return p.Position.HasData }); !held && !h.Own.HasData && h.Self != h.Home {
		return Decision{Wait, h.Home, "nobody holds data: " + h.Home + " begins"}
	}
	if d, ok := h.incomplete(); ok {
		return d
	}
	return Decision{Canvass, "", "nobody hears a master"}
}

// Elect names the winner once all peers that answered have promised. All that could
// compute it from the same answers compute the same.
func (h Hive) Elect() Decision {
	if d, ok := h.running(); ok {
		return d
	}
	if d, ok := h.incomplete(); ok {
		return d
	}
	if left := FenceWait - h.quiet(); !h.fenced() && left > 0 {
		return Decision{Wait, h.Leader, fmt.Sprintf("%s may take writes for %s more", h.Leader, left.Round(100*time.Millisecond))}
	}
	winner := Peer{Name: h.Self, Answer: Known, Position: h.Own, Idle: h.Idle}
	for _, p := range h.Peers {
		if p.Answer == Known && h.before(p, winner) {
			winner = p
		}
	}
	switch {
	case !winner.Position.HasData && h.Self == h.Home:
		return Decision{Start, "", "no peer holds data"}
	case !winner.Position.HasData:
		return Decision{Wait, h.Home, "nobody holds data: " + h.Home + " begins"}
	case winner.Name == h.Self:
		return Decision{Start, "", "own data hold all that any peer has"}
	default:
		return Decision{Promote, winner.Name, fmt.Sprintf("%s holds the most advanced data (offset %d, here %d)", winner.Name, winner.Position.Offset, h.Own.Offset)}
	}
}

// running finds a master that can be joined.
func (h Hive) running() (Decision, bool) {
	in := Input{Self: h.Own, Peers: h.Peers}
	master, ok := best(h.Peers, func(p Peer) bool { return p.Master && !in.outdated(p) })
	if !ok || !master.Position.HasData && !h.Own.Within(master.Position) {
		return Decision{}, false
	}
	return Decision{Join, master.Name, master.Name + " is master"}, true
}

// incomplete tells whether so many pods do not answer that an old master could take
// writes with them, or that what enough replicas acknowledged could be held by them
// alone.
func (h Hive) incomplete() (Decision, bool) {
	var missing []string
	listed := false
	for _, p := range h.Peers {
		if p.Answer == Known || p.Answer == Absent && !p.InSync {
			continue
		}
		listed = listed || p.Listed
		if p.Name != h.Leader {
			missing = append(missing, p.Name)
		}
	}
	if len(missing) < h.Need {
		return Decision{}, false
	}
	slices.Sort(missing)
	switch {
	case h.Policy == Safe:
		return Decision{Hold, missing[0], fmt.Sprintf("%s does not answer, and may serve the old master or hold newer data: bring it back, or set hive.policy to available", missing[0])}, true
	case h.Patient || listed:
		return Decision{Wait, missing[0], missing[0] + " does not answer"}, true
	default:
		return Decision{}, false
	}
}

// fenced tells whether no pod that did not answer can be a master that takes writes.
func (h Hive) fenced() bool {
	return !slices.ContainsFunc(h.Peers, func(p Peer) bool {
		return p.Answer != Known && !(p.Answer == Absent && !p.InSync && p.Name != h.Leader) && !(h.Gone && p.Name == h.Leader)
	})
}

// quiet is how long ago any of the pods that promised last acknowledged anything.
func (h Hive) quiet() time.Duration {
	quiet := h.Quiet
	for _, p := range h.Peers {
		if p.Answer == Known {
			quiet = min(quiet, p.Quiet)
		}
	}
	return quiet
}

// before tells whether p is rather to win than q. Among equals a server that runs
// goes before one that has to be started, then Home, then the first name.
func (h Hive) before(p, q Peer) bool {
	if p.Position.ahead(q.Position) != q.Position.ahead(p.Position) {
		return p.Position.ahead(q.Position)
	}
	if p.Idle != q.Idle {
		return q.Idle
	}
	return cmp.Or(compareBool(q.Name == h.Home, p.Name == h.Home), cmp.Compare(p.Name, q.Name)) < 0
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}

func (h Hive) first(matches func(Peer) bool) (string, bool) {
	return find(h.Peers, func(p Peer) bool { return p.Answer == Known && matches(p) })
}
