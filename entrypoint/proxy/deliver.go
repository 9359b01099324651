package proxy

import (
	"bytes"
	"errors"
	"fmt"
	"time"
)

// maxLine is how much of an error is looked at: those that matter are short.
const maxLine = 4 << 10

var errUnasked = errors.New("a reply to no command")

// deliver takes apart what an upstream sent, and passes it on. Replies to one
// client that follow each other go out together.
func (u *upstream) deliver(l *loop, data []byte) {
	if u.owner != nil && u.owner.session.opaque && u.ops.count == 0 {
		u.sink, u.hold = u.owner, false
		u.pass(l, data)
		return
	}
	at, from := 0, 0
	for at < len(data) && u.state != upstreamClosed {
		if u.reply.fresh() {
			if !u.whole(data[at:]) {
				u.in = append(u.in, data[at:]...)
				break
			}
			sink, hold, err := u.begin(l, data[at:])
			if err != nil {
				u.pass(l, data[from:at])
				l.lost(u, err)
				return
			}
			if sink != u.sink || hold || u.hold || u.instead != nil {
				u.pass(l, data[from:at])
				from = at
			}
			u.sink, u.hold = sink, hold
		}
		n, done, err := u.reply.scan(data[at:])
		at += n
		if err != nil {
			u.pass(l, data[from:at])
			l.lost(u, fmt.Errorf("reply: %w", err))
			return
		}
		if !done {
			u.lengthy()
			break
		}
		if u.instead != nil {
			u.pass(l, u.instead)
			u.instead, from = nil, at
		}
		if u.hold {
			u.pass(l, data[from:at])
			from = at
		}
		u.end(l)
	}
	u.pass(l, data[from:at])
	u.settle(l)
}

// whole tells whether enough of a reply is there to know what it means.
func (u *upstream) whole(data []byte) bool {
	proxys := u.ops.count > 0 && u.ops.at(0).kind != opCommand
	if data[0] != '-' && !proxys {
		return true
	}
	return len(data) >= maxLine || bytes.IndexByte(data, '\n') >= 0
}

// begin looks at the beginning of a reply and says who gets it, and whether it is
// held back until replicas have confirmed what was written.
func (u *upstream) begin(l *loop, data []byte) (sink *client, hold bool, err error) {
	u.first, u.refused = data[0], false
	if u.first == '>' && u.owner != nil {
		return u.owner, len(u.owner.held.bytes) > 0, nil
	}
	if u.ops.count == 0 || u.first == '>' {
		return nil, false, errUnasked
	}
	o := u.ops.at(0)
	if o.kind != opCommand {
		u.ownReply(o, data)
		return nil, false, nil
	}
	switch {
	case u.first != '-' || !refusal(data, o.traits):
	case u.rephrase(l, data):
		u.instead = l.readOnly
	default:
		u.refused = true
		l.refused(u)
	}
	c := o.client
	if u.refused && !c.patient(l) {
		u.refused = false
	}
	if c.closed || len(c.replay) > 0 || (u.refused && o.repeatable()) {
		return nil, false, nil
	}
	if u.writing && u.ops.count == 1 {
		return c, false, nil // an answer to half a command: nothing more will come
	}
	return c, l.durable() && (o.confirm() || len(c.held.bytes) > 0), nil
}

// patient tells whether a refused command may still be tried elsewhere: not for
// ever, should one master after the other turn out to be none.
func (c *client) patient(l *loop) bool {
	if c.refusedAt.IsZero() {
		c.refusedAt = l.now
	}
	return l.now.Sub(c.refusedAt) < l.p.options.HoldTimeout
}

// pass gives bytes to whom the reply under way belongs.
func (u *upstream) pass(l *loop, b []byte) {
	c := u.sink
	if len(b) == 0 || c == nil || c.closed {
		return
	}
	if u.hold {
		c.held.bytes = append(c.held.bytes, b...)
		if len(c.held.bytes) > l.p.options.MaxPending {
			l.count.unknown.Add(1)
			c.close(l)
		}
		return
	}
	c.send(l, b)
	limit := l.p.options.MaxPending
	if u.owner != nil {
		limit = chunk
	}
	if len(c.out) > limit && !c.closed && u.state != upstreamClosed {
		u.stall(l, c)
	}
}

// lengthy marks whose reply takes longer than one read: from then on it has an
// upstream of its own, where it keeps nobody waiting.
func (u *upstream) lengthy() {
	if u.owner == nil && u.sink != nil && u.reply.bulk > chunk {
		u.sink.session.own = true
	}
}

// end does what the end of a reply calls for.
func (u *upstream) end(l *loop) {
	if u.state == upstreamClosed {
		return
	}
	if u.first == '>' {
		if u.hold {
			u.owner.held.mark(false)
		}
		return
	}
	o := *u.ops.at(0)
	u.ops.pop()
	switch o.kind {
	case opWait:
		l.confirmed(u, u.value)
	case opIgnore:
		if u.first == '-' && !o.client.closed {
			// The WAIT behind it would promise what nobody knows.
			l.count.unknown.Add(1)
			o.client.close(l)
		}
	case opCommand:
		u.answered(l, &o)
	}
}

// answered takes a command from its client's account.
func (u *upstream) answered(l *loop, o *op) {
	c := o.client
	c.inflight--
	if c.closed {
		return
	}
	repeat := o.repeatable() && (u.refused || (len(c.replay) > 0 && o.traits&harmless != 0))
	switch {
	case repeat:
		c.replay = append(c.replay, u.out.slice(o.start, o.end)...)
		l.count.replayed.Add(1)
	case len(c.replay) > 0:
		// It ran, and one before it did not: their order can't be kept any more.
		l.count.unknown.Add(1)
		c.close(l)
		return
	case o.note == noteNone:
	case u.first == '-':
		c.session.denied(o.note)
	default:
		c.accepted(l, o.note, u.kept(o))
	}
	if !repeat && !c.refusedAt.IsZero() {
		c.refusedAt = time.Time{}
	}
	if u.hold {
		c.held.mark(o.confirm() && u.first != '-')
		u.holders = append(u.holders, c)
	}
	if c.inflight == 0 {
		c.session.blocking = false
	}
	if c.inflight == 0 && (c.stuck || c.ending || c.eof || u.retired || l.draining || len(c.replay) > 0) {
		l.again(c)
	}
}

// refusedHalfway ends a connection whose last command the server has answered, with an
// error, before it was whole: it reads no more.
func (c *client) refusedHalfway(l *loop) {
	c.abort(l)
	c.in, c.ending = nil, true
	c.next()
	l.again(c)
}

func (u *upstream) kept(o *op) []byte {
	if !o.kept {
		return nil
	}
	return u.out.slice(o.start, o.end)
}

// repeatable tells whether a command that did not run may be sent to another
// master. What belongs to a transaction makes no sense alone.
func (o *op) repeatable() bool { return o.kept && !o.multi }

// confirm tells whether replicas have to confirm what the command did.
func (o *op) confirm() bool { return o.traits&writes != 0 && !o.queued }

// settle does what is due once all replies that have come are passed on.
func (u *upstream) settle(l *loop) {
	if u.state == upstreamClosed {
		return
	}
	if u.state == upstreamLogin && u.ops.count == 0 {
		u.loggedIn(l)
		return
	}
	u.trim(l)
	switch {
	case u.writing && u.ops.count == 0:
		u.owner.refusedHalfway(l)
	case u.ops.count > 0 || !u.retired:
	case u.owner != nil:
		u.owner.moved(l)
	default:
		u.close(l)
	}
}
