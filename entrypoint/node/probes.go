package node

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
	"github.com/helm-valkey/helm-valkey/entrypoint/proxy"
	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
)

const (
	// freshFor is how old the last look may be to say that a pod is ready.
	freshFor = 5 * time.Second
	// busyFor is how long a server that loads or syncs may leave a PING unanswered:
	// the default repl-timeout, for which a stalled master can block a diskless
	// load, and a margin.
	busyFor  = 75 * time.Second
	pingWait = 3 * time.Second
)

// Started fails until there is something to probe: a server that runs, or a
// reason why none does.
func (n *Node) Started() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.probed = true
	if n.process == nil && n.state == stateGuarding {
		return fmt.Errorf("%s: %s", n.state, n.reason)
	}
	return nil
}

// Live fails when only a restart can help: the server runs and does not answer.
// It never fails for a lack of peers, of data, or of a master.
func (n *Node) Live(ctx context.Context) error {
	n.mu.Lock()
	process, v := n.process, n.view
	n.mu.Unlock()
	if process == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, pingWait)
	defer cancel()
	conn, err := resp.Dial(ctx, resp.Options{Network: "unix", Addr: n.settings.ServerSocket(), Timeout: pingWait})
	if err == nil {
		defer conn.Close()
		if _, err = conn.Do(ctx, "PING"); err == nil || isRefusal(err) {
			return nil
		}
	}
	// Also a server that has not opened its socket yet.
	last := v.At
	if last.IsZero() {
		last = v.Started
	}
	if busy := v.Loading() || v.Syncing() || v.At.IsZero() || !v.LinkUp() && v.Role() == peer.Replica; busy && time.Since(last) < busyFor {
		return nil
	}
	return fmt.Errorf("the server does not answer: %w", err)
}

// AnswerReady is Ready as the kubelet is told, and takes note of it: clients are sent
// here a moment after.
func (n *Node) AnswerReady() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.probed = true
	err := n.ready()
	switch {
	case err != nil:
		n.readySince = time.Time{}
	case n.readySince.IsZero():
		n.readySince = time.Now()
	}
	return err
}

// Ready fails while clients should go elsewhere. A pod that is stopping stays
// ready until it has stopped: the endpoints follow by themselves.
func (n *Node) Ready() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.ready()
}

// readyFor is for how long clients may have been sent here. Nobody who probes at all, and
// only until lately not for this, sends them before. It is called with mu held.
func (n *Node) readyFor() time.Duration {
	switch {
	case !n.probed && n.ready() == nil:
		return time.Since(n.born)
	case n.readySince.IsZero():
		return 0
	default:
		return time.Since(n.readySince)
	}
}

// ready is Ready with mu held.
func (n *Node) ready() error {
	v := n.view
	lag := time.Duration(v.Info.Int("master_last_io_seconds_ago")) * time.Second
	leads := n.record.Leader == n.settings.PodName
	switch {
	case n.leaving && (v.Role() == peer.Master && leads || n.proxy == nil):
		return nil
	case n.leaving:
		// Others are ready, or the master that leaves last.
		return errors.New("leaving")
	case n.fenced:
		return errors.New("fenced: too few replicas acknowledge writes")
	case v.Role() == peer.None:
		return fmt.Errorf("%s: no server runs: %s", n.state, n.reason)
	case v.Loading():
		return fmt.Errorf("%s: loading", n.state)
	case time.Since(v.At) > freshFor:
		return fmt.Errorf("the server was last heard of %s ago", time.Since(v.At).Round(time.Second))
	case v.Role() == peer.Master && leads:
		return nil
	case n.copying() && leads && (!v.LinkUp() || v.Syncing()):
		return fmt.Errorf("%s: %s", n.state, n.reason)
	case n.copying() && leads && lag <= n.settings.MaxLag:
		return nil
	case v.Role() == peer.Master:
		return fmt.Errorf("the server is master, but %s leads", n.record.Leader)
	case leads || n.isMasterPod() && !n.settings.Moves():
		return fmt.Errorf("%s: not master yet: %s", n.state, n.reason)
	case (!v.LinkUp() || v.Syncing()) && (!n.settings.Moves() || n.quietFor() > n.settings.MaxLag || !n.linked):
		// Where mastership moves, the link is down for a moment each time, and clients wait
		// here for the next master.
		return fmt.Errorf("no link to the master: %s", n.reason)
	case lag > n.settings.MaxLag:
		return fmt.Errorf("the master was last heard of %s ago", lag)
	}
	return nil
}

// Summary is everything that a pod shows of itself.
type Summary struct {
	Status  peer.Status
	Ready   bool
	Holding bool
	View    View
	Desired int
	MaxLag  time.Duration
	// Names are the pods behind addresses, as far as they are known.
	Names     map[string]string
	Handovers map[string]int
	Restarts  int
	// Endpoint are the figures of the write endpoint; nil if there is none.
	Endpoint *proxy.Stats
	Fenced   bool
	Diverged int
}

// Summary is made of a fresh look, or of the last one if the server does not answer.
func (n *Node) Summary(ctx context.Context) Summary {
	n.look(ctx)
	s := Summary{Status: n.status(), Ready: n.Ready() == nil, MaxLag: n.settings.MaxLag, Desired: 1}
	if names, err := n.directory.Names(); err == nil && len(names) > 0 {
		s.Desired = len(names)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	s.View, s.Holding = n.view, n.state == stateHolding
	s.Names = maps.Clone(n.names)
	s.Handovers, s.Restarts = maps.Clone(n.handovers), n.restarts
	s.Fenced, s.Diverged = n.fenced, n.diverged
	if n.proxy != nil {
		stats := n.proxy.Stats()
		s.Endpoint = &stats
	}
	return s
}

// Peer is one peer as this pod sees it.
type Peer struct {
	Name    string      `json:"name"`
	Address string      `json:"address"`
	Answer  lead.Answer `json:"answer"`
	Role    string      `json:"role"`
	Term    uint64      `json:"term"`
	Replid  string      `json:"replid"`
	Offset  int64       `json:"offset"`
	HasData bool        `json:"hasData"`
}

// Peers asks all peers how they are.
func (n *Node) Peers(ctx context.Context) ([]Peer, error) {
	contacts, err := n.poll(ctx)
	if err != nil {
		return nil, err
	}
	var peers []Peer
	for _, c := range contacts {
		p := Peer{Name: c.pod(), Address: c.status.Address, Answer: lead.Unknown, Role: c.status.Role, Term: c.status.Term, Replid: c.status.Replid, Offset: c.status.Offset, HasData: c.status.HasData}
		switch {
		case c.ok:
			p.Answer = lead.Known
		case c.host.Absent:
			p.Answer = lead.Absent
		}
		peers = append(peers, p)
	}
	return peers, nil
}
