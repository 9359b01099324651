//go:build linux

package proxy

import "time"

// take sends commands on, as far as they are whole and there is a way to send them,
// and returns what is left.
func (c *client) take(l *loop, data []byte) []byte {
	for len(data) > 0 && !c.closed && !c.ending {
		if c.session.opaque || c.streaming {
			var ok bool
			if data, ok = c.stream(l, data); !ok {
				return data
			}
			continue
		}
		n, done, err := c.request.scan(data[c.scanned:])
		c.scanned += n
		if err != nil {
			c.finish("-ERR Protocol error: " + err.Error() + "\r\n")
			return nil
		}
		if !done {
			if c.request.declared() > maxWhole && c.begin(l, data) {
				return nil
			}
			return data
		}
		if !c.request.empty && !c.route(l, &c.request, data[:c.scanned]) {
			return data
		}
		data = data[c.scanned:]
		c.next()
	}
	return data
}

func (c *client) next() {
	c.scanned = 0
	c.request = request{}
}

// finish ends the connection with a last word, once all before is answered.
func (c *client) finish(text string) {
	c.ending = true
	c.last = []byte(text)
	c.next()
}

// route sends one whole command on, unless it has to wait.
func (c *client) route(l *loop, r *request, command []byte) bool {
	switch {
	case r.name.is("quit"):
		c.finish("+OK\r\n")
		return true
	case r.name.is("post") || r.name.is("host:"):
		// Servers end the connection of a browser without a word.
		c.finish("")
		return true
	}
	i := c.session.judge(l.table, r)
	u := c.destination(l, i, len(command))
	if u == nil {
		return false
	}
	if i.opaque {
		c.sent(l, u, i)
		u.out.bytes = append(u.out.bytes, command...)
		return true
	}
	if i.wait && !c.lift(l, u) {
		if c.busy() {
			c.block(l)
			return false
		}
		c.send(l, []byte(errForgotten))
		return true
	}
	inside := c.session.multi
	u.push(command, op{
		client: c,
		note:   i.note,
		traits: i.traits,
		multi:  inside || i.multi,
		queued: inside && !i.ends,
	})
	c.inflight++
	if i.traits&writes != 0 && (!inside || i.ends) {
		u.unconfirmed = true
	}
	c.sent(l, u, i)
	return true
}

// errForgotten answers a WAIT for writes that were sent to a master, or through a
// connection, that is gone.
const errForgotten = "-NOREPLICAS the connection to the master changed since the last write: nobody can tell how many replicas have it\r\n"

func (c *client) sent(l *loop, u *upstream, i intent) {
	c.session.sent(i)
	c.up = u
	c.since = time.Time{}
	if i.traits&writes != 0 || l.table == nil {
		c.wrote = u
	}
	l.count.commands.Add(1)
	l.dirtied(u)
}

// destination returns the upstream for a command; nil if it has to wait.
func (c *client) destination(l *loop, i intent, size int) *upstream {
	if !l.open() {
		c.wait(l)
		return nil
	}
	u := c.choose(l, i)
	switch {
	case u == nil || (u.state != upstreamReady && !u.retired):
		c.wait(l)
		return nil
	case u.retired:
		c.block(l)
		return nil
	}
	// Replies of two upstreams could pass each other, and what waits for replicas is
	// released by the one that it came from.
	if c.busy() && c.up != u {
		c.block(l)
		return nil
	}
	if c.busy() && (i.alone() || c.session.reset || (l.durable() && (i.multi || c.session.opening))) {
		c.block(l)
		return nil
	}
	c.session.opening = false
	u.reserve(l)
	if u.load() > 0 && u.load()+size > l.p.options.MaxPending {
		u.full = true
		c.block(l)
		return nil
	}
	return u
}

// choose finds the upstream for a command, which may have to be waited for; nil if
// there can't be any yet.
func (c *client) choose(l *loop, i intent) *upstream {
	if c.own != nil && c.busy() && c.up == c.own {
		return c.own
	}
	if !i.own && !c.session.own && c.pool != nil {
		u, usable := c.pool.upstream(l, i.traits)
		if u != nil && c.own != nil {
			// What it was for is done: a login, or the time before the table.
			c.own.close(l)
			c.own = nil
		}
		if usable {
			return u
		}
	}
	if c.own == nil {
		c.attach(l)
	}
	return c.own
}

// attach begins an upstream of the client's own.
func (c *client) attach(l *loop) {
	if l.now.Before(l.retryAt) {
		return
	}
	u := &upstream{fd: -1, owner: c}
	if err := l.connect(u); err != nil {
		l.unreachable(u, err)
		return
	}
	c.own = u
}

// accepted takes note of a command to which the server said yes.
func (c *client) accepted(l *loop, n note, command []byte) {
	c.session.accepted(n, command)
	c.pool = l.pool(&c.session)
}

// begin sends on the beginning of a command that is too long to be kept.
func (c *client) begin(l *loop, data []byte) bool {
	i := intent{own: true, keep: true, traits: writes}
	if c.request.index > 0 {
		i = c.session.judge(l.table, &c.request)
	}
	i.own, i.keep = true, true
	u := c.destination(l, i, len(data))
	if u == nil {
		return false
	}
	// It can't be repeated, and what is kept behind it would have to stay.
	if c.busy() {
		c.block(l)
		return false
	}
	c.scanned = 0
	u.out.bytes = append(u.out.bytes, data...)
	if i.opaque {
		c.sent(l, u, i) // its replies pair with nothing
		return true
	}
	inside := c.session.multi
	u.ops.push(op{
		client: c,
		start:  u.out.end() - uint64(len(data)),
		note:   i.note,
		traits: i.traits,
		multi:  inside || i.multi,
		queued: inside && !i.ends,
	})
	c.inflight++
	u.writing, c.streaming = true, true
	if i.traits&writes != 0 && (!inside || i.ends) {
		u.unconfirmed = true
	}
	c.sent(l, u, i)
	return true
}

// stream sends on bytes that are not kept, and tells whether there is room for more.
func (c *client) stream(l *loop, data []byte) ([]byte, bool) {
	if !c.streaming && !l.open() {
		c.wait(l)
		return data, false
	}
	c.since = time.Time{}
	u := c.own
	if u.load() > l.p.options.MaxPending/2 {
		u.full = true
		c.block(l)
		return data, false
	}
	n := len(data)
	if c.streaming || l.durable() {
		var done bool
		var err error
		if n, done, err = c.request.scan(data); err != nil {
			c.abort(l)
			c.finish("-ERR Protocol error: " + err.Error() + "\r\n")
			return nil, false
		}
		if done {
			c.streamed(l, u, n, data)
			return data[n:], !c.closed
		}
	}
	u.out.bytes = append(u.out.bytes, data[:n]...)
	u.flush(l)
	return nil, true
}

// abort takes back a command that is half sent, if there is one: without its end it
// will not run.
func (c *client) abort(l *loop) {
	if !c.streaming {
		return
	}
	c.own.close(l)
	c.own, c.inflight, c.streaming = nil, 0, false
}

// streamed is called at the end of a command that is not kept.
func (c *client) streamed(l *loop, u *upstream, n int, data []byte) {
	// A stream of messages has no replies that could wait for replicas.
	if c.session.opaque && l.table[string(c.request.name.bytes())]&writes != 0 {
		l.count.broken.Add(1)
		c.close(l)
		return
	}
	u.out.bytes = append(u.out.bytes, data[:n]...)
	if c.streaming {
		c.streaming, u.writing = false, false
		u.ops.at(u.ops.count - 1).end = u.out.end()
	}
	c.next()
	l.dirtied(u)
}
