package node

import (
	"context"
	"errors"
	"fmt"
	"net"

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
	_, term, _ := n.lead()
	switch {
	case o.Leader != n.settings.PodName:
		return fmt.Errorf("this is %s, not %s", n.settings.PodName, o.Leader)
	case o.Term <= term:
		return fmt.Errorf("term %d is not after term %d", o.Term, term)
	case v.Role() != peer.Replica || v.Loading() || v.Syncing():
		return fmt.Errorf("the server is %s, loading %t, syncing %t", v.Role(), v.Loading(), v.Syncing())
	case !v.HasData():
		return errors.New("the server holds no data")
	}
	if _, err := n.local.Do(ctx, "REPLICAOF", "NO", "ONE"); err != nil {
		return fmt.Errorf("become master: %w", err)
	}
	n.setLead(o.Leader, o.Term, n.address())
	n.look(ctx)
	return nil
}

// Follow points this pod at the master of a term.
func (n *Node) Follow(ctx context.Context, o peer.Order) error {
	n.look(ctx)
	leader, term, _ := n.lead()
	v := n.lastView()
	switch {
	case o.Leader == n.settings.PodName:
		return fmt.Errorf("%s can't follow itself", o.Leader)
	case o.Term < term || o.Term == term && leader != "" && leader != o.Leader:
		return fmt.Errorf("term %d with %s is over: it is term %d with %s", o.Term, o.Leader, term, leader)
	case v.Role() == peer.Master && v.HasData():
		return fmt.Errorf("%s is master of term %d itself and holds data: take mastership over by a handover", n.settings.PodName, term)
	}
	source := o.Address
	if o.Empty {
		// Whether to follow an empty master shows only when it is asked.
		source = ""
	}
	n.setLead(o.Leader, o.Term, source)
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

// detach takes the server off its master. It keeps its data, and what it needs for
// a partial resync.
func (n *Node) detach(ctx context.Context) {
	n.act.Lock()
	defer n.act.Unlock()
	host, port, _ := net.SplitHostPort(conf.Detached)
	if _, err := n.local.Do(ctx, "REPLICAOF", host, port); err != nil {
		n.log.Warn("can't leave a lost master", "error", err)
	}
	n.look(ctx)
}

// Handover hands mastership to the pod that the order names.
func (n *Node) Handover(ctx context.Context, o peer.Order) error {
	n.act.Lock()
	defer n.act.Unlock()
	n.look(ctx)
	_, term, _ := n.lead()
	switch {
	case !n.leads() || n.lastView().Role() != peer.Master:
		return fmt.Errorf("%s is not master", n.settings.PodName)
	case o.Term <= term:
		return fmt.Errorf("term %d is not after term %d", o.Term, term)
	}
	n.setState(stateHandingOver, "to "+o.Leader)
	defer n.hasten()
	from := resp.Options{Network: "unix", Addr: n.settings.ServerSocket(), Password: n.settings.Password}
	err := handover.Run(ctx, from, resp.Options{Addr: o.Address, Password: n.settings.Password})
	if !errors.Is(err, handover.ErrNotReady) {
		n.count(err)
	}
	// Whatever became of it, the server itself knows its role.
	n.look(context.WithoutCancel(ctx))
	if n.lastView().Role() != peer.Replica {
		n.setState(stateRunning, "")
		if err == nil {
			err = errors.New("the server is still master")
		}
		return err
	}
	n.setLead(o.Leader, o.Term, o.Address)
	return nil
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
