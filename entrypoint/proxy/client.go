//go:build linux

package proxy

import (
	"io"
	"syscall"
	"time"
)

const (
	// chunk is how much is read at once.
	chunk = 64 << 10
	// maxWhole is how long a command may be to be kept until it is answered. Those
	// that are longer pass through as they come.
	maxWhole = 32 << 10
	// fairRounds is how often one connection is read before others have their turn.
	fairRounds = 4
)

// client is one connection to the proxy. It costs no buffer while it is idle.
type client struct {
	fd      int
	session session
	request request
	scanned int    // bytes of in that request has taken
	in      []byte // read, and not sent on
	out     []byte // for the client, which has not taken it
	last    []byte // what it gets once all commands are answered

	pool     *pool     // upstreams that it may share; nil: none
	own      *upstream // the one that it has to itself
	up       *upstream // that its commands under way were sent to
	wrote    *upstream // that its last write was sent to
	stalls   *upstream // that is not read until the client reads
	inflight int       // commands under way
	replay   []byte    // commands that did not run, in order
	held     held

	refusedAt time.Time // that a command was refused, and none answered since
	since     time.Time // that its next command waits for a master, or that it is let go

	reads     bool // has read something since the upstream that it stops was looked at
	unread    bool // there may be more to read
	hangup    bool // nothing comes after what is there to be read
	eof       bool // the client sends nothing more
	ending    bool // nothing more is taken from it
	leaving   bool // was told that nothing more will be answered
	closed    bool
	queued    bool // is on the loop's list of those to be looked at
	stuck     bool // can't go on before something happens
	streaming bool // a command too long to be kept is passing through
}

func (c *client) event(l *loop, events uint32) {
	if events&(syscall.EPOLLHUP|syscall.EPOLLERR) != 0 {
		c.close(l)
		return
	}
	if events&syscall.EPOLLRDHUP != 0 {
		if c.session.blocking {
			c.close(l)
			return
		}
		c.hangup = true
	}
	if events&(syscall.EPOLLIN|syscall.EPOLLRDHUP) != 0 {
		c.unread = true
	}
	if events&syscall.EPOLLOUT != 0 && len(c.out) > 0 {
		c.drainOut(l)
	}
	c.advance(l)
}

// advance takes the client as far as it gets.
func (c *client) advance(l *loop) {
	if c.stuck {
		c.stuck = false
		delete(l.stuck, c)
	}
	for round := 0; c.proceed(l) && c.unread && len(c.out) == 0; round++ {
		if round == fairRounds {
			l.again(c)
			break
		}
		c.receive(l)
	}
	c.settle(l)
}

// proceed sends on what has been read, and tells whether there is room for more.
func (c *client) proceed(l *loop) bool {
	if c.closed || c.leaving {
		return !c.closed
	}
	if len(c.replay) > 0 {
		if c.busy() {
			return false
		}
		c.rewind()
	}
	// What can't be answered at once would only be more to keep.
	if len(c.in) > 0 && len(c.out) == 0 {
		rest := c.take(l, c.in)
		if len(rest) == 0 || c.closed {
			c.in = nil
		} else {
			c.in = c.in[:copy(c.in, rest)]
		}
	}
	return !c.closed && !c.stuck && !c.ending
}

func (c *client) receive(l *loop) {
	buffer := l.requests
	kept := copy(buffer, c.in)
	n, errno := readSocket(c.fd, buffer[kept:kept+chunk])
	switch {
	case errno == syscall.EAGAIN:
		c.unread = false
		return
	case errno != 0:
		c.close(l)
		return
	case n == 0 && (c.streaming || c.session.opaque || c.session.blocking || c.leaving):
		// What it waits for must not come to one who is gone.
		c.close(l)
		return
	case n == 0:
		c.unread, c.eof = false, true
		return
	case c.leaving:
		l.count.late.Add(1)
		c.close(l)
		return
	}
	if n < chunk && !c.hangup {
		c.unread = false
	}
	rest := c.take(l, buffer[:kept+n])
	switch {
	case len(rest) == 0 || c.closed:
		c.in = nil
	default:
		c.in = append(c.in[:0], rest...)
	}
}

// send gives the client what is for it: at once, as far as the socket takes it.
func (c *client) send(l *loop, b []byte) {
	if c.closed {
		return
	}
	if len(c.out) == 0 {
		n, errno := writeSocket(c.fd, b)
		if errno != 0 && errno != syscall.EAGAIN {
			c.close(l)
			return
		}
		b = b[max(n, 0):]
	}
	c.out = append(c.out, b...)
}

// drainOut sends what was left.
func (c *client) drainOut(l *loop) {
	n, errno := writeSocket(c.fd, c.out)
	if errno == syscall.EAGAIN {
		return
	}
	if errno != 0 {
		c.close(l)
		return
	}
	c.reads = true
	c.out = c.out[:copy(c.out, c.out[n:])]
	if len(c.out) == 0 {
		c.out = nil
		c.unstall(l)
		l.again(c)
	}
}

// settle ends a connection that has come to its end.
func (c *client) settle(l *loop) {
	if c.closed || c.busy() || len(c.replay) > 0 {
		return
	}
	if c.own != nil && c.own.retired {
		c.moved(l)
		if c.closed {
			return
		}
	}
	if (c.eof || c.ending) && !c.stuck {
		c.send(l, c.last)
		c.last = nil
		if len(c.out) == 0 && !c.closed {
			c.close(l)
		}
		return
	}
	if l.draining && !c.leaving && !c.unread && len(c.in) == 0 && len(c.out) == 0 {
		c.leave(l)
	}
}

// leave ends the connection between two commands: what the client has sent is
// answered, and it learns that it can send nothing more.
func (c *client) leave(l *loop) {
	if pending(c.fd) {
		// It has just sent something, of which an event tells next.
		return
	}
	c.leaving, c.since = true, l.now
	if c.session.opaque || syscall.Shutdown(c.fd, syscall.SHUT_WR) != nil {
		c.close(l)
	}
}

// close ends the connection as it is.
func (c *client) close(l *loop) {
	if c.closed {
		return
	}
	c.closed = true
	l.unwatch(c.fd)
	delete(l.clients, c)
	delete(l.stuck, c)
	l.p.clients.Add(-1)
	if c.own != nil {
		c.own.close(l)
	}
	c.unstall(l)
	c.in, c.out, c.replay, c.held = nil, nil, nil, held{}
	c.own, c.up, c.wrote = nil, nil, nil
}

// busy tells whether the client waits for answers.
func (c *client) busy() bool { return c.inflight > 0 || len(c.held.bytes) > 0 }

// block remembers that the client can't go on. What may change that calls wake, or
// again for this client.
func (c *client) block(l *loop) {
	c.since = time.Time{}
	if !c.closed {
		c.stuck = true
		l.stuck[c] = struct{}{}
	}
}

// wait blocks the client for the want of a master, for a limited time.
func (c *client) wait(l *loop) {
	since := c.since
	if since.IsZero() {
		since = l.now
	}
	c.block(l)
	c.since = since
}

// ending names why nothing more could be read.
func ending(errno syscall.Errno) error {
	if errno == 0 {
		return io.EOF
	}
	return errno
}
