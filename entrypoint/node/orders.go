package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/conf"
	"github.com/helm-valkey/helm-valkey/entrypoint/handover"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
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
	case n.settings.Hive() && (o.Term != promised || o.From != candidate):
		return fmt.Errorf("term %d was promised to %q, not term %d to %q", promised, candidate, o.Term, o.From)
	case n.settings.Hive() && !running:
		// Whoever prepares its start finds it there.
		n.mu.Lock()
		n.appointed = o.Term
		n.mu.Unlock()
		return nil
	case v.Role() != peer.Replica || v.Loading() || v.Syncing():
		return fmt.Errorf("the server is %s, loading %t, syncing %t", v.Role(), v.Loading(), v.Syncing())
	case !v.HasData() && !n.settings.Hive():
		return errors.New("the server holds no data")
	}
	return n.ascend(ctx, o.Term)
}

// ascend makes the server a master. It is called with act held.
func (n *Node) ascend(ctx context.Context, term uint64) error {
	if _, err := n.local.Do(ctx, "REPLICAOF", "NO", "ONE"); err != nil {
		return fmt.Errorf("become master: %w", err)
	}
	n.setLead(n.settings.PodName, term, n.address())
	n.look(ctx)
	n.believe()
	n.route()
	n.hasten()
	return nil
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
	n.setLead(o.Leader, o.Term, source)
	n.learnBegin(o.BeginOf, o.Begin)
	n.hear(nil)
	n.believe()
	n.route()
	if v.Role() == peer.Replica && v.Source() == source && !v.LinkUp() && !v.Syncing() {
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

// intentFor bounds how long a handover that was told of is waited for.
const intentFor = 12 * time.Second

// Intent prepares this pod for a handover: clients are held back, and no master is
// looked for meanwhile. The pod that is to be master takes mastership by itself as
// soon as its server has it.
func (n *Node) Intent(ctx context.Context, o peer.Order) error {
	heir := o.Leader == n.settings.PodName
	if heir {
		n.look(ctx)
	}
	n.mu.Lock()
	v := n.view
	term := max(n.record.Term, n.record.Promised)
	var err error
	switch {
	case o.Term <= term:
		err = fmt.Errorf("term %d is not after term %d", o.Term, term)
	case heir && n.leaving:
		err = fmt.Errorf("%s stops itself", n.settings.PodName)
	case heir && (v.Role() != peer.Replica || !v.LinkUp() || v.Syncing() || v.Loading()):
		err = fmt.Errorf("%s is not in sync", n.settings.PodName)
	default:
		n.intent = intent{o.Term, o.Leader, time.Now().Add(intentFor)}
	}
	n.mu.Unlock()
	if err != nil {
		return err
	}
	n.route()
	if heir {
		go n.inheritMastership(context.WithoutCancel(ctx), o.Term)
	}
	return nil
}

// heirEvery is how often the pod that is to be master looks whether it is.
const heirEvery = 2 * time.Millisecond

// inheritMastership waits for the handover to this pod to come to its end.
func (n *Node) inheritMastership(ctx context.Context, term uint64) {
	for {
		n.mu.Lock()
		current := n.intent
		n.mu.Unlock()
		if current.term != term || !current.active() {
			return
		}
		value, err := n.local.Do(ctx, "ROLE")
		if err == nil && len(value.Array) > 0 && value.Array[0].Str == "master" {
			break
		}
		sleep(ctx, heirEvery)
	}
	n.act.Lock()
	n.setLead(n.settings.PodName, term, n.address())
	n.look(ctx)
	n.act.Unlock()
	n.believe()
	n.route()
	n.hasten()
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
	host, port, _ := net.SplitHostPort(conf.Detached)
	if _, err := n.local.Do(ctx, "REPLICAOF", host, port); err != nil {
		return fmt.Errorf("leave the master: %w", err)
	}
	n.look(ctx)
	return nil
}

// Handover hands mastership to the pod that the order names.
func (n *Node) Handover(ctx context.Context, o peer.Order) error {
	host, _, err := net.SplitHostPort(o.Address)
	if err != nil {
		return fmt.Errorf("hand over to %q: %w", o.Address, err)
	}
	return n.handOver(ctx, heir{pod: o.Leader, ip: host, address: o.Address, term: o.Term})
}

// heir is the pod that mastership is handed to, where it and its server are reached,
// and the term in which it is to be master.
type heir struct {
	pod, ip, address string
	term             uint64
}

// handOver hands mastership over. On an error this pod is master still, unless its
// server says otherwise.
func (n *Node) handOver(ctx context.Context, to heir) error {
	n.act.Lock()
	defer n.act.Unlock()
	n.look(ctx)
	_, term, _ := n.lead()
	switch {
	case !n.leads() || n.lastView().Role() != peer.Master:
		return fmt.Errorf("%s is not master", n.settings.PodName)
	case to.term <= term:
		return fmt.Errorf("term %d is not after term %d", to.term, term)
	}
	order := peer.Order{Term: to.term, Leader: to.pod, Address: to.address, From: n.settings.PodName}
	if _, err := n.peers.Intent(ctx, to.ip, order); err != nil {
		return fmt.Errorf("%w: %w", handover.ErrNotReady, err)
	}
	n.setState(stateHandingOver, "to "+to.pod)
	defer n.hasten()
	from := resp.Options{Network: "unix", Addr: n.settings.ServerSocket(), Password: n.settings.Password}
	err := handover.Run(ctx, from, resp.Options{Addr: to.address, Password: n.settings.Password}, handover.Steps{
		Begin: func() { n.foretell(order) },
		Void: func(ctx context.Context) error {
			_, err := n.peers.Follow(ctx, to.ip, n.proclamation())
			return err
		},
	})
	if !errors.Is(err, handover.ErrNotReady) {
		n.count(err)
	}
	// Whatever became of it, the server itself knows its role.
	ctx = context.WithoutCancel(ctx)
	n.look(ctx)
	n.mu.Lock()
	n.intent = intent{}
	n.mu.Unlock()
	v := n.lastView()
	_, current, _ := n.lead()
	switch {
	case v.Role() != peer.Replica:
		n.setState(stateRunning, "")
		if err == nil {
			err = errors.New("the server is still master")
		}
		n.route()
		go n.announce(ctx)
		return err
	case current >= to.term:
		// An election went ahead of it.
		return errors.Join(err, fmt.Errorf("term %d was over before it began", to.term))
	case v.Source() != to.address:
		// It may be master, and is not to be followed before it says so.
		n.setLead(to.pod, term, "")
		n.route()
		return errors.Join(err, handover.ErrUnknown)
	}
	n.setLead(to.pod, to.term, to.address)
	n.route()
	go n.broadcast(ctx, order)
	return nil
}

// foretell has this pod's clients wait: writes are about to stop.
func (n *Node) foretell(order peer.Order) {
	n.mu.Lock()
	n.intent = intent{order.Term, order.Leader, time.Now().Add(intentFor)}
	n.mu.Unlock()
	n.route()
}

func (n *Node) count(err error) {
	result := "done"
	if err != nil {
		result = "failed"
		n.log.Warn("the handover failed", "error", err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.handovers[result]++
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
