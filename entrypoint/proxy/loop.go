package proxy

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// handler is what a descriptor belongs to.
type handler interface {
	event(l *loop, events uint32)
}

// loop is one thread with its clients and upstreams. Everything in it is touched by
// that thread alone, except for the mail and the counters.
type loop struct {
	p        *Proxy
	waiter   *waiter
	wakeup   int
	handlers []handler // by descriptor
	closing  []int     // descriptors that no event of this round may still mean
	now      time.Time
	busy     time.Time // when a socket last had something to say

	clients   map[*client]struct{}
	upstreams map[*upstream]struct{}
	stuck     map[*client]struct{}   // can't go on
	timed     map[*upstream]struct{} // have a deadline
	large     map[*upstream]struct{} // keep more memory than they may need
	spare     [][]byte               // buffers to be used again
	swept     time.Time
	pools     map[string]*pool
	slow      map[string]struct{} // addresses of clients that kept others waiting
	next      []*client           // to be looked at
	dirty     []*upstream
	resume    []*upstream // to be read on
	requests  []byte      // what is read from clients
	replies   []byte      // what is read from upstreams

	target endpoint
	// readOnly is what writes are answered with; nil where there is a master.
	readOnly []byte
	leased   bool // commands go there only until the lease runs out
	pointed  bool
	held     bool
	epoch    uint64    // counts masters, and connections to them that broke off
	retryAt  time.Time // when to connect again after a failure
	openAt   time.Time // when to send again after a refusal
	table    table

	listener *listener
	draining bool
	drainAt  time.Time
	stopped  bool
	ticked   time.Time

	mu         sync.Mutex
	mail       []func()
	closed     bool
	abandoning atomic.Int64 // calls of Abandon that are in the mail
	count      counters
}

const (
	// tick is how often deadlines are looked at while there are any.
	tick = 10 * time.Millisecond
	// restAfter is how long a loop without traffic stays in the kernel before it rests.
	restAfter = 100 * time.Millisecond
	// linger is how long a client that was let go may take to go, and a command that
	// waits at a master of the past to be ended.
	linger = 300 * time.Millisecond
)

func newLoop(p *Proxy) (*loop, error) {
	waiter, err := newWaiter()
	if err != nil {
		return nil, err
	}
	wakeup, err := eventfd()
	if err != nil {
		waiter.close()
		return nil, err
	}
	l := &loop{
		p:         p,
		waiter:    waiter,
		wakeup:    wakeup,
		clients:   map[*client]struct{}{},
		upstreams: map[*upstream]struct{}{},
		stuck:     map[*client]struct{}{},
		timed:     map[*upstream]struct{}{},
		large:     map[*upstream]struct{}{},
		pools:     map[string]*pool{},
		slow:      map[string]struct{}{},
		requests:  make([]byte, maxWhole+chunk),
		replies:   make([]byte, 2*chunk),
		now:       time.Now(),
	}
	if err := registerReadable(waiter.epoll, wakeup); err != nil {
		l.close()
		return nil, err
	}
	l.handle(wakeup, l)
	return l, nil
}

func (l *loop) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	l.waiter.close()
	syscall.Close(l.wakeup)
}

// post lets another goroutine's wish be done by the loop.
func (l *loop) post(do func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return // the descriptor may be somebody else's by now
	}
	l.mail = append(l.mail, do)
	if len(l.mail) == 1 {
		one := uint64(1)
		writeSocket(l.wakeup, unsafe.Slice((*byte)(unsafe.Pointer(&one)), unsafe.Sizeof(one)))
	}
}

// event does what others have posted.
func (l *loop) event(*loop, uint32) {
	var count [8]byte
	readSocket(l.wakeup, count[:])
	l.mu.Lock()
	mail := l.mail
	l.mail = nil
	l.mu.Unlock()
	for _, do := range mail {
		do()
	}
}

// run is the loop. It ends when stopped is set, with all connections closed.
func (l *loop) run() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for !l.stopped {
		events, err := l.waiter.wait(l.patience(), l.now.Sub(l.busy) >= restAfter)
		if err != nil {
			return err
		}
		l.now = time.Now()
		l.severed()
		for _, e := range events {
			if int(e.Fd) != l.wakeup {
				l.busy = l.now
			}
			if h := l.handlers[e.Fd]; h != nil {
				h.event(l, e.Events)
			}
		}
		l.work()
		if l.timing() && l.now.Sub(l.ticked) >= tick {
			l.ticked = l.now
			l.deadlines()
			l.work()
		}
		if l.sweeps() && l.now.Sub(l.swept) >= sweepPause {
			l.sweep()
		}
		l.release()
	}
	l.shutdown()
	return nil
}

// work does what events have called for. Each list is taken once: what comes to it
// meanwhile has its turn after the next look at the sockets.
func (l *loop) work() {
	resume := l.resume
	l.resume = nil
	for _, u := range resume {
		u.receive(l)
	}
	// What a client sends on may set free another one, so this goes on for a while.
	for round := 0; len(l.next) > 0 && round < fairRounds; round++ {
		next := l.next
		l.next = nil
		for _, c := range next {
			c.queued = false
			if !c.closed {
				c.advance(l)
			}
		}
	}
	for i := 0; i < len(l.dirty); i++ {
		u := l.dirty[i]
		u.dirty = false
		u.flush(l)
	}
	clear(l.dirty)
	l.dirty = l.dirty[:0]
	l.count.waiting.Store(int64(len(l.stuck)))
}

// patience is how long to sleep: for ever, unless there is work left or a deadline.
func (l *loop) patience() time.Duration {
	switch {
	case len(l.next) > 0 || len(l.resume) > 0 || len(l.dirty) > 0:
		return 0
	case l.timing():
		return tick
	case l.leased && l.sweeps():
		return min(l.p.left(), sweepPause) + time.Millisecond
	case l.leased:
		return l.p.left() + time.Millisecond
	case l.sweeps():
		return sweepPause
	default:
		return forever
	}
}

func (l *loop) timing() bool {
	return len(l.stuck) > 0 || len(l.timed) > 0 || (l.draining && len(l.clients) > 0) ||
		(l.listener != nil && l.listener.paused)
}

var errDeadline = errors.New("no answer in time")

func (l *loop) deadlines() {
	for c := range l.stuck {
		switch {
		case c.since.IsZero():
		case l.now.Sub(c.since) >= l.p.options.HoldTimeout:
			c.expire(l)
		case l.open() && !l.now.Before(l.retryAt):
			l.again(c)
		}
	}
	for u := range l.timed {
		if l.now.Before(u.deadline) {
			continue
		}
		switch {
		case u.state != upstreamReady:
			l.unreachable(u, errDeadline)
		case u.stalled == nil || u.owner != nil:
			l.lost(u, errDeadline)
		default:
			u.overdue(l)
		}
	}
	if l.draining {
		quiet := l.now.Sub(l.drainAt) >= drainQuiet
		for c := range l.clients {
			switch {
			case c.leaving && l.now.Sub(c.since) >= linger:
				c.close(l)
			case quiet && !c.leaving:
				l.again(c)
			}
		}
	}
	if l.listener != nil {
		l.listener.resume(l)
	}
}

// again has a client looked at once the events of this round are through.
func (l *loop) again(c *client) {
	if !c.queued && !c.closed {
		c.queued = true
		l.next = append(l.next, c)
	}
}

// wake has all those looked at that could not go on.
func (l *loop) wake() {
	for c := range l.stuck {
		l.again(c)
	}
}

// dirtied has an upstream flushed once all that this round brings is in it.
func (l *loop) dirtied(u *upstream) {
	if !u.dirty && u.state != upstreamClosed {
		u.dirty = true
		l.dirty = append(l.dirty, u)
	}
}

func (l *loop) handle(fd int, h handler) {
	for fd >= len(l.handlers) {
		l.handlers = append(l.handlers, nil)
	}
	l.handlers[fd] = h
}

func (l *loop) watch(fd int, h handler) error {
	if err := register(l.waiter.epoll, fd); err != nil {
		return err
	}
	l.handle(fd, h)
	return nil
}

// unwatch closes a descriptor after this round: until then its number must not
// come back as that of another connection, whose event would be taken for its own.
func (l *loop) unwatch(fd int) {
	l.handlers[fd] = nil
	l.closing = append(l.closing, fd)
}

func (l *loop) release() {
	for _, fd := range l.closing {
		syscall.Close(fd)
	}
	l.closing = l.closing[:0]
}

func (l *loop) closeClients() {
	for c := range l.clients {
		c.close(l)
	}
}

func (l *loop) shutdown() {
	l.closeClients()
	for u := range l.upstreams {
		u.close(l)
	}
	l.release()
}
