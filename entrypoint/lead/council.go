package lead

import (
	"fmt"
	"slices"
	"time"
)

// Tenure is how long a master goes on without hearing that most Sentinels hear it.
// CouncilWait is how long it may take writes after a quorum of them has found that they
// do not: from then on nobody renews its tenure.
const (
	Tenure      = 1500 * time.Millisecond
	CouncilWait = Tenure + 200*time.Millisecond
)

// VoteHolds is for how long a Sentinel's vote may be acted on: no campaign and no handover
// takes longer.
const VoteHolds = 10 * time.Second

// Verdict is what the Sentinels say together. Sits: most of them answer. Epoch is that
// of the latest master that any of them knows, Missed for how long a quorum has not heard
// it; 0: it is heard. Astray: one of them takes the master of this pod's term to be
// elsewhere.
type Verdict struct {
	Sits   bool
	Epoch  uint64
	Missed time.Duration
	Astray bool
}

// epoch is the latest that the Sentinels know; 0 without any.
func (h Hive) epoch() uint64 {
	if h.Council == nil {
		return 0
	}
	return h.Council.Epoch
}

// unopposed tells whether there is no old master that could take writes.
func (h Hive) unopposed() bool { return h.Reigns || h.Gone || h.first() }

// denied says why the Sentinels can't be asked for their votes.
func (h Hive) denied() (Decision, bool) {
	switch {
	case !h.Council.Sits:
		return Decision{Hold, "", "no majority of Sentinels answers"}, true
	case h.unopposed() || h.Council.Missed > 0:
		return Decision{}, false
	default:
		return Decision{Wait, h.Leader, fmt.Sprintf("the Sentinels do not miss %s", h.Leader)}, true
	}
}

// unheard tells whether somebody is silent whose data may be needed. Where a master needs
// replicas to take writes, that is so many that what they acknowledged could be held by
// them alone. Else it is who was in sync with the master, for a moment: one answer may be
// lost; and for a pod that has only just started, everybody for as long as it may wait.
func (h Hive) unheard() (Decision, bool) {
	if h.Reigns {
		return Decision{}, false
	}
	var missing []string
	waits := ""
	for _, p := range h.Peers {
		if p.Answer == Known || p.Name == h.Leader && !h.Starting || h.nowhere(p) {
			continue
		}
		if p.Name != h.Leader {
			missing = append(missing, p.Name)
		}
		if p.InSync && !h.Settled || h.Starting && (p.Answer == Unknown || h.Volumes) {
			waits = p.Name
		}
	}
	slices.Sort(missing)
	switch {
	case h.Policy == Safe && h.Need > 0 && len(missing) >= h.Need:
		return Decision{Hold, missing[0], fmt.Sprintf("%s does not answer, and may hold what a master had confirmed: bring it back, or %s", missing[0], h.leave())}, true
	case waits != "":
		return Decision{Wait, waits, waits + " does not answer"}, true
	default:
		return Decision{}, false
	}
}

// Seat is one Sentinel as a pod sees it. Without Answers the rest is not known. Master is
// where it takes the master to be, "host:port", since the epoch Epoch; Down that it does
// not hear it.
type Seat struct {
	Name    string
	Answers bool
	Master  string
	Epoch   uint64
	Down    bool
}

// Council is all Sentinels that a release has, those that do not answer included. What a
// majority of them votes for in an epoch, nobody else is voted for in it.
type Council []Seat

// Majority is how many of them decide.
func (c Council) Majority() int { return len(c)/2 + 1 }

// Sits tells whether so many answer that something can be decided.
func (c Council) Sits() bool { return c.count(func(Seat) bool { return true }) >= c.Majority() }

// Newest is the seat that knows the master of the latest epoch. Who made that had most
// votes, so that it holds however few have heard of it.
func (c Council) Newest() (Seat, bool) {
	var newest Seat
	for _, s := range c {
		if s.Answers && (!newest.Answers || s.Epoch > newest.Epoch) {
			newest = s
		}
	}
	return newest, newest.Answers
}

// Misses tells whether a quorum of Sentinels does not hear the master that they watch. It
// takes a majority at least: fewer leave another that may tell the master to go on.
func (c Council) Misses(quorum int) bool {
	newest, _ := c.Newest()
	return c.count(func(s Seat) bool { return s.Down && s.Master == newest.Master }) >= max(quorum, c.Majority())
}

// Upholds tells whether a majority has nothing against the master at an address that
// became it in an epoch: none of them has to be asked whether there is a later one.
func (c Council) Upholds(address string, epoch uint64) bool {
	return c.count(func(s Seat) bool {
		return s.Epoch <= epoch && !(s.Down && (s.Master == address || s.Epoch == epoch))
	}) >= c.Majority()
}

func (c Council) count(matches func(Seat) bool) int {
	n := 0
	for _, s := range c {
		if s.Answers && matches(s) {
			n++
		}
	}
	return n
}
