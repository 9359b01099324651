//go:build linux

package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/conf"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
	"github.com/helm-valkey/helm-valkey/entrypoint/record"
	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
	"github.com/helm-valkey/helm-valkey/entrypoint/settings"
)

// Promote makes this pod's server a master, because a peer found its data to be
// the most advanced.
func (n *Node) Promote(ctx context.Context, o peer.Order) error {
	n.act.Lock()
	defer n.act.Unlock()
	n.look(ctx)
	v := n.lastView()
	n.mu.Lock()
	term, promised, candidate := n.record.Term, n.record.Promised, n.record.Candidate
	running := n.process != nil
	n.mu.Unlock()
	switch {
	case o.Leader != n.settings.PodName:
		return fmt.Errorf("this is %s, not %s", n.settings.PodName, o.Leader)
	case o.Term <= term:
		return fmt.Errorf("term %d is not after term %d", o.Term, term)
	case n.settings.Elects() && (o.Term != promised || o.From != candidate):
		return fmt.Errorf("term %d was promised to %q, not term %d to %q", promised, candidate, o.Term, o.From)
	case n.settings.Elects() && !running:
		// Whoever prepares its start finds it there.
		n.mu.Lock()
		n.appointed = o.Term
		n.mu.Unlock()
		return nil
	case v.Role() != peer.Replica || v.Loading() || v.Syncing():
		return fmt.Errorf("the server is %s, loading %t, syncing %t", v.Role(), v.Loading(), v.Syncing())
	case !v.HasData() && !n.settings.Elects():
		return errors.New("the server holds no data")
	}
	return n.ascend(ctx, o.Term)
}

// ascend makes the server a master. It is called with act held.
func (n *Node) ascend(ctx context.Context, term uint64) error {
	if _, err := n.local.Do(ctx, "REPLICAOF", "NO", "ONE"); err != nil {
		return fmt.Errorf("become master: %w", err)
	}
	n.accede(ctx, term)
	return nil
}

// accede takes note that this pod's server is master: clients go on first, and the disk is
// waited for last. It is called with act held.
func (n *Node) accede(ctx context.Context, term uint64) {
	changed := n.heed(n.settings.PodName, term, n.address())
	n.look(ctx)
	n.believe()
	n.route()
	n.hasten()
	n.proclaim(ctx)
	if changed {
		n.save(record.Durable)
	}
}

// Follow points this pod at the master of a term.
func (n *Node) Follow(ctx context.Context, o peer.Order) error {
	n.look(ctx)
	leader, term, _ := n.lead()
	n.mu.Lock()
	promised := n.record.Promised
	n.mu.Unlock()
	v := n.lastView()
	switch {
	case o.Leader == n.settings.PodName:
		return fmt.Errorf("%s can't follow itself", o.Leader)
	case o.Term < max(term, promised) || o.Term == term && leader != "" && leader != o.Leader:
		return fmt.Errorf("term %d with %s is over: it is term %d with %s, and term %d is promised", o.Term, o.Leader, term, leader, promised)
	case v.Role() == peer.Master && v.HasData() && n.leads():
		n.refused()
		return fmt.Errorf("%s is master of term %d itself: it looks for the other before it gives way", n.settings.PodName, term)
	}
	source := o.Address
	if o.Empty {
		// Whether to follow an empty master shows only when it is asked.
		source = ""
	}
	n.mu.Lock()
	n.intent = intent{}
	n.mu.Unlock()
	changed := n.heed(o.Leader, o.Term, source)
	n.learnBegin(o.BeginOf, o.Begin)
	n.hear(nil)
	n.believe()
	n.route()
	if changed {
		n.save(record.Durable)
	}
	n.mu.Lock()
	lingers := time.Since(n.pointed) > lastWait
	n.mu.Unlock()
	if lingers && v.Role() == peer.Replica && v.Source() == source && !v.LinkUp() && !v.Syncing() {
		// Pointed there already, the server would try again only within a second.
		n.detach(ctx)
	}
	if v.Role() != peer.None {
		n.follow(ctx)
	}
	n.hasten()
	return nil
}

// learnBegin takes note of where a master's term began.
func (n *Node) learnBegin(term uint64, offset int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if term == n.record.Term && n.record.BeginOf != term {
		n.record.Begin, n.record.BeginOf = offset, term
	}
}

// detach takes the server off its master. It keeps its data, and what it needs for
// a partial resync.
func (n *Node) detach(ctx context.Context) {
	n.act.Lock()
	defer n.act.Unlock()
	if err := n.detachLocked(ctx); err != nil {
		n.log.Warn("can't leave a lost master", "error", err)
	}
}

// detachLocked is detach with act held.
func (n *Node) detachLocked(ctx context.Context) error {
	if n.role() == peer.Master {
		// What it has written until now shows from a whole look only.
		n.look(ctx)
	}
	host, port, _ := net.SplitHostPort(conf.Detached)
	if _, err := n.local.Do(ctx, "REPLICAOF", host, port); err != nil {
		return fmt.Errorf("leave the master: %w", err)
	}
	n.look(ctx)
	return nil
}

func (n *Node) lastView() View {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.view
}

func (n *Node) isMasterPod() bool { return n.settings.Role == settings.Master }

// isRefusal tells a server's error, which is an answer, from having none.
func isRefusal(err error) bool {
	var refused resp.Error
	return errors.As(err, &refused)
}
