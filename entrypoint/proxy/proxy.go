// Package proxy is the write endpoint: it forwards clients to the current master,
// and lets mastership move under them.
//
// One or a few threads each run an epoll loop (loop.go) over sockets that never
// block. A client (client.go) is read as a stream of commands, an upstream
// connection (upstream.go) as a stream of replies, which come back in the order of
// the commands: each upstream keeps a queue of whose turn it is. So commands that
// leave nothing behind on a connection, of many clients, share few upstream
// connections (shared.go); a client that makes use of its connection's state
// (session.go) gets an upstream of its own. Which command is which the server says
// itself (table.go).
//
// While mastership moves, commands wait in front of the proxy. Those that a server
// refused because it is no master, or not yet, did not run, and are sent again to the
// next one (move.go, refusal.go). A command whose fate nobody knows is never repeated:
// its client's connection is closed. A process that was frozen passes nothing on from
// the time before (lease.go). With durability, each write is followed by a WAIT of the
// proxy's own (durable.go).
//
// TLS will go between the sockets and the streams: client.receive and client.send
// on one side, upstream.receive and upstream.flush on the other, are the only
// places that touch a socket's bytes.
package proxy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// Target is where the master's server listens: "unix" and a path, or "tcp" and an
// address with a port, no name. ReadOnly is set while that server is no master and is not
// about to be one: writes are then answered with this text, and nobody waits.
type Target struct {
	Network  string
	Address  string
	ReadOnly string
}

// Durability makes writes wait for replicas. Zero replicas: they do not.
type Durability struct {
	Replicas int
	// Timeout is how long to wait; default 2 s. A replica confirms nothing in the
	// first second after its full sync.
	Timeout time.Duration
}

// Options of a Proxy. Only the Listener is required.
type Options struct {
	Listener       *net.TCPListener // taken over: Serve closes it
	Threads        int              // default 1
	HoldTimeout    time.Duration    // how long a command waits for a master; default 5 s
	MaxConnections int              // of clients; default 10,000
	MaxPending     int              // bytes kept for one connection, each way; default 1 MiB
	Durability     Durability
	// Lease is how long commands go to the pod's own server (a target of network unix)
	// after the last Renew or Point; 0: for ever. When it has run out, as it has for a
	// process that was frozen, the proxy does what Abandon does, and calls OnRefused.
	// Only time that the kernel's monotonic clock counts is seen.
	Lease    time.Duration
	Password string // of the default user, to ask the server for its commands; no client's command runs under it
	// OnRefused is called when an upstream says that it is no master, or not yet, when
	// it breaks off or can't be reached (a few times a second at most), and when the
	// lease has run out: the owner should look for the master and call Point, even if
	// that is the same as before. It is called by a loop and must not block.
	OnRefused func()
	Log       *slog.Logger
}

func (o *Options) defaults() error {
	if o.Listener == nil {
		return errors.New("a listener is needed")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.OnRefused == nil {
		o.OnRefused = func() {}
	}
	o.Threads = max(o.Threads, 1)
	setDefault(&o.MaxConnections, 10_000)
	setDefault(&o.MaxPending, 1<<20)
	// One read has to fit, or a connection would stop for good.
	o.MaxPending = max(o.MaxPending, 2*chunk)
	if o.HoldTimeout <= 0 {
		o.HoldTimeout = 5 * time.Second
	}
	if o.Durability.Timeout <= 0 {
		o.Durability.Timeout = 2 * time.Second
	}
	return nil
}

func setDefault(value *int, standard int) {
	if *value <= 0 {
		*value = standard
	}
}

// Proxy forwards clients to the current master. Its methods may be called from any
// goroutine.
type Proxy struct {
	options Options
	loops   []*loop
	tables  tables

	clients atomic.Int64

	start     time.Time
	renewed   atomic.Int64 // when the lease began, on clock
	lost      notice
	unreached notice

	mu     sync.Mutex
	target Target
	ask    context.CancelFunc // ends the question for the current target's commands
	done   sync.WaitGroup
}

// New makes a proxy. It holds commands until the first Point.
func New(o Options) (*Proxy, error) {
	if err := o.defaults(); err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	p := &Proxy{options: o, start: time.Now()}
	for range o.Threads {
		l, err := newLoop(p)
		if err != nil {
			p.close()
			return nil, fmt.Errorf("proxy: %w", err)
		}
		p.loops = append(p.loops, l)
	}
	return p, nil
}

func (p *Proxy) close() {
	for _, l := range p.loops {
		l.close()
	}
}

// Point says where the master is, and ends Hold. Another target than before means
// that mastership has moved: connections to the old one are left as soon as they
// have answered what they were sent.
func (p *Proxy) Point(target Target) error {
	// Connecting writes into an endpoint: every loop needs one of its own.
	endpoints := make([]endpoint, len(p.loops))
	for i := range endpoints {
		var err error
		if endpoints[i], err = target.endpoint(); err != nil {
			return fmt.Errorf("proxy: %w", err)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock()
	if p.leases(p.target) && p.outdated() {
		p.abandon() // no loop may have seen it yet
	}
	p.renewed.Store(now)
	leased, moved := p.leases(target), target != p.target
	p.target = target
	if moved {
		p.lost.reset()
		p.unreached.reset()
	}
	for i, l := range p.loops {
		l.post(func() { l.point(endpoints[i], target.ReadOnly, leased, moved) })
	}
	if moved {
		p.learn(target)
	}
	return nil
}

// Hold makes new commands wait until Point: mastership is about to move.
func (p *Proxy) Hold() {
	for _, l := range p.loops {
		l.post(l.hold)
	}
}

// Abandon holds commands as Hold does, and breaks all connections to masters at once:
// mastership moves without the help of the one that had it. No reply that is read after
// this call reaches a client: those that wait for one are closed. The next Point opens
// connections anew, to whichever target.
func (p *Proxy) Abandon() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.abandon()
}

func (p *Proxy) abandon() {
	if p.ask != nil {
		p.ask()
	}
	p.target = Target{}
	for _, l := range p.loops {
		l.abandoning.Add(1)
		l.post(func() {
			l.abandoning.Add(-1)
			l.abandon()
		})
	}
}

// Serve runs until ctx ends, and then closes everything.
func (p *Proxy) Serve(ctx context.Context) error {
	defer p.close()
	file, err := p.options.Listener.File()
	if err != nil {
		return fmt.Errorf("proxy: take over the listener: %w", err)
	}
	defer file.Close()
	p.options.Listener.Close()
	listener := int(file.Fd())
	// File hands out a descriptor that blocks.
	if err := syscall.SetNonblock(listener, true); err != nil {
		return fmt.Errorf("proxy: take over the listener: %w", err)
	}
	if err := p.loops[0].listen(listener); err != nil {
		return fmt.Errorf("proxy: %w", err)
	}
	errs := make(chan error, len(p.loops))
	for _, l := range p.loops {
		go func() { errs <- l.run() }()
	}
	stop := context.AfterFunc(ctx, p.stop)
	defer stop()
	var failed error
	for range p.loops {
		if err := <-errs; err != nil && failed == nil {
			failed = fmt.Errorf("proxy: %w", err)
			p.stop()
		}
	}
	p.forget()
	return failed
}

func (p *Proxy) stop() {
	for _, l := range p.loops {
		l.post(func() { l.stopped = true })
	}
}

const drainPoll = 5 * time.Millisecond

// Drain stops to accept, and closes every connection between two commands. What is
// still open when ctx ends is closed as it is. Serve goes on until its own ctx ends.
func (p *Proxy) Drain(ctx context.Context) error {
	for _, l := range p.loops {
		l.post(l.drain)
	}
	ticker := time.NewTicker(drainPoll)
	defer ticker.Stop()
	for p.clients.Load() > 0 {
		select {
		case <-ctx.Done():
			left := p.clients.Load()
			for _, l := range p.loops {
				l.post(l.closeClients)
			}
			return fmt.Errorf("proxy: %d connections closed with commands under way: %w", left, ctx.Err())
		case <-ticker.C:
		}
	}
	return nil
}
