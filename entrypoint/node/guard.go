//go:build linux

package node

import (
	"context"
	"math"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/conf"
	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
	"github.com/helm-valkey/helm-valkey/entrypoint/record"
)

// The wait between two rounds of asking the peers.
const (
	firstWait = 20 * time.Millisecond
	lastWait  = 500 * time.Millisecond
)

// guard decides how the master's server starts: with its own data, or with those
// of a peer.
func (n *Node) guard(ctx context.Context) (conf.Start, error) {
	own := n.onDisk()
	n.mu.Lock()
	n.disk = &own.position
	n.mu.Unlock()
	n.log.Info("own data", "hasData", own.position.HasData, "whole", own.position.Whole, "replid", own.position.Replid, "offset", own.position.Offset, "appendonly", own.fromAOF)
	n.setState(stateGuarding, "asking all peers what they hold")
	b := newBallot()
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		decision := lead.Decision{Action: lead.Start, Reason: "standalone"}
		switch {
		case n.settings.Standalone():
		case !n.voided(ctx):
			decision = lead.Decision{Action: lead.Wait, Reason: "the server died while it handed mastership over: its heir may be master any moment"}
		default:
			decision = n.decide(ctx, b, n.onDisk)
			decision = n.appointment(b, decision)
		}
		if ctx.Err() != nil {
			return conf.Start{}, ctx.Err()
		}
		switch decision.Action {
		case lead.Start:
			n.log.Info("starting as master", "reason", decision.Reason)
			n.begin(own, n.nextTerm(b))
			start := conf.Start{AppendOnly: n.beginsWithAOF(own)}
			if own.position.HasData && !n.settings.Standalone() {
				// Started as master it would go on under the id of its snapshot, and number
				// what is new as others may have numbered something else.
				start.Source = conf.Detached
			}
			n.mu.Lock()
			n.beginning = start.Source != ""
			n.mu.Unlock()
			return start, nil
		case lead.Join:
			if c, ok := b.contact(decision.Peer); ok {
				n.makeRoom(own, c.status)
				n.join(c)
				return conf.Start{Source: c.address(n.settings.PeerPort)}, nil
			}
		default:
			n.undecided(ctx, b, decision)
		}
		sleep(ctx, wait)
	}
}

// appointment is the decision of a peer that this pod is to be master, if there is one.
func (n *Node) appointment(b *ballot, decision lead.Decision) lead.Decision {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.appointed == 0 || n.appointed != n.record.Promised || n.appointed <= n.record.Term {
		return decision
	}
	b.term = n.appointed
	return lead.Decision{Action: lead.Start, Reason: n.record.Candidate + " found this pod to be the next master"}
}

// makeRoom moves what can't serve a server that joins a peer out of its way: a
// snapshot that it can't load, or one from which no partial resync is possible. One
// with writes that the peer lacks is kept for good.
func (n *Node) makeRoom(own own, theirs peer.Status) {
	switch {
	case own.damaged:
		n.putAway()
	case partial(n.snapshotOnDisk(), theirs):
	default:
		n.setAside()
		n.mu.Lock()
		n.unmerged = nil
		if !own.fromAOF && own.position.Replid != "" && !own.position.Within(position(theirs)) {
			n.unmerged = &own.position
		}
		n.mu.Unlock()
	}
}

// partial tells whether a server at p can go on from there with that of a peer. It
// knows only one history before its own, however many were.
func partial(p lead.Position, theirs peer.Status) bool {
	switch p.Replid {
	case theirs.Replid:
		return p.Offset <= theirs.Offset
	case theirs.Replid2:
		return p.Offset < theirs.SecondOffset
	default:
		return false
	}
}

// undecided is what every decision but to start or to join comes to.
func (n *Node) undecided(ctx context.Context, b *ballot, decision lead.Decision) {
	switch decision.Action {
	case lead.Promote:
		n.setState(stateGuarding, decision.Reason)
		if err := n.promote(ctx, b, decision.Peer); err != nil {
			n.log.Warn("can't promote", "pod", decision.Peer, "error", err)
		}
	case lead.Hold:
		n.setState(stateHolding, decision.Reason)
	default:
		n.setState(stateGuarding, decision.Reason)
	}
}

// begin takes mastership with data loaded from disk.
func (n *Node) begin(own own, term uint64) {
	from := record.Fork{Replid: own.position.Replid, End: own.position.Offset}
	if own.position.Whole {
		// The record's offset is that of the last look, and writes came after it.
		from.End = math.MaxInt64
	}
	n.mu.Lock()
	n.record.Continue(from, own.position.History)
	n.record.Clean, n.record.AOF = false, false
	n.mu.Unlock()
	n.setLead(n.settings.PodName, term, n.address())
	n.setState(stateRunning, "")
}

// join gives way to a peer that is master. What is on disk is no longer the newest.
func (n *Node) join(c contact) {
	n.mu.Lock()
	n.record.Clean, n.record.AOF = false, false
	n.beginning, n.doubt = false, false
	term := max(c.status.Term, n.record.Term)
	n.mu.Unlock()
	n.setLead(c.pod(), term, c.address(n.settings.PeerPort))
	n.setState(stateJoining, "taking in the data of "+c.pod())
}
