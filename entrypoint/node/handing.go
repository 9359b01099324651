//go:build linux

package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/handover"
	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
	"github.com/helm-valkey/helm-valkey/entrypoint/record"
	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
)

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
	defer n.act.Unlock()
	n.mu.Lock()
	valid := n.intent.term == term && term > max(n.record.Term, n.record.Promised)
	n.mu.Unlock()
	if !valid {
		// A later term was promised meanwhile: a master that nobody asked for any more.
		return
	}
	n.accede(ctx, term)
}

// Handover hands mastership to the pod that the order names.
func (n *Node) Handover(ctx context.Context, o peer.Order) error {
	host, _, err := net.SplitHostPort(o.Address)
	if err != nil {
		return fmt.Errorf("hand over to %q: %w", o.Address, err)
	}
	return n.handOver(ctx, heir{pod: o.Leader, ip: host, address: o.Address})
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
	n.mu.Lock()
	// What others have promised to a candidate counts in elections only.
	to.term = lead.HandoverTerm(max(term, n.offered))
	promised := n.record.Promised
	n.mu.Unlock()
	if n.settings.Sentinels() {
		var err error
		if to.term, err = n.canvassSentinels(ctx, to.term-1); err != nil {
			return fmt.Errorf("%w: %w", handover.ErrNotReady, err)
		}
	}
	n.mu.Lock()
	n.offered = to.term
	n.mu.Unlock()
	switch {
	case !n.leads() || n.lastView().Role() != peer.Master:
		return fmt.Errorf("%s is not master", n.settings.PodName)
	case promised > term:
		return fmt.Errorf("%w: %s has to be elected anew first", handover.ErrNotReady, n.settings.PodName)
	}
	order := peer.Order{Term: to.term, Leader: to.pod, Address: to.address, From: n.settings.PodName}
	if _, err := n.peers.Intent(ctx, to.ip, order); err != nil {
		// It may have accepted all the same.
		go n.announce(context.WithoutCancel(ctx))
		return fmt.Errorf("%w: %w", handover.ErrNotReady, err)
	}
	n.setState(stateHandingOver, "to "+to.pod)
	defer n.hasten()
	held := time.Now()
	from := resp.Options{Network: "unix", Addr: n.settings.ServerSocket(), Password: n.settings.Password}
	err := handover.Run(ctx, from, resp.Options{Addr: to.address, Password: n.settings.Password}, handover.Steps{
		Begin: func() {
			held = time.Now()
			n.foretell(order)
		},
		Void: func(ctx context.Context) error {
			_, err := n.peers.Follow(ctx, to.ip, n.proclamation())
			return err
		},
	})
	if !errors.Is(err, handover.ErrNotReady) {
		n.count(err)
		n.log.Info("the handover is over", "to", to.pod, "term", to.term, "held", time.Since(held).String())
	}
	// Whatever became of it, the server itself knows its role.
	ctx = context.WithoutCancel(ctx)
	if n.look(ctx) {
		// One that died in the middle may have an heir all the same: see voided.
		n.mu.Lock()
		n.intent = intent{}
		n.mu.Unlock()
	}
	v := n.lastView()
	leader, current, _ := n.lead()
	switch {
	case leader == to.pod && current == to.term && v.Role() == peer.Replica:
		// The heir was quicker to tell.
		n.route()
		return nil
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
	n.heed(to.pod, to.term, to.address)
	n.route()
	go n.broadcast(ctx, order)
	n.save(record.Durable)
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

// intent is a handover that has been told of but is not over.
type intent struct {
	term   uint64
	leader string
	until  time.Time
}

func (i intent) active() bool { return i.leader != "" && time.Now().Before(i.until) }

// moving tells whether mastership is being handed over. To the others it is not any more
// when the old master is gone for a while without the new one being there; that one itself
// knows when it is over.
func (n *Node) moving() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.intent.active() && (n.record.Leader == n.settings.PodName || n.quietFor() < orphaned)
}

// orphaned is how long the heir waits for mastership after it lost the old master.
const orphaned = time.Second

// voided tells whether nothing is left of a handover from this pod in whose middle its
// server died: the heir is master, or has been told that it will not be, or did not
// answer for as long as it could have become one.
func (n *Node) voided(ctx context.Context) bool {
	n.mu.Lock()
	current := n.intent
	n.mu.Unlock()
	if !current.active() || current.leader == n.settings.PodName {
		return true
	}
	c, err := n.find(ctx, current.leader)
	if err != nil {
		return false
	}
	if c.status.Role != peer.Master {
		if _, err := n.peers.Follow(ctx, c.ip, n.proclamation()); err != nil {
			return false
		}
	}
	n.mu.Lock()
	n.intent = intent{}
	n.mu.Unlock()
	return true
}
