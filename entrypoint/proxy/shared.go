//go:build linux

package proxy

import "time"

// pool are the upstreams that clients of one login share: those that have shown
// the server the very credentials with which the upstreams are logged in, or none.
type pool struct {
	session session // what its upstreams are: logged in or not, in RESP2 or RESP3
	// With durability reads have an upstream of their own, so that they do not wait
	// for writes to be confirmed.
	up     [2]*upstream
	barred time.Time
}

// maxPools bounds the logins that a loop keeps upstreams for. A server that takes
// any password could be shown a new one each time.
const maxPools = 8

// stallTimeout is how long clients wait for one that reads nothing of its reply.
const stallTimeout = time.Second

// pool returns that of a session that has nothing else to it; nil if there are too
// many.
func (l *loop) pool(s *session) *pool {
	key := string(s.auth) + string(s.hello)
	p := l.pools[key]
	if p == nil && len(l.pools) < maxPools {
		p = &pool{session: session{auth: s.auth, hello: s.hello}}
		l.pools[key] = p
	}
	return p
}

func (p *pool) login() [][]byte {
	if login := p.session.login(); len(login) > 0 {
		return login
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
	// Those who only waited for room go elsewhere.
	l.wake()
	u.stalledAt = l.now
	u.deadline = l.now.Add(stallTimeout)
	l.timed[u] = struct{}{}
}

// overdue is called when a client has stopped a shared upstream for a while. Whoever
// reads may go on, up to a limit, while others wait; whoever does not has to go.
func (u *upstream) overdue(l *loop) {
	c := u.stalled
	if !u.awaited() || (c.reads && l.now.Sub(u.stalledAt) < l.p.options.HoldTimeout) {
		c.reads = false
		u.deadline = l.now.Add(stallTimeout)
		return
	}
	l.count.slow.Add(1)
	l.remember(c)
	c.close(l)
}

// awaited tells whether others wait for the client that does not read.
func (u *upstream) awaited() bool {
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
	if u.past {
		u.deadline = l.now.Add(l.p.options.HoldTimeout)
	} else {
		delete(l.timed, u)
	}
	if u.state != upstreamClosed {
		l.resume = append(l.resume, u)
	}
}

// maxSlow bounds the addresses that are remembered.
const maxSlow = 1024

// remember gives connections from the same address upstreams of their own from the
// start: what was too long to be read in time would be so again.
func (l *loop) remember(c *client) {
	if address := peerAddress(c.fd); address != "" && len(l.slow) < maxSlow {
		l.slow[address] = struct{}{}
	}
}
