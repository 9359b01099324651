package proxy

import "time"

// pool are the upstreams that clients of one login share: those that have shown
// the server the very credentials with which the upstreams are logged in, or none.
type pool struct {
	auth []byte // the AUTH command; nil: none
	// With durability reads have an upstream of their own, so that they do not wait
	// for writes to be confirmed.
	up     [2]*upstream
	barred time.Time
}

// maxPools bounds the logins that a loop keeps upstreams for. A server that takes
// any password could be shown a new one each time.
const maxPools = 8

// stallTimeout is how long clients wait for one that does not read its reply.
const stallTimeout = time.Second

// pool returns that of a login; nil if there are too many.
func (l *loop) pool(auth []byte) *pool {
	p := l.pools[string(auth)]
	if p == nil && len(l.pools) < maxPools {
		p = &pool{auth: auth}
		l.pools[string(auth)] = p
	}
	return p
}

func (p *pool) login() [][]byte {
	if p.auth != nil {
		return [][]byte{p.auth}
	}
	// A server that wants a login may end connections without one as it likes:
	// clients of such share nothing.
	return [][]byte{[]byte("PING\r\n")}
}

// upstream returns the one for a command. Without any, usable tells whether one
// is to be expected.
func (p *pool) upstream(l *loop, t traits) (u *upstream, usable bool) {
	class := 0
	if l.durable() && t&writes == 0 {
		class = 1
	}
	if p.up[class] != nil {
		return p.up[class], true
	}
	if l.now.Before(p.barred) {
		return nil, false
	}
	if l.now.Before(l.retryAt) {
		return nil, true
	}
	u = &upstream{fd: -1, pool: p}
	if err := l.connect(u); err != nil {
		l.unreachable(u, err)
		return nil, true
	}
	p.up[class] = u
	return u, true
}

// leave takes an upstream out, so that the next command gets another.
func (p *pool) leave(u *upstream) {
	for i := range p.up {
		if p.up[i] == u {
			p.up[i] = nil
		}
	}
}

// stall stops to read an upstream until a client has read what it was sent. From a
// shared one the others leave, and wait a while for replies that are behind.
func (u *upstream) stall(l *loop, c *client) {
	u.stalled, c.stalls = c, u
	if u.owner != nil {
		return
	}
	c.session.own = true
	u.retired = true
	u.pool.leave(u)
	u.deadline = l.now.Add(stallTimeout)
	l.timed[u] = struct{}{}
}

// stuckBehind tells whether others wait for the client that does not read.
func (u *upstream) stuckBehind() bool {
	for i := range u.ops.count {
		if c := u.ops.at(i).client; c != nil && c != u.stalled && !c.closed {
			return true
		}
	}
	return false
}

// unstall goes on to read what a client had stopped.
func (c *client) unstall(l *loop) {
	u := c.stalls
	if u == nil {
		return
	}
	c.stalls, u.stalled = nil, nil
	if u.retired {
		u.deadline = l.now.Add(l.p.options.HoldTimeout)
	}
	if u.state != upstreamClosed {
		l.resume = append(l.resume, u)
	}
}
