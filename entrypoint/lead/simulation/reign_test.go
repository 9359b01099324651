package simulation

import "github.com/helm-valkey/helm-valkey/entrypoint/lead"

// masterDuty fences the server while too few replicas are there, and renews the lease
// that lets clients through.
func (p *pod) masterDuty(stalled bool) {
	s := &p.server
	fresh := 0
	for i := range s.slots {
		if s.slots[i].online && s.seconds()-s.slots[i].acked <= maxLag {
			fresh++
		}
	}
	switch {
	case fresh < p.need() && !p.fenced:
		p.world.trace(p, "fences itself: %d replicas", fresh)
		p.fenced, s.least = true, never
		s.count()
	case fresh >= p.need() && p.fenced:
		p.world.trace(p, "takes writes again: %d replicas", fresh)
		p.fenced, s.least = false, p.need()
		s.count()
	}
	p.disk.online = 0
	for i := range s.slots {
		if s.slots[i].online && s.seconds()-s.slots[i].acked <= maxLag {
			p.disk.online |= 1 << s.slots[i].conn.ends[toReplica].pod.slot
		}
	}
	p.renew(fresh)
}

// renew takes the lease: for a while after the last look of which replicas have
// acknowledged something that the server wrote later. What they acknowledged before may
// have waited in the sockets of a frozen server.
func (p *pod) renew(fresh int) {
	s := &p.server
	now := p.clock()
	if p.world.mutated(leaseByLag) {
		if fresh >= p.need() {
			p.leaseAt = now + leaseFor
		}
		return
	}
	for i := len(p.marks) - 1; i >= 0; i-- {
		if s.reached(p.marks[i].offset+1) >= p.need() {
			p.leaseAt = max(p.leaseAt, p.marks[i].at+provenFor)
			p.marks = append(p.marks[:0], p.marks[i+1:]...)
			break
		}
	}
	if len(p.marks) > 20 {
		p.marks = append(p.marks[:0], p.marks[1:]...)
	}
	p.marks = append(p.marks, mark{now, s.offset})
}

// takesWrites tells whether a client's write through this pod's proxy would be taken
// by its server right now.
func (p *pod) takesWrites() bool {
	return p.alive && p.server.takesWrites() && (!p.hive() || p.clock() <= p.leaseAt)
}

// reigned is what a master does about what its peers say.
func (p *pod) reigned(r *round) {
	if !p.reigns() || !p.server.responds() || p.vote.state != idle || p.hand.state != idle {
		return
	}
	h := p.about(r)
	d := p.world.decisions.reign(h)
	switch d.Action {
	case lead.Join:
		p.world.trace(p, "reign: %s", d.Reason)
		if p.join(r, slotOf(d.Peer)); p.server.master {
			// It has promised a later term, and can follow nobody of this one.
			p.detach()
		}
	case lead.Canvass:
		p.world.trace(p, "reign: %s", d.Reason)
		p.startCampaign()
	}
}

// lead makes this pod master of a term. The caller has seen to it that it may.
func (p *pod) lead(term uint64) {
	s, d := &p.server, p.disk
	p.world.trace(p, "leads term %d with data %d", term, s.data)
	if r := &d.record; p.persists == appendOnly && !s.master && r.Replid != "" && r.Replid != s.replid && s.replid2 == "" {
		r.Continue(record0(r.Replid, r.Offset), r.History)
	}
	s.promote()
	d.term, d.leader, d.address, d.begin, d.beginID = term, p.slot, p.id, s.offset, s.replid
	if p.hive() {
		d.promised, d.candidate = max(d.promised, term), p.slot
	}
	p.fenced, s.least = false, p.need()
	s.count()
	p.marks = p.marks[:0]
	p.leaseAt = 0
	p.note()
	p.vote.stop()
	p.world.counted.reigns++
	p.announce()
}

// announce tells all peers who is master.
func (p *pod) announce() {
	d := p.disk
	o := order{term: d.term, leader: d.leader, address: d.address, from: p.slot, begin: d.begin, replid: d.beginID, empty: p.server.master && p.server.data == 0}
	for slot := range p.world.n {
		if slot != p.slot && slot != d.leader {
			p.ask(slot, askFollow, o, 0)
		}
	}
}
