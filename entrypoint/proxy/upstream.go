package proxy

import (
	"fmt"
	"syscall"
	"time"
)

type upstreamState uint8

const (
	upstreamConnecting upstreamState = iota
	upstreamLogin
	upstreamReady
	upstreamClosed
)

// upstream is one connection to a master: of one client, its owner, or of many.
type upstream struct {
	fd    int
	state upstreamState
	owner *client
	pool  *pool // whose it is, if it is shared
	out   stream
	ops   queue
	epoch uint64

	// The reply under way.
	in      []byte // beginning of a line that has to be whole to be understood
	reply   reply
	first   byte    // of it
	refused bool    // it says that this server is no master
	instead []byte  // what its client is told in its place; nil: what it says
	hold    bool    // it is held until replicas confirm what was written
	value   int64   // of a WAIT
	sink    *client // who gets it; nil: nobody

	denied    bool  // the login was refused
	busy      bool  // … for a reason that will pass
	hangup    bool  // nothing comes after what is there to be read
	unread    bool  // there may be more to read
	dirty     bool  // is on the loop's list of those to flush
	retired   bool  // takes no new commands
	past      bool  // … because its master is one no more
	full      bool  // clients wait until it has answered some of what it was sent
	writing   bool  // the last command in out is not whole yet
	failed    error // that nothing can be sent any more
	stalledAt time.Time
	stalled   *client // who has to read before anything more is read from here

	unconfirmed bool      // writes were sent after the last WAIT
	waiting     bool      // a WAIT has not been answered
	waitEnd     uint64    // where it ends: nothing behind it is sent before the answer
	holders     []*client // whose replies are held until then

	deadline time.Time // to be connected, to be drained, or for stalled to read
}

const connectTimeout = time.Second

// connect begins a connection to the current master.
func (l *loop) connect(u *upstream) error {
	fd, err := dialTarget(l.target)
	if err != nil {
		return err
	}
	if err := l.watch(fd, u); err != nil {
		syscall.Close(fd)
		return err
	}
	u.fd, u.epoch = fd, l.epoch
	u.deadline = l.now.Add(connectTimeout)
	l.timed[u] = struct{}{}
	l.upstreams[u] = struct{}{}
	l.count.upstreams.Add(1)
	return nil
}

// event is what epoll reports of it.
func (u *upstream) event(l *loop, events uint32) {
	if u.state == upstreamClosed {
		return
	}
	if u.state == upstreamConnecting && !u.connected(l, events) {
		return
	}
	if events&(syscall.EPOLLRDHUP|syscall.EPOLLHUP|syscall.EPOLLERR) != 0 {
		u.hangup = true
	}
	if events&syscall.EPOLLOUT != 0 {
		u.flush(l)
	}
	if events&(syscall.EPOLLIN|syscall.EPOLLRDHUP|syscall.EPOLLHUP|syscall.EPOLLERR) != 0 {
		u.unread = true
		u.receive(l)
	}
}

func (u *upstream) connected(l *loop, events uint32) bool {
	if events&(syscall.EPOLLOUT|syscall.EPOLLERR|syscall.EPOLLHUP) == 0 {
		return false
	}
	if err := socketError(u.fd); err != nil {
		l.unreachable(u, err)
		return false
	}
	u.state = upstreamLogin
	for _, command := range u.login() {
		u.push(command, op{kind: opLogin})
	}
	l.dirtied(u)
	if u.ops.count == 0 {
		u.opened(l)
	}
	return true
}

func (u *upstream) login() [][]byte {
	if u.owner != nil {
		return u.owner.session.login()
	}
	return u.pool.login()
}

// opened lets those in who wait for it.
func (u *upstream) opened(l *loop) {
	u.state = upstreamReady
	delete(l.timed, u)
	l.dirtied(u)
	if u.owner != nil {
		l.again(u.owner)
		return
	}
	l.wake()
}

// push puts a whole command behind those before.
func (u *upstream) push(command []byte, o op) {
	o.start = u.out.end()
	u.out.bytes = append(u.out.bytes, command...)
	o.end = u.out.end()
	o.kept = true
	u.ops.push(o)
}

// load is how many bytes are kept for those who wait for replies.
func (u *upstream) load() int { return len(u.out.bytes) }

// flush sends what the socket takes.
func (u *upstream) flush(l *loop) {
	if (u.state != upstreamLogin && u.state != upstreamReady) || u.failed != nil || l.severed() {
		return
	}
	for {
		unsent := u.sendable(l)
		if len(unsent) == 0 {
			break
		}
		n, errno := writeSocket(u.fd, unsent)
		if errno == syscall.EAGAIN {
			break
		}
		if errno != 0 {
			// What the server answered before it went is still there to be read.
			u.failed, u.unread = fmt.Errorf("send: %w", errno), true
			l.resume = append(l.resume, u)
			return
		}
		u.out.sent += uint64(n)
	}
	u.trim(l)
}

// trim lets go of what nobody will need again, and of clients that waited for it.
func (u *upstream) trim(l *loop) {
	keep := u.out.sent
	if u.ops.count > 0 {
		if first := u.ops.at(0); first.kept {
			keep = min(keep, first.start)
		} else if !u.writing || u.ops.count > 1 {
			keep = min(keep, first.end)
		}
	}
	u.out.trim(keep)
	u.rest(l)
	if u.full && u.load() < l.p.options.MaxPending/2 {
		u.full = false
		if u.owner != nil {
			l.again(u.owner)
		} else {
			l.wake()
		}
	}
}

// receive reads replies until there are no more, or the one who gets them does not
// take them.
func (u *upstream) receive(l *loop) {
	for round := 0; u.unread && u.stalled == nil && u.state != upstreamClosed; round++ {
		if round == fairRounds {
			l.resume = append(l.resume, u)
			return
		}
		buffer := l.replies
		kept := copy(buffer, u.in)
		u.in = u.in[:0]
		n, errno := readSocket(u.fd, buffer[kept:])
		if errno == syscall.EAGAIN {
			u.in = append(u.in, buffer[:kept]...)
			u.unread = false
			if u.failed != nil {
				l.lost(u, u.failed)
			}
			return
		}
		if errno != 0 || n == 0 {
			l.lost(u, fmt.Errorf("receive: %w", ending(errno)))
			return
		}
		if l.severed() {
			return
		}
		if n < len(buffer)-kept && !u.hangup && u.failed == nil {
			u.unread = false
		}
		u.deliver(l, buffer[:kept+n])
	}
}

// close ends it, whatever is under way. Those who wait are the caller's business.
func (u *upstream) close(l *loop) {
	if u.state == upstreamClosed {
		return
	}
	u.state = upstreamClosed
	if u.fd < 0 {
		return // it never came to a socket
	}
	l.unwatch(u.fd)
	delete(l.timed, u)
	delete(l.large, u)
	delete(l.upstreams, u)
	l.count.upstreams.Add(-1)
	if u.pool != nil {
		u.pool.leave(u)
	}
	if u.stalled != nil && u.stalled.stalls == u {
		u.stalled.stalls = nil
	}
	u.out, u.ops, u.in, u.holders, u.sink = stream{}, queue{}, nil, nil, nil
}
