package simulation

import "github.com/helm-valkey/helm-valkey/entrypoint/lead"

// handover is a master's way to hand mastership to a replica.
type handover struct {
	state  handoverStep
	gen    uint32
	round  uint32
	target int
	to     *pod
	term   uint64
	until  int64
}

type handoverStep = step

const (
	intending = iota + handoverStep(10)
	failing
	voiding
)

const askHandover = askVoid + 1

// nextHandover counts from the own term, and from what was offered in vain: what others
// have promised belongs to elections, which are to outrank it.
func (p *pod) nextHandover() uint64 { return lead.HandoverTerm(max(p.disk.term, p.hand.term)) }

// handoverTo begins a planned handover; false if this pod can't.
func (p *pod) handoverTo(slot int) bool {
	s := &p.server
	if !p.reigns() || !s.responds() || p.hand.state != idle || p.vote.state != idle || p.fenced || p.disk.promised > p.disk.term {
		return false
	}
	var to *pod
	for i := range s.slots {
		if q := s.slots[i].conn.ends[toReplica].pod; q.slot == slot && s.slots[i].online && s.seconds()-s.slots[i].acked <= 1 {
			to = q
		}
	}
	if to == nil {
		return false
	}
	p.rounds++
	h := &p.hand
	*h = handover{state: intending, gen: h.gen + 1, round: p.rounds, target: slot, to: to, term: p.nextHandover(), until: p.clock() + second}
	p.world.trace(p, "handover to %s: intent", to.name)
	for other := range p.world.n {
		if other != p.slot {
			p.ask(other, askIntent, order{term: h.term, leader: slot, from: p.slot}, h.round)
		}
	}
	p.in(20*millisecond, evHandover, h.gen)
	return true
}

// handoverAnswer is the target's word on the intent, or on its being void.
func (p *pod) handoverAnswer(c *call) {
	h := &p.hand
	if c.slot != h.target || c.absent || c.refused || c.status.from != h.to {
		return
	}
	switch {
	case h.state == intending && c.kind == askIntent:
		if !c.done || !p.reigns() || !p.server.startFailover(h.to) {
			h.end()
			return
		}
		h.state = failing
	case p.disk.term >= h.term:
		h.end()
	case h.state == voiding && c.kind == askVoid && c.done:
		p.world.trace(p, "handover is void, goes on as master")
		p.server.pausedTo = 0
		h.end()
	case h.state == voiding && c.status.master && c.status.term == h.term:
		p.handedOver()
	}
}

func (h *handover) end() { h.state = idle; h.gen++ }

func (p *pod) handoverStep(gen uint32) {
	h, s := &p.hand, &p.server
	if gen != h.gen || h.state == idle {
		return
	}
	if !s.runs || !s.responds() || p.disk.term >= h.term {
		// Mastership has gone another way meanwhile.
		h.end()
		return
	}
	now := p.clock()
	switch h.state {
	case intending:
		if now > h.until {
			h.end()
			return
		}
	case failing:
		switch {
		case s.failover == noFailover && s.master:
			h.end() // timed out before anything was handed over
			return
		case s.failover == noFailover:
			if s.source == h.to && s.up {
				p.handedOver()
			}
			h.end()
			return
		case s.failover == inProgress && p.world.now > s.failoverT:
			p.world.trace(p, "handover is aborted")
			s.abortFailover()
			if p.world.mutated(abortsBlindly) {
				s.pausedTo = 0
				h.end()
				return
			}
			p.rounds++
			h.state, h.round, h.until = voiding, p.rounds, now+3*second
			p.ask(h.target, askVoid, order{term: h.term, leader: h.target, from: p.slot}, h.round)
		}
	case voiding:
		if now > h.until {
			p.world.trace(p, "the target does not answer: leaves mastership")
			p.detach()
			if p.hive() {
				p.disk.leader, p.disk.address = h.target, h.to.id
			}
			h.end()
			return
		}
	}
	p.in(20*millisecond, evHandover, h.gen)
}

// handedOver takes note of the new master, and tells the others.
func (p *pod) handedOver() {
	h := &p.hand
	d := p.disk
	p.world.trace(p, "handed over to %s", names[h.target])
	p.world.counted.handovers++
	d.leader, d.term, d.address = h.target, h.term, h.to.id
	d.begin, d.beginID = p.server.offset, p.server.replid
	h.end()
	p.announce()
	p.follow()
}
