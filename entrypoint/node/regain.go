//go:build linux

package node

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
	"github.com/helm-valkey/helm-valkey/entrypoint/settings"
)

// regain is what the master's pod does while another is master: it follows that, and
// takes mastership back when it is time.
func (n *Node) regain(ctx context.Context, d *duties) {
	v := n.lastView()
	leader, _, _ := n.lead()
	switch {
	case v.Syncing() || v.Loading():
		d.hurry = true
		n.setState(stateJoining, "taking in the data of "+leader)
	case v.LinkUp():
		d.vote = nil
		n.settled(ctx, d)
	default:
		d.hurry = true
		n.setState(stateJoining, "no link to "+leader)
		n.recover(ctx, d)
	}
}

// settled is what the master's pod does while it is in sync with another master.
func (n *Node) settled(ctx context.Context, d *duties) {
	if !n.settings.Moves() {
		d.hurry = true
		n.takeBack(ctx, d)
		return
	}
	n.setState(stateRunning, "")
	n.keep(ctx, n.lastView(), d)
	every := askEvery
	if _, _, source := n.lead(); source == "" {
		every, d.alert = askSoon, true
	}
	if n.doubtful() && time.Since(d.asked) >= doubtEvery || time.Since(d.asked) >= every {
		d.asked = time.Now()
		n.refresh(ctx)
		n.believe()
		n.follow(ctx)
		d.calmSince = n.calmSince(ctx, d)
	}
	n.mu.Lock()
	leaving := n.leaving
	n.mu.Unlock()
	if !leaving && (n.settings.Failback == settings.Auto || d.reserve) && !d.calmSince.IsZero() && time.Since(d.calmSince) >= n.settings.FailbackAfter {
		n.takeBack(ctx, d)
	}
}

// calmSince is since when all pods are there and in sync, none of them stops, and those
// of a StatefulSet have one revision: mastership does not move in the middle of a roll.
func (n *Node) calmSince(ctx context.Context, d *duties) time.Time {
	contacts, err := n.poll(ctx)
	if err != nil {
		return time.Time{}
	}
	leader, _, _ := n.lead()
	contacts = slices.DeleteFunc(contacts, func(c contact) bool { return c.host.Absent })
	if d.calmWith != leader {
		d.calmWith, d.calmSince = leader, time.Time{}
	}
	d.reserve = false
	for _, h := range n.heirs(contacts, nil) {
		leads := h.Name == leader
		d.reserve = d.reserve || leads && h.Reserve
		if h.Leaving || !h.Updated || !leads && !h.InSync {
			return time.Time{}
		}
	}
	if d.calmSince.IsZero() {
		return time.Now()
	}
	return d.calmSince
}

// takeBack asks the master to hand over to this pod.
func (n *Node) takeBack(ctx context.Context, d *duties) {
	if d.refused > 0 && time.Since(d.tried) < min(firstWait<<min(d.refused-1, 8), lastWait) {
		return
	}
	leader, _, _ := n.lead()
	c, err := n.find(ctx, leader)
	if err == nil {
		n.setState(stateHandingOver, "taking mastership back from "+leader)
		term := lead.HandoverTerm(n.highestTerm(&ballot{contacts: []contact{c}}))
		_, err = n.peers.Handover(ctx, c.ip, peer.Order{Term: term, Leader: n.settings.PodName, Address: n.address()})
	}
	d.tried = time.Now()
	if err == nil {
		d.refused = 0
		return
	}
	d.refused++
	if n.settings.Moves() && !errors.Is(err, peer.ErrRefused) || d.refused > 5 {
		// It cost clients a moment, or is no passing thing.
		d.calmSince = time.Time{}
	}
	// The first refusals only say that it has not heard yet of this pod being in
	// sync.
	level := slog.LevelDebug
	if d.refused > 5 {
		level = slog.LevelWarn
	}
	n.log.Log(ctx, level, "can't take mastership back yet", "from", leader, "error", err)
}

// find asks one peer by its pod's name.
func (n *Node) find(ctx context.Context, pod string) (contact, error) {
	contacts, err := n.poll(ctx)
	if err != nil {
		return contact{}, err
	}
	b := ballot{contacts: contacts}
	if c, ok := b.contact(pod); ok {
		return c, nil
	}
	return contact{}, errGone
}

// recoverEvery is how often the peers are asked while the master can't be reached;
// recoverSoon as long as that may be news to some of them.
const (
	recoverEvery = 200 * time.Millisecond
	recoverSoon  = 50 * time.Millisecond
)

// recover finds the data's new home when the pod that was master meanwhile is
// lost.
func (n *Node) recover(ctx context.Context, d *duties) {
	every := recoverEvery
	if d.vote == nil || time.Since(d.vote.began) < settleWait {
		every = recoverSoon
	}
	if time.Since(d.asked) < every {
		return
	}
	d.asked = time.Now()
	if d.vote == nil {
		d.vote = newBallot()
	}
	leader, term, _ := n.lead()
	decision := n.decide(ctx, d.vote, n.live)
	if _, answered := d.vote.contact(leader); !answered && !n.settings.Elects() {
		n.stray(ctx)
	}
	switch decision.Action {
	case lead.Start:
		if !n.live().position.HasData && n.isMasterPod() {
			// The server holds nothing, but the disk may.
			d.aside = true
			return
		}
		n.takeOver(ctx, d, decision, leader, term)
	case lead.Join:
		if c, ok := d.vote.contact(decision.Peer); ok {
			d.vote = nil
			n.join(c)
			n.follow(ctx)
		}
	default:
		n.undecided(ctx, d.vote, decision)
	}
}

// takeOver makes this pod's server master, as an election or a vote decided, unless
// mastership is not any more with whom it was then.
func (n *Node) takeOver(ctx context.Context, d *duties, decision lead.Decision, leader string, term uint64) {
	n.act.Lock()
	defer n.act.Unlock()
	now, nowTerm, _ := n.lead()
	if now != leader || nowTerm != term || n.settings.Elects() && !n.valid(d.vote) {
		return
	}
	n.log.Info("becoming master", "reason", decision.Reason)
	if err := n.ascend(ctx, n.nextTerm(d.vote)); err != nil {
		n.log.Error("can't become master", "error", err)
		return
	}
	// Those that have just answered hear of it at once.
	order := n.proclamation()
	for _, c := range d.vote.contacts {
		if c.ok {
			go n.tell(context.WithoutCancel(ctx), c, order)
		}
	}
}
