//go:build linux

package proxy

import "sync/atomic"

// Stats are the figures of a proxy since its start, and, where they say so, now.
type Stats struct {
	Connections int    // clients now
	Upstreams   int    // connections to the master now
	Waiting     int    // clients whose next command waits, now
	Accepted    uint64 // clients
	Rejected    uint64 // clients beyond the limit
	Commands    uint64 // sent to a master
	Replayed    uint64 // commands that a server refused as no master, and that were sent again
	HoldTimeout uint64 // commands answered with an error because no master came
	Unknown     uint64 // connections closed because nobody knows whether their commands ran
	Broken      uint64 // connections closed because their state can't be moved
	Unconfirmed uint64 // writes answered with an error because too few replicas confirmed them
	Slow        uint64 // connections closed because others waited for them to read
	Late        uint64 // connections that sent a command after Drain had closed them
}

type counters struct {
	upstreams, waiting                     atomic.Int64
	accepted, rejected, commands, replayed atomic.Uint64
	timeouts, unknown, broken, unconfirmed atomic.Uint64
	slow, late                             atomic.Uint64
}

// Stats adds up what the loops have counted.
func (p *Proxy) Stats() Stats {
	s := Stats{Connections: int(p.clients.Load())}
	for _, l := range p.loops {
		c := &l.count
		s.Upstreams += int(c.upstreams.Load())
		s.Waiting += int(c.waiting.Load())
		s.Accepted += c.accepted.Load()
		s.Rejected += c.rejected.Load()
		s.Commands += c.commands.Load()
		s.Replayed += c.replayed.Load()
		s.HoldTimeout += c.timeouts.Load()
		s.Unknown += c.unknown.Load()
		s.Broken += c.broken.Load()
		s.Unconfirmed += c.unconfirmed.Load()
		s.Slow += c.slow.Load()
		s.Late += c.late.Load()
	}
	return s
}
