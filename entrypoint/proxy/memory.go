//go:build linux

package proxy

import "time"

const (
	// What an upstream of one client keeps while it is idle: so many bytes and ops.
	idleCapacity = 512
	idleRing     = 64
	// … and one that is shared, for longer than a moment.
	largeCapacity = 16 << 10
	largeRing     = 512
	// Buffers that clients with upstreams of their own use in turns.
	spareCapacity = chunk
	maxSpare      = 64
	// sweepPause is how often memory is looked for that is not needed any more.
	sweepPause = time.Second
)

// rest gives back memory that is not needed: of one client's upstream at once, of a
// shared one when it was idle for a moment.
func (u *upstream) rest(l *loop) {
	if u.owner == nil {
		if cap(u.out.bytes) > largeCapacity || len(u.ops.ring) > largeRing {
			l.large[u] = struct{}{}
		}
		return
	}
	if !u.idle() {
		return
	}
	if cap(u.out.bytes) > idleCapacity {
		if cap(u.out.bytes) <= spareCapacity && len(l.spare) < maxSpare {
			l.spare = append(l.spare, u.out.bytes[:0])
		}
		u.out.bytes = nil
	}
	if len(u.ops.ring) > idleRing {
		u.ops = queue{}
	}
}

// idle tells that nothing is under way.
func (u *upstream) idle() bool { return u.ops.count == 0 && len(u.out.bytes) == 0 }

// reserve gives an upstream that has none a buffer that was used before.
func (u *upstream) reserve(l *loop) {
	last := len(l.spare) - 1
	if last >= 0 && cap(u.out.bytes) == 0 {
		u.out.bytes, l.spare[last] = l.spare[last], nil
		l.spare = l.spare[:last]
	}
}

// sweeps tells whether there is memory to be looked at.
func (l *loop) sweeps() bool { return len(l.large) > 0 || len(l.spare) > 0 }

func (l *loop) sweep() {
	l.swept = l.now
	clear(l.spare)
	l.spare = l.spare[:0]
	for u := range l.large {
		if u.idle() {
			u.out.bytes, u.ops = nil, queue{}
			delete(l.large, u)
		}
	}
}
