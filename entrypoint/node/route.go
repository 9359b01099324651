package node

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
	"github.com/helm-valkey/helm-valkey/entrypoint/proxy"
	"github.com/helm-valkey/helm-valkey/entrypoint/settings"
)

const (
	// lease is how long the write endpoint goes on to serve its own server without
	// hearing from this node, where others may elect: a process that was frozen finds when it wakes
	// that it has run out, and that others may have elected meanwhile. It ends well
	// before they do (lead.FenceWait).
	lease      = 1500 * time.Millisecond
	renewEvery = 500 * time.Millisecond
)

// Listen opens the write endpoint, if the settings ask for one, until ctx ends.
func (n *Node) Listen(ctx context.Context) error {
	s := n.settings
	if !s.Moves() {
		return nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.ProxyAddress)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	options := proxy.Options{
		Listener: listener.(*net.TCPListener), HoldTimeout: s.ProxyHoldTimeout,
		MaxConnections: s.ProxyMaxConnections, MaxPending: s.ProxyMaxPending,
		Password: s.Password, OnRefused: n.refused, Log: n.log,
	}
	if s.Durability == settings.Replicated {
		options.Durability = proxy.Durability{Replicas: s.MinReplicasToWrite, Timeout: s.DurabilityTimeout}
	}
	if s.Elects() {
		options.Lease = lease
	}
	if n.proxy, err = proxy.New(options); err != nil {
		listener.Close()
		return err
	}
	go func() {
		if err := n.proxy.Serve(ctx); err != nil {
			n.log.Error("the write endpoint ended", "error", err)
		}
	}()
	if s.Sentinels() {
		go n.observe(ctx)
	}
	if s.Elects() {
		go n.renew(ctx)
		go n.listen(ctx)
		go n.watch(ctx)
	}
	return nil
}

// refused is called by the write endpoint when the master that it was pointed to is
// none, can't be reached, or is this pod's own and may be outdated.
func (n *Node) refused() {
	n.mu.Lock()
	n.doubt, n.routed = true, proxy.Target{}
	n.mu.Unlock()
	n.hasten()
}

// renew keeps the write endpoint's lease for as long as this process runs.
func (n *Node) renew(ctx context.Context) {
	for ctx.Err() == nil {
		n.awake()
		n.proxy.Renew()
		n.pause(ctx, renewEvery)
	}
}

// awake takes note that this process runs, and doubts everything if it did not for
// longer than the lease.
func (n *Node) awake() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.doubtSleep()
	n.alive = time.Now()
}

// doubtSleep is called with mu held.
func (n *Node) doubtSleep() {
	if n.settings.Elects() && !n.alive.IsZero() && time.Since(n.alive) > lease {
		n.doubt = true
	}
}

// route points the write endpoint to the master, or has it hold commands while there
// is none.
func (n *Node) route() {
	if n.proxy == nil {
		return
	}
	n.routing.Lock()
	defer n.routing.Unlock()
	n.mu.Lock()
	n.doubtSleep()
	moving := n.intent.active()
	doubt := n.doubt
	leads := n.record.Leader == n.settings.PodName
	promised := n.record.Promised > n.record.Term
	role, source, readOnly := n.view.Role(), n.source, n.readOnly()
	n.mu.Unlock()
	target := proxy.Target{Network: "tcp", Address: source, ReadOnly: readOnly}
	if leads {
		target.Network, target.Address = "unix", n.settings.ServerSocket()
	}
	serves := role == peer.Master || role == peer.Replica && readOnly != ""
	hold := moving || doubt || leads && !serves || !leads && (source == "" || promised)
	if hold {
		target = proxy.Target{}
	}
	n.mu.Lock()
	known := n.routed == target && time.Since(n.routedAt) < lookEvery
	n.routed = target
	if !known {
		n.routedAt = time.Now()
	}
	n.mu.Unlock()
	switch {
	case hold:
		n.proxy.Hold()
	case !known:
		if err := n.proxy.Point(target); err != nil {
			n.log.Error("can't point the write endpoint to the master", "target", target, "error", err)
			n.mu.Lock()
			n.routed = proxy.Target{}
			n.mu.Unlock()
		}
	}
}

// cutOff breaks the write endpoint's connections to a master that is given up: what it
// answers from now on must not reach anybody.
func (n *Node) cutOff() {
	if n.proxy != nil {
		n.routing.Lock()
		defer n.routing.Unlock()
		n.mu.Lock()
		n.routed = proxy.Target{}
		n.mu.Unlock()
		n.proxy.Abandon()
	}
}

// believe clears the doubt about who is master.
func (n *Node) believe() {
	n.mu.Lock()
	n.doubt = false
	n.mu.Unlock()
}

// doubtful tells whether the write endpoint doubts who is master.
func (n *Node) doubtful() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.doubt
}
