package node

import (
	"context"
	"log/slog"
	"math"
	"slices"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/conf"
	"github.com/helm-valkey/helm-valkey/entrypoint/info"
	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
	"github.com/helm-valkey/helm-valkey/entrypoint/record"
	"github.com/helm-valkey/helm-valkey/entrypoint/settings"
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
		if !n.settings.Standalone() {
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

// asidePause is how long, in milliseconds, an empty master holds writes back for
// its server to be set aside.
const asidePause = "5000"

// masterDuty is what a pod does at each look whose server is master.
func (n *Node) masterDuty(ctx context.Context, d *duties) {
	v := n.lastView()
	if !d.announced && !n.settings.Standalone() {
		d.announced = true
		go n.announce(ctx)
	}
	n.setState(stateRunning, "")
	if n.settings.Hive() {
		n.fence(ctx, v, d)
	}
	if n.rivaled(ctx, d) {
		return
	}
	n.acquaint(ctx, v, d)
	if !n.isMasterPod() {
		return
	}
	if d.aside = n.outdone(ctx, v); d.aside {
		return
	}
	n.keep(ctx, v, d)
}

// begins makes the server master that has loaded the data with which this pod is to be
// master.
func (n *Node) begins(ctx context.Context, d *duties) {
	d.hurry = true
	if v := n.lastView(); v.Loading() {
		return
	}
	n.act.Lock()
	defer n.act.Unlock()
	if !n.leads() {
		return
	}
	_, term, _ := n.lead()
	if err := n.ascend(ctx, term); err != nil {
		n.log.Error("can't begin as master", "error", err)
		return
	}
	n.mu.Lock()
	n.beginning = false
	n.mu.Unlock()
}

func (n *Node) isBeginning() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.beginning
}

// pretender is what a pod does whose server is master while another pod leads: unless
// mastership is just being handed to it, it was made so from outside.
func (n *Node) pretender(ctx context.Context, d *duties) {
	d.hurry = true
	if n.moving() {
		return
	}
	n.refresh(ctx)
	if n.leads() {
		return
	}
	// The other may not be there to be followed: no master meanwhile.
	n.detach(ctx)
	n.follow(ctx)
}

// outdone tells whether this master holds nothing, and a peer something that this
// one never had: it could not be asked when this server started.
func (n *Node) outdone(ctx context.Context, v View) bool {
	if n.settings.Standalone() || v.HasData() || v.Loading() {
		return false
	}
	contacts, err := n.poll(ctx)
	if err != nil {
		return false
	}
	own := n.live().position
	i := slices.IndexFunc(contacts, func(c contact) bool { return c.ok && !c.status.Loading && !position(c.status).Within(own) })
	if i < 0 {
		return false
	}
	// From here on nothing is written that would be lost.
	if _, err := n.local.Do(ctx, "CLIENT", "PAUSE", asidePause, "WRITE"); err != nil {
		return false
	}
	if !n.look(ctx) || n.lastView().HasData() {
		if _, err := n.local.Do(ctx, "CLIENT", "UNPAUSE"); err != nil {
			n.log.Warn("writes are held back for a moment", "error", err)
		}
		return false
	}
	n.log.Warn("a peer holds data, this master none: its data go before", "pod", contacts[i].pod())
	return true
}

// acquaint learns the names of replicas that came later, for the metrics.
func (n *Node) acquaint(ctx context.Context, v View, d *duties) {
	if time.Since(d.asked) < askEvery {
		return
	}
	n.mu.Lock()
	stranger := slices.ContainsFunc(v.Info.Replicas(), func(r info.Replica) bool { return n.names[r.IP] == "" })
	n.mu.Unlock()
	if !stranger {
		return
	}
	d.asked = time.Now()
	if _, err := n.poll(ctx); err != nil {
		n.log.Debug("can't ask who the replicas are", "error", err)
	}
}

// keep sees to it that the data are on disk in the form that the settings ask for,
// after a start that could not load it in that form.
func (n *Node) keep(ctx context.Context, v View, d *duties) {
	if v.Loading() || v.Info.Is("rdb_bgsave_in_progress") || v.Info.Is("aof_rewrite_in_progress") || v.Info.Is("aof_rewrite_scheduled") {
		return
	}
	aof, mode := v.Info.Is("aof_enabled"), n.settings.Persistence
	var command []string
	switch {
	case mode == settings.AOF && aof:
		return
	case mode == settings.AOF:
		command = []string{"CONFIG", "SET", "appendonly", "yes"}
	case mode == settings.RDB && (d.unsaved || d.followed && !d.saved || aof && !d.saved):
		d.unsaved, d.saved = false, true
		command = []string{"BGSAVE"}
	case mode == settings.RDB && v.Info["rdb_last_bgsave_status"] != "ok":
		return
	case aof:
		command = []string{"CONFIG", "SET", "appendonly", "no"}
	case d.saved && !d.tidied:
		d.tidied = true
		n.dropAside()
		return
	default:
		return
	}
	n.log.Info("keeping the data on disk", "command", command, "persistence", n.settings.Persistence)
	if _, err := n.local.Do(ctx, command...); err != nil {
		n.log.Error("can't keep the data on disk", "command", command, "error", err)
	}
}

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
	if n.doubtful() || time.Since(d.asked) >= askEvery {
		d.asked = time.Now()
		n.refresh(ctx)
		n.believe()
		n.follow(ctx)
		d.calmSince = n.calmSince(ctx, d)
	}
	n.mu.Lock()
	leaving := n.leaving
	n.mu.Unlock()
	if !leaving && n.settings.Failback == settings.Auto && !d.calmSince.IsZero() && time.Since(d.calmSince) >= n.settings.FailbackAfter {
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
	for _, h := range n.heirs(contacts, nil) {
		leads := h.Name == leader
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
	if d.failed > 0 && time.Since(d.asked) < min(firstWait<<min(d.failed-1, 8), lastWait) {
		return
	}
	leader, _, _ := n.lead()
	c, err := n.find(ctx, leader)
	if err == nil {
		n.setState(stateHandingOver, "taking mastership back from "+leader)
		term := lead.HandoverTerm(n.highestTerm(&ballot{contacts: []contact{c}}))
		_, err = n.peers.Handover(ctx, c.ip, peer.Order{Term: term, Leader: n.settings.PodName, Address: n.address()})
	}
	d.asked = time.Now()
	if err == nil {
		d.failed = 0
		return
	}
	d.failed++
	// The first refusals only say that it has not heard yet of this pod being in
	// sync.
	level := slog.LevelDebug
	if d.failed > 5 {
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

// recoverEvery is how often the peers are asked while the master can't be reached.
const recoverEvery = 200 * time.Millisecond

// recover finds the data's new home when the pod that was master meanwhile is
// lost.
func (n *Node) recover(ctx context.Context, d *duties) {
	if time.Since(d.asked) < recoverEvery {
		return
	}
	d.asked = time.Now()
	if d.vote == nil {
		d.vote = newBallot()
	}
	decision := n.decide(ctx, d.vote, n.live)
	leader, _, _ := n.lead()
	if _, answered := d.vote.contact(leader); !answered && !n.settings.Hive() {
		n.stray(ctx)
	}
	switch decision.Action {
	case lead.Start:
		if !n.live().position.HasData && n.isMasterPod() {
			// The server holds nothing, but the disk may.
			d.aside = true
			return
		}
		n.takeOver(ctx, d, decision)
	case lead.Join:
		if c, ok := d.vote.contact(decision.Peer); ok {
			n.join(c)
			n.follow(ctx)
		}
	default:
		n.undecided(ctx, d.vote, decision)
	}
}

// takeOver makes this pod's server master, as an election or a vote decided.
func (n *Node) takeOver(ctx context.Context, d *duties, decision lead.Decision) {
	n.act.Lock()
	defer n.act.Unlock()
	term := n.nextTerm(d.vote)
	if n.settings.Hive() && !n.valid(d.vote) {
		return
	}
	n.log.Info("becoming master", "reason", decision.Reason)
	if err := n.ascend(ctx, term); err != nil {
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
