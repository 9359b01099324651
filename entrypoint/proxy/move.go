package proxy

import (
	"fmt"
	"time"
)

// open tells whether commands can be sent now.
func (l *loop) open() bool {
	return l.pointed && !l.held && !l.now.Before(l.openAt) && (l.table != nil || !l.durable())
}

func (l *loop) hold() { l.held = true }

// learned gets the commands of the master.
func (l *loop) learned(t table) {
	l.table = t
	l.wake()
}

// point opens the loop to a master. If it is another one, the connections to the
// one before take no more commands.
func (l *loop) point(to endpoint, readOnly string, leased, moved bool) {
	l.target, l.leased, l.pointed, l.held = to, leased, true, false
	l.readOnly = nil
	if readOnly != "" {
		l.readOnly = []byte(readOnlyCode + readOnly + "\r\n")
	}
	if moved {
		l.epoch++
		l.retryAt, l.openAt = time.Time{}, time.Time{}
		for u := range l.upstreams {
			u.retire(l)
		}
	}
	l.wake()
}

// retire lets an upstream answer what it was sent, and nothing more.
func (u *upstream) retire(l *loop) {
	if u.past || u.state == upstreamClosed {
		return
	}
	u.past, u.retired = true, true
	u.deadline = l.now.Add(l.p.options.HoldTimeout)
	l.timed[u] = struct{}{}
	if u.pool != nil {
		u.pool.leave(u)
	}
	c := u.owner
	switch {
	case u.state != upstreamReady:
		u.close(l)
		if c != nil {
			c.own = nil
			l.again(c)
		}
	case c == nil && u.ops.count == 0:
		u.close(l)
	case c != nil && (u.ops.count == 0 || c.session.opaque):
		c.moved(l)
	case c != nil && c.session.blocking:
		// A server that lost its role ends the command, which may be there to be read.
		u.deadline = l.now.Add(linger)
	}
}

// moved takes a client off an upstream to a master of the past. The next command
// gets it a new one, if it can be made the same.
func (c *client) moved(l *loop) {
	if !c.session.movable() {
		c.broken(l)
		return
	}
	if c.own != nil {
		c.own.close(l)
		c.own = nil
	}
	if c.stuck {
		l.again(c)
	}
}

// refused is called when an upstream says that it is no master: nothing more goes
// there until the owner has looked.
func (l *loop) refused(u *upstream) {
	if u.past || l.held {
		return
	}
	l.held = true
	// The owner may answer that it is, at once and always.
	l.openAt = l.now.Add(retryPause)
	l.p.options.OnRefused()
}

// lost ends an upstream that broke off.
func (l *loop) lost(u *upstream, err error) {
	if u.state == upstreamClosed {
		return
	}
	if u.state != upstreamReady {
		l.unreachable(u, err)
		return
	}
	l.p.options.Log.Debug("connection to the master lost", "error", err)
	// WAIT on another connection says nothing of writes on this one.
	l.epoch++
	// A connection of one client that ends between two commands ends for its own reasons.
	telling := !u.past && (u.owner == nil || u.ops.count > 0)
	l.sever(u)
	if telling {
		l.p.tell(&l.p.lost)
	}
	l.wake()
}

// sever ends an upstream with whatever is under way. Commands that did not go out
// whole did not run. What became of the others nobody knows: their clients must not be
// told anything.
func (l *loop) sever(u *upstream) {
	waiters := u.holders
	ops, out, owner := u.ops, u.out, u.owner
	u.close(l)
	for _, c := range waiters {
		c.unknown(l)
	}
	for i := range ops.count {
		o := ops.at(i)
		c := o.client
		if c == nil || c.closed || o.kind != opCommand {
			continue
		}
		if !o.kept || o.end <= out.sent || o.multi {
			c.unknown(l)
			continue
		}
		c.inflight--
		c.replay = append(c.replay, out.slice(o.start, o.end)...)
		l.again(c)
	}
	if owner == nil || owner.closed {
		return
	}
	owner.own = nil
	switch {
	case owner.inflight > 0:
		owner.unknown(l)
	case !owner.session.movable():
		owner.broken(l)
	default:
		l.again(owner)
	}
}

// abandon breaks all connections to masters, and holds commands until the next Point.
func (l *loop) abandon() {
	l.held, l.leased = true, false
	l.epoch++
	for u := range l.upstreams {
		l.sever(u)
	}
	l.wake()
}

// severed tells that nothing may go to a master or come from one any more: Abandon was
// called, or the lease has run out.
func (l *loop) severed() bool {
	if l.leased && l.p.outdated() {
		l.abandon()
		l.p.options.OnRefused()
		return true
	}
	return l.abandoning.Load() > 0
}

// unknown closes a connection whose commands nobody can answer for.
func (c *client) unknown(l *loop) {
	if !c.closed {
		l.count.unknown.Add(1)
		c.close(l)
	}
}

// broken closes a connection whose state can't be had elsewhere.
func (c *client) broken(l *loop) {
	if !c.closed {
		l.count.broken.Add(1)
		c.close(l)
	}
}

// rewind puts commands that did not run before those that were not sent, once it is
// known of all which they are.
func (c *client) rewind() {
	c.in = append(c.replay, c.in...)
	c.replay = nil
	c.next()
}

// expire answers commands that have waited too long for a master.
func (c *client) expire(l *loop) {
	if c.busy() {
		return
	}
	if len(c.replay) > 0 {
		c.rewind()
	}
	l.count.timeouts.Add(1)
	if c.session.multi || c.session.opaque {
		// Without this command the transaction would be another one, and an error is
		// no message.
		c.close(l)
		return
	}
	failure := []byte(fmt.Sprintf("-MASTERDOWN no master took over within %s: the command was not run\r\n", l.p.options.HoldTimeout))
	data := c.in
	c.next()
	for {
		n, done, err := c.request.scan(data)
		if err != nil || !done {
			break // take will find it again
		}
		if !c.request.empty {
			c.send(l, failure)
		}
		data = data[n:]
		c.next()
	}
	if c.closed {
		return
	}
	if c.request.declared() > maxWhole {
		c.finish(string(failure))
	}
	c.in = append([]byte(nil), data...)
	c.next()
	c.since = time.Time{}
	l.again(c)
}
