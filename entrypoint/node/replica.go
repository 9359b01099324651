package node

import (
	"context"
	"net"
	"slices"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/conf"
	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
)

const (
	// sourceWait bounds the search for the master before a replica starts without.
	sourceWait = time.Second
	// askEvery is how often a replica asks who is master while all is well, and
	// askSoon while it has no link.
	askEvery = 5 * time.Second
	askSoon  = 200 * time.Millisecond
	// doubtEvery is how often the peers are asked while clients wait for a master: who is
	// it next tells them by itself.
	doubtEvery = 50 * time.Millisecond
	// hurryFor is how long a replica without its link looks out for the next master
	// many times a second.
	hurryFor = 15 * time.Second
	// strayAfter is how long a replica without its link waits for its master's pod to
	// answer before it stops to try that address, which may be somebody else's soon.
	strayAfter = 2 * time.Second
)

// firstSource is what a replica's server starts as a replica of. A pod that was
// master when it ended is none any more: whether its data go on is for the
// master's pod to decide.
func (n *Node) firstSource(ctx context.Context) string {
	n.setState(stateRunning, "looking for the master")
	n.mu.Lock()
	if n.record.Leader == n.settings.PodName {
		n.record.Leader = ""
	}
	n.source = ""
	n.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, sourceWait)
	defer cancel()
	n.refresh(ctx)
	if _, _, source := n.lead(); source != "" {
		return source
	}
	return conf.Detached
}

// replicaDuty is what a pod does at each look whose server is a replica.
func (n *Node) replicaDuty(ctx context.Context, d *duties) {
	v := n.lastView()
	elects := n.settings.Elects()
	lost := elects && !n.hears(n.settings.HiveSilence)
	if !lost {
		n.setState(stateRunning, n.complaint(v))
		d.failed = 0
		if elects {
			d.vote = nil
		}
	}
	every := askEvery
	switch {
	case v.LinkUp():
		d.downSince = time.Time{}
	case d.downSince.IsZero():
		d.downSince, d.calmSince = time.Now(), time.Time{}
		every, d.hurry = 0, true
	default:
		d.hurry = time.Since(d.downSince) < hurryFor
		every = askSoon
	}
	if elects && d.hurry && !v.LinkUp() {
		n.forget(ctx)
	}
	if lost && !v.Syncing() && !v.Loading() {
		d.hurry = true
		n.elect(ctx, d)
		return
	}
	if elects && n.isMasterPod() && v.LinkUp() {
		n.settled(ctx, d)
		return
	}
	if _, _, source := n.lead(); source == "" {
		every, d.alert = min(every, askSoon), true
	}
	if time.Since(d.asked) >= every || n.doubtful() && time.Since(d.asked) >= doubtEvery {
		if n.refresh(ctx) {
			d.heard = time.Now()
		}
		d.asked = time.Now()
		n.believe()
	}
	// A chain under a pod that is no master ends nowhere, or where it began.
	if _, _, source := n.lead(); source != "" || !v.LinkUp() || n.leads() || n.moving() {
		d.chainedSince = time.Now()
	}
	if time.Since(d.chainedSince) > strayAfter+askEvery {
		d.chainedSince = time.Now()
		n.stray(ctx)
		return
	}
	strays := !d.downSince.IsZero() && time.Since(d.downSince) > strayAfter && time.Since(d.heard) > strayAfter
	switch {
	case n.leads():
	case strays && !v.Syncing() && !v.Loading():
		n.stray(ctx)
	default:
		n.follow(ctx)
	}
}

// forget stops to count on a master whose address says that nobody is there any more.
func (n *Node) forget(ctx context.Context) {
	if _, _, source := n.lead(); n.refusedAt(ctx, source) {
		n.mu.Lock()
		n.heard = time.Time{}
		n.mu.Unlock()
	}
}

// elect finds or makes a master, in a hive: not all pods at once, lest they take the
// votes from each other.
func (n *Node) elect(ctx context.Context, d *duties) {
	if time.Since(d.asked) < n.turn(d) {
		return
	}
	d.asked = time.Time{}
	if n.moving() || n.committed() {
		return
	}
	d.failed++
	n.recover(ctx, d)
	if n.awaited() {
		// It is not for the other pods that nothing came of it.
		d.failed = 1
	}
	d.asked = time.Now()
}

// turn is how long this pod waits before its next try to elect: the later it stands
// among the names, and the more often it has failed, the longer.
func (n *Node) turn(d *duties) time.Duration {
	if d.failed == 0 {
		return 0
	}
	names, err := n.directory.Names()
	if err != nil {
		return lastWait
	}
	place := slices.IndexFunc(names, func(name string) bool { return firstLabel(name) == n.settings.PodName })
	return min(time.Duration(1+max(place, 0)+len(names)*min(d.failed-1, 3))*turnWait, maxTurn)
}

const (
	turnWait = 60 * time.Millisecond
	maxTurn  = 2 * time.Second
)

func (n *Node) complaint(v View) string {
	leader, _, _ := n.lead()
	switch {
	case v.Loading() || v.Syncing():
		return "taking in the data of " + leader
	case !v.LinkUp():
		return "no link to " + leader
	default:
		return ""
	}
}

// stray takes the server off the address of a master that has gone. Whoever comes to
// have that address would else be followed, and his data put in the place of these.
func (n *Node) stray(ctx context.Context) {
	n.mu.Lock()
	n.source = ""
	n.mu.Unlock()
	if n.lastView().Source() != conf.Detached {
		n.detach(ctx)
	}
}

// refresh asks all peers who is master, and believes the latest term. It tells
// whether the master's pod answered.
func (n *Node) refresh(ctx context.Context) (answered bool) {
	contacts, err := n.poll(ctx)
	if err != nil {
		n.log.Warn("can't ask who is master", "error", err)
		return false
	}
	leader, term, source := n.lead()
	before := term
	promised := n.promised(contacts)
	for _, c := range contacts {
		// What others say of this very pod is no news to it.
		if c.ok && c.status.Leader != n.settings.PodName && (c.status.Term > term || leader == "") && c.status.Term >= promised {
			leader, term, source = c.status.Leader, c.status.Term, ""
		}
	}
	b := ballot{contacts: contacts}
	if c, ok := b.contact(leader); ok && c.status.Term == term && c.status.Leader != leader && c.status.Leader != n.settings.PodName {
		// It knows best that it is not.
		leader, source = c.status.Leader, ""
	}
	for _, c := range contacts {
		if !c.ok || c.pod() != leader {
			continue
		}
		answered = c.status.Role != peer.Replica || c.status.Heads()
		if c.status.Term >= term {
			// What it says of itself is later than what others said of it.
			source = ""
		}
		if c.status.Role == peer.Master && c.status.Leader == leader {
			n.hear(c.status.Online)
		}
		if (c.status.Role != peer.Replica || c.status.Heads()) && n.follows(c.status) && c.status.Term >= promised {
			if err := n.saveDivergence(ctx, c.status); err != nil {
				n.log.Error("not following the master yet", "pod", c.pod(), "error", err)
				continue
			}
			source = c.address(n.settings.PeerPort)
			n.inherit(c.status)
			n.learnSource(c.status)
		}
	}
	if _, now, _ := n.lead(); now != before {
		// What was asked is older than what was heard meanwhile.
		return answered
	}
	n.setLead(leader, term, source)
	for _, c := range contacts {
		if c.ok && c.pod() == leader {
			n.learnBegin(c.status.BeginOf, c.status.Begin)
		}
	}
	return answered
}

// promised is the latest term that this pod or any of those that were asked has
// promised: no master of an earlier one may gain a follower. Zero where nobody does.
func (n *Node) promised(contacts []contact) uint64 {
	_, term := n.terms()
	for _, c := range contacts {
		term = max(term, c.status.Term, c.status.Promised)
	}
	return term
}

// follows tells whether this pod may follow a master. Not one that holds nothing
// while this pod holds what that one never had: it started before this pod could
// be asked, and goes back as soon as it hears of the data.
func (n *Node) follows(master peer.Status) bool {
	own, v := n.live().position, n.lastView()
	switch {
	case v.Role() == peer.None:
		own = n.onDisk().position
	case v.Loading() && !v.Syncing():
		// What it is about to hold, it can't say yet.
		own = lead.Position{HasData: true}
	}
	return master.HasData || master.Loading || master.Role != peer.Master || own.Within(position(master))
}

// inherit takes over what the master knows of the history that both share.
func (n *Node) inherit(s peer.Status) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if s.Role == peer.Master && s.Replid == n.record.Replid {
		n.record.History = s.History
	}
}

// learnSource takes note of the server outside that the data of this pod come from, too.
func (n *Node) learnSource(s peer.Status) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case s.External != nil:
		n.record.Source = s.External.Address
	case s.Origin != "":
		n.record.Source = s.Origin
	}
}

// follow points the server at the master, if it is not.
func (n *Node) follow(ctx context.Context) {
	n.act.Lock()
	defer n.act.Unlock()
	leader, term, source := n.lead()
	v := n.lastView()
	if source == "" || leader == n.settings.PodName || v.Role() == peer.Replica && v.Source() == source {
		return
	}
	if _, promised := n.terms(); promised > term {
		// It was found before that was promised.
		return
	}
	host, port, err := net.SplitHostPort(source)
	if err == nil {
		n.log.Info("following the master", "leader", leader, "address", source, "before", v.Source())
		_, err = n.local.Do(ctx, "REPLICAOF", host, port)
	}
	if err != nil {
		n.log.Error("can't follow the master", "leader", leader, "address", source, "error", err)
		return
	}
	n.mu.Lock()
	n.pointed = time.Now()
	n.mu.Unlock()
	n.look(ctx)
}
