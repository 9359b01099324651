package node

import (
	"context"
	"net"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/conf"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
)

const (
	// sourceWait bounds the search for the master before a replica starts without.
	sourceWait = time.Second
	// askEvery is how often a replica asks who is master while all is well, and
	// askSoon while it has no link.
	askEvery = 5 * time.Second
	askSoon  = 200 * time.Millisecond
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

// replicaDuty is what a replica's pod does at each look.
func (n *Node) replicaDuty(ctx context.Context, d *duties) {
	v := n.lastView()
	n.setState(stateRunning, n.complaint(v))
	every := askEvery
	switch {
	case v.Role() == peer.Master || v.LinkUp():
		d.downSince = time.Time{}
	case d.downSince.IsZero():
		d.downSince = time.Now()
		every, d.hurry = 0, true
	default:
		d.hurry = time.Since(d.downSince) < hurryFor
		every = askSoon
	}
	if time.Since(d.asked) >= every {
		if n.refresh(ctx) {
			d.heard = time.Now()
		}
		d.asked = time.Now()
	}
	strays := !d.downSince.IsZero() && time.Since(d.downSince) > strayAfter && time.Since(d.heard) > strayAfter
	switch {
	case n.leads():
	case strays && !v.Syncing() && !v.Loading():
		n.stray(ctx)
	case v.Role() == peer.Master:
		// Another leads, who may not be there to be followed: no master meanwhile.
		n.detach(ctx)
		n.follow(ctx)
	default:
		n.follow(ctx)
	}
}

func (n *Node) complaint(v View) string {
	leader, _, _ := n.lead()
	switch {
	case v.Role() == peer.Master && n.leads():
		return "master until the master's pod has the data"
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
	for _, c := range contacts {
		if c.ok && (c.status.Term > term || leader == "") {
			leader, term, source = c.status.Leader, c.status.Term, ""
		}
	}
	for _, c := range contacts {
		if !c.ok || c.pod() != leader {
			continue
		}
		answered, source = true, ""
		if n.follows(c.status) {
			source = c.address(n.settings.PeerPort)
			n.inherit(c.status)
		}
	}
	n.setLead(leader, term, source)
	return answered
}

// follows tells whether this pod may follow a master. Not one that holds nothing
// while this pod holds what that one never had: it started before this pod could
// be asked, and goes back as soon as it hears of the data.
func (n *Node) follows(master peer.Status) bool {
	own := n.live().position
	if n.lastView().Role() == peer.None {
		own = n.onDisk().position
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

// follow points the server at the master, if it is not.
func (n *Node) follow(ctx context.Context) {
	n.act.Lock()
	defer n.act.Unlock()
	leader, _, source := n.lead()
	v := n.lastView()
	if source == "" || leader == n.settings.PodName || v.Role() == peer.Replica && v.Source() == source {
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
	n.look(ctx)
}
