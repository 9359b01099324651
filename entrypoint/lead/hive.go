package lead

import (
	"cmp"
	"fmt"
	"math"
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
// Term is that one's, Promised the latest that this pod has promised. Gone says that
// Leader's server has certainly ended. Quiet is how long ago this pod's own server last
// acknowledged anything to a master, at most the age of the process that says so; Idle
// that none of its runs, Reserve as in Peer. Reigns: this pod is master, and Leader. Patient
// and Settled are as in Input, for policy available and for a Leader whose pod answers.
// Starting: this pod has only just started, and was never in sync. Volumes: a pod that does
// not exist may hold data all the same. Council is what the Sentinels say, where they are
// asked for their votes: then it is they, and not Need, that tell whether an old master can
// take writes.
type Hive struct {
	Policy   Policy
	Self     string
	Home     string
	Leader   string
	Term     uint64
	Promised uint64
	Need     int
	Gone     bool
	Quiet    time.Duration
	Idle     bool
	Reserve  bool
	Reigns   bool
	Patient  bool
	Settled  bool
	Starting bool
	Volumes  bool
	Own      Position
	Peers    []Peer
	Council  *Verdict
}

// handovers is how many terms lie between those of two elections.
const handovers = 1_000_000

// ElectionTerm is the next term that an election may be for. It is later than that of
// any handover since the last election, heard of or not: a master hands over with its
// heir's consent alone, and who is elected meanwhile holds all that the heir holds.
func ElectionTerm(after uint64) uint64 { return (after/handovers + 1) * handovers }

// HandoverTerm is the next term that a master may hand over for, after its own and those
// that it has offered in vain. What was promised belongs to elections.
func HandoverTerm(after uint64) uint64 { return after + 1 }

// Standing is what a pod goes by that is asked for its promise. Term is the latest
// that it knows a master of, Leader that master, Promised the latest term that it has
// promised, to Candidate. Hears says that it hears its master, Master that it is one.
type Standing struct {
	Term      uint64
	Leader    string
	Promised  uint64
	Candidate string
	Hears     bool
	Master    bool
}

// Refusal says why a pod does not promise a term to a candidate; empty if it does. Who
// promises leaves its master, unless that is the candidate, and follows none of an
// earlier term.
func (s Standing) Refusal(term uint64, candidate string) string {
	switch {
	case s.Master:
		return fmt.Sprintf("it is master of term %d", s.Term)
	case s.Hears && candidate != s.Leader:
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
	if name, ok := h.find(func(p Peer) bool { return p.Hears && p.Leader != h.Self }); ok {
		return Decision{Wait, name, name + " still hears the master"}
	}
	if name, ok := h.find(func(p Peer) bool { return p.Name == h.Leader }); ok && h.Leader != h.Self && !h.Settled {
		return Decision{Wait, name, name + " was master and decides who is next"}
	}
	if d, ok := h.incomplete(); ok {
		return d
	}
	return Decision{Canvass, "", "nobody hears a master"}
}

// Reign says what a master does about what its peers say: go on, join one that is
// master by a later election, or have itself or another elected anew.
func (h Hive) Reign() Decision {
	self := h.self()
	if name, ok := h.find(func(p Peer) bool { return p.Master && (p.Term > h.Term || p.Term == h.Term && h.before(p, self)) }); ok {
		return Decision{Join, name, name + " is master by a later election"}
	}
	if h.epoch() > h.Term {
		return Decision{Canvass, "", "the Sentinels know of a later mastership, whose master is not there"}
	}
	if h.Council != nil && h.Council.Astray {
		return Decision{Canvass, "", "a Sentinel takes the master of this term to be elsewhere, and is told of later ones only"}
	}
	if h.Promised > h.Term {
		return Decision{Canvass, "", "this master has promised itself a later term, and nobody joins it before"}
	}
	if name, ok := h.find(func(p Peer) bool { return max(p.Term, p.Promised) > h.Term }); ok {
		return Decision{Canvass, name, name + " has promised a later term, and can follow none of this one"}
	}
	if name, ok := h.find(func(p Peer) bool { return p.Term == h.Term && p.Leader != h.Self }); ok {
		return Decision{Canvass, name, name + " knows another master of this term"}
	}
	if name, ok := h.find(func(p Peer) bool { return p.Position.HasData && !p.Position.Within(h.Own) }); ok && !h.Own.HasData {
		return Decision{Canvass, name, name + " holds data, and this master none"}
	}
	return Decision{Start, "", "no peer knows of a later master"}
}

// Elect names the winner once all peers that answered have promised. All that could
// compute it from the same answers compute the same. Wait is for the old master alone:
// the same peers are to be asked again. Hold is the end of the campaign.
func (h Hive) Elect() Decision {
	for _, obstacle := range []func() (Decision, bool){h.running, h.incomplete} {
		if d, ok := obstacle(); ok {
			if d.Action == Wait {
				d.Action = Hold
			}
			return d
		}
	}
	if left := h.fence(); left > 0 {
		return Decision{Wait, h.Leader, fmt.Sprintf("%s may take writes for %s more", h.Leader, left.Round(100*time.Millisecond))}
	}
	winner := h.winner()
	switch {
	case h.Reigns && winner.Name == h.Self:
		return Decision{Start, "", "no peer holds what this master lacks"}
	case !winner.Position.HasData && !h.accounted():
		return Decision{Hold, h.Leader, fmt.Sprintf("nobody that answers holds data, and %s, which was master, does not answer: bring it back, or %s", h.Leader, h.leave())}
	case !winner.Position.HasData && winner.Name != h.Home:
		return Decision{Hold, h.Home, "nobody that answers holds data, and " + h.Home + ", which would begin, does not answer"}
	case !winner.Position.HasData && h.Self == h.Home:
		return Decision{Start, "", "no peer holds data"}
	case !winner.Position.HasData:
		return Decision{Promote, h.Home, "nobody holds data: " + h.Home + " begins"}
	case winner.Name == h.Self:
		return Decision{Start, "", "own data hold all that any peer has"}
	default:
		return Decision{Promote, winner.Name, fmt.Sprintf("%s holds the most advanced data (offset %d, here %d)", winner.Name, winner.Position.Offset, h.Own.Offset)}
	}
}

func (h Hive) self() Peer {
	return Peer{Name: h.Self, Answer: Known, Position: h.Own, Idle: h.Idle, Quiet: h.Quiet, Reserve: h.Reserve}
}

// running finds a master that can be joined: none of an earlier term than anybody has
// promised, who could be somebody's voter. Who remembers nothing may have been a voter,
// or the master itself, until a moment ago: with silent peers it waits until that can't
// take writes any more.
func (h Hive) running() (Decision, bool) {
	term := max(h.Term, h.Promised, h.epoch())
	var master Peer
	ok := false
	for _, p := range h.Peers {
		if p.Answer != Known {
			continue
		}
		term = max(term, p.Term, p.Promised)
		if p.Master && (!ok || p.Term > master.Term || p.Term == master.Term && h.before(p, master)) {
			master, ok = p, true
		}
	}
	switch {
	case !ok:
		return Decision{}, false
	case master.Term < term:
		return Decision{Wait, master.Name, fmt.Sprintf("%s is master of term %d, and has to be elected anew for one after %d", master.Name, master.Term, term)}, true
	case !master.Position.HasData && !h.Own.Within(master.Position):
		return Decision{Wait, master.Name, master.Name + " is master and holds nothing: data that are here go before"}, true
	}
	if name, ok := find(h.Peers, func(p Peer) bool { return p.Answer == Unknown }); ok && h.Council == nil && h.Term == 0 && h.Quiet < FenceWait {
		return Decision{Wait, name, name + " does not answer, and may follow a later master that this pod, which is new, has forgotten"}, true
	}
	return Decision{Join, master.Name, master.Name + " is master"}, true
}

// incomplete tells whether so many pods do not answer that an old master could take
// writes with them, or that what enough replicas acknowledged could be held by them
// alone.
func (h Hive) incomplete() (Decision, bool) {
	if h.Council != nil {
		if d, ok := h.denied(); ok {
			return d, true
		}
		return h.unheard()
	}
	var missing []string
	listed := false
	for _, p := range h.Peers {
		if p.Answer == Known || h.nowhere(p) {
			continue
		}
		listed = listed || p.Listed
		if p.Name != h.Leader {
			missing = append(missing, p.Name)
		}
	}
	if len(missing) < h.Need || h.upheld() {
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

// nowhere tells whether a pod that does not exist is not counted as missing. Names are
// denied for a while after a pod has come, and one that was deleted by force may run on:
// once there has been a master, policy safe counts it, and policy available while it is
// patient. Before that, so few may be absent that they can't be a master with the
// replicas that it needs.
func (h Hive) nowhere(p Peer) bool {
	return p.Answer == Absent && !p.InSync && (h.Policy == Available && !h.Patient || h.first() && h.silent() <= h.Need)
}

// silent is how many peers did not answer, for whatever reason.
func (h Hive) silent() int {
	n := 0
	for _, p := range h.Peers {
		if p.Answer != Known {
			n++
		}
	}
	return n
}

// first tells whether nobody knows of any master.
func (h Hive) first() bool {
	return h.Term == 0 && h.epoch() == 0 && !known(h.Peers, func(p Peer) bool { return p.Term > 0 })
}

// upheld tells whether this pod is master and as many answer as it needs to take
// writes, where no two masters could both have so many: those that do not answer can't
// have made another that takes any.
func (h Hive) upheld() bool {
	answers := 0
	for _, p := range h.Peers {
		if p.Answer == Known {
			answers++
		}
	}
	return h.Reigns && answers >= h.Need && 2*(h.Need+1) > len(h.Peers)+1
}

// leave is how an operator can give up data that nobody answers for.
func (h Hive) leave() string {
	if h.Council != nil {
		return "set safety.emptyMaster to start"
	}
	return "set hive.policy to available"
}

// accounted tells whether it is certain what became of the last master's data: it
// answers, or has ended, or there never was one.
func (h Hive) accounted() bool {
	leader := slices.IndexFunc(h.Peers, func(p Peer) bool { return p.Name == h.Leader })
	return leader < 0 || h.Gone || h.Policy == Available || h.Peers[leader].Answer == Known
}

// fence is how long an old master may still take writes.
func (h Hive) fence() time.Duration {
	if h.Council == nil {
		return FenceWait - h.quiet()
	}
	switch {
	case h.unopposed():
		return 0
	case h.Council.Epoch < h.Term:
		// Whom they miss is not the last master: it may never have known of them.
		return VoteHolds - h.Council.Missed
	default:
		return CouncilWait - h.Council.Missed
	}
}

// quiet is for how long no master can have been acknowledged anything that matters.
//
// Who answers has promised and left its master. Where somebody does not, he may be a
// master that counts on any of them. Where all do, the last master's pod may still be
// another than the one that answers in its name, whose process then is young.
func (h Hive) quiet() time.Duration {
	quiet := time.Duration(math.MaxInt64)
	unknown := slices.ContainsFunc(h.Peers, func(p Peer) bool {
		return p.Answer != Known && !(h.nowhere(p) && p.Name != h.Leader) && !(h.Gone && p.Name == h.Leader)
	})
	if !unknown && (h.Gone || h.first()) {
		return quiet
	}
	for _, p := range append([]Peer{h.self()}, h.Peers...) {
		if p.Answer == Known && (unknown || h.led(p.Name)) && !(p.Hears && p.Leader == h.Self) {
			quiet = min(quiet, p.Quiet)
		}
	}
	return quiet
}

// led tells whether anybody takes a pod for the last master.
func (h Hive) led(name string) bool {
	return name == h.Leader || known(h.Peers, func(p Peer) bool { return p.Leader == name })
}

// winner is the pod whose data nobody else's contain and go beyond; of several such
// the one of the latest term, then of the greatest offset. Among equals a server that
// runs goes before one that has to be started, then one that is no reserve, then Home,
// then the first name. Nobody has the history of a master that goes on but from that
// master, which holds more of it by the time that anything is decided.
func (h Hive) winner() Peer {
	pods := []Peer{h.self()}
	for _, p := range h.Peers {
		if p.Answer == Known && !(h.Reigns && p.Position.Replid == h.Own.Replid) {
			pods = append(pods, p)
		}
	}
	foremost := slices.DeleteFunc(slices.Clone(pods), func(p Peer) bool {
		return slices.ContainsFunc(pods, func(q Peer) bool { return q.Position.beyond(p.Position) })
	})
	if len(foremost) == 0 {
		foremost = pods
	}
	return slices.MinFunc(foremost, func(p, q Peer) int {
		switch {
		case h.before(p, q):
			return -1
		case h.before(q, p):
			return 1
		default:
			return 0
		}
	})
}

// before tells whether p is rather to be master than q. Where nobody holds data, Home
// begins.
func (h Hive) before(p, q Peer) bool {
	if !p.Position.HasData && !q.Position.HasData && p.Name != q.Name && (p.Name == h.Home || q.Name == h.Home) {
		return p.Name == h.Home
	}
	if p.Position.ahead(q.Position) != q.Position.ahead(p.Position) {
		return p.Position.ahead(q.Position)
	}
	if p.Idle != q.Idle {
		return q.Idle
	}
	return cmp.Or(compareBool(p.Reserve, q.Reserve), compareBool(q.Name == h.Home, p.Name == h.Home), cmp.Compare(p.Name, q.Name)) < 0
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

func (h Hive) find(matches func(Peer) bool) (string, bool) {
	return find(h.Peers, func(p Peer) bool { return p.Answer == Known && matches(p) })
}
