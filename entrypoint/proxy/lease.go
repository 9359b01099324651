//go:build linux

package proxy

import (
	"sync/atomic"
	"time"
)

// clock is the time since the proxy was made, on the kernel's monotonic clock.
func (p *Proxy) clock() int64 { return int64(time.Since(p.start)) }

// Renew extends the lease. One that has run out it does not: that may be because this
// process was frozen, and only Point says that the target is still the right one.
func (p *Proxy) Renew() {
	last := p.renewed.Load()
	if now := p.clock(); now-last < int64(p.options.Lease) {
		p.renewed.CompareAndSwap(last, now)
	}
}

// leases tells whether commands go to a target only within the lease.
func (p *Proxy) leases(target Target) bool {
	return p.options.Lease > 0 && target.Network == "unix"
}

// left is how long the lease still lasts.
func (p *Proxy) left() time.Duration {
	return max(p.options.Lease-time.Duration(p.clock()-p.renewed.Load()), 0)
}

func (p *Proxy) outdated() bool { return p.left() == 0 }

// noticePause is the least time between two calls of OnRefused about the same thing.
const noticePause = 250 * time.Millisecond

// notice is when the owner was last told of something.
type notice struct{ at atomic.Int64 }

func (n *notice) reset() { n.at.Store(0) }

// tell lets the owner know, unless it was told only just now.
func (p *Proxy) tell(n *notice) {
	last, now := n.at.Load(), p.clock()
	if (last == 0 || now-last >= int64(noticePause)) && n.at.CompareAndSwap(last, now) {
		p.options.OnRefused()
	}
}
