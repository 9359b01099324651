package proxy

import (
	"fmt"
	"strconv"

	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
)

// With durability, what goes to an upstream in one go is followed by a WAIT, and
// replies to writes are held until it is answered. Meanwhile nothing is sent: the
// server would not look at it, and what gathers shares the next WAIT.

func (l *loop) durable() bool { return l.p.options.Durability.Replicas > 0 && l.readOnly == nil }

// held are replies that wait for replicas.
type held struct {
	bytes []byte
	ends  []heldEnd
}

// heldEnd is where one reply ends, and whether it says that something was written.
type heldEnd struct {
	at    int
	wrote bool
}

func (h *held) mark(wrote bool) { h.ends = append(h.ends, heldEnd{len(h.bytes), wrote}) }

// sendable is what may go out now.
func (u *upstream) sendable(l *loop) []byte {
	if l.durable() && u.unconfirmed && !u.waiting && !u.writing && u.state == upstreamReady && !u.inTransaction() {
		u.pushWait(l)
	}
	if u.waiting {
		return u.out.slice(u.out.sent, max(u.out.sent, u.waitEnd))
	}
	return u.out.unsent()
}

// inTransaction tells that a WAIT would be queued, not run.
func (u *upstream) inTransaction() bool { return u.owner != nil && u.owner.session.multi }

func (u *upstream) pushWait(l *loop) {
	d := l.p.options.Durability
	command := resp.Append(nil, "WAIT", strconv.Itoa(d.Replicas), strconv.FormatInt(d.Timeout.Milliseconds(), 10))
	u.push(command, op{kind: opWait})
	u.unconfirmed, u.waiting, u.waitEnd = false, true, u.out.end()
}

// confirmed releases the replies to writes that n replicas have confirmed.
func (l *loop) confirmed(u *upstream, n int64) {
	u.waiting = false
	d := l.p.options.Durability
	enough := n >= int64(d.Replicas)
	for _, c := range u.holders {
		// One client may be there several times, for several commands.
		if c.closed || len(c.held.ends) == 0 {
			continue
		}
		replies := c.held
		c.held = held{}
		if enough {
			c.send(l, replies.bytes)
		} else {
			c.send(l, l.unconfirmed(&replies, n))
		}
		l.again(c)
	}
	clear(u.holders)
	u.holders = u.holders[:0]
	l.dirtied(u)
}

// unconfirmed puts errors in the place of replies to writes.
func (l *loop) unconfirmed(h *held, n int64) []byte {
	d := l.p.options.Durability
	text := fmt.Sprintf("-NOREPLICAS the write was done on the master, but %d of %d replicas confirmed it within %s\r\n", max(n, 0), d.Replicas, d.Timeout)
	var out []byte
	from := 0
	for _, end := range h.ends {
		if end.wrote {
			out = append(out, text...)
			l.count.unconfirmed.Add(1)
		} else {
			out = append(out, h.bytes[from:end.at]...)
		}
		from = end.at
	}
	return out
}

// waitChannel gets an empty message whenever a client's WAIT has to count writes
// that it made through another connection.
const waitChannel = "__entrypoint:wait"

// lift makes the client's own WAIT on this upstream count what it wrote through
// another one. WAIT counts from the last write of its own connection: a message to
// a channel is one that changes no data.
func (c *client) lift(l *loop, u *upstream) (known bool) {
	if c.wrote == nil || c.wrote == u {
		return true
	}
	if c.wrote.epoch != l.epoch && (c.wrote.past || c.wrote.state == upstreamClosed) {
		return false
	}
	u.push(resp.Append(nil, "PUBLISH", waitChannel, ""), op{client: c, kind: opIgnore})
	c.wrote = u
	return true
}
