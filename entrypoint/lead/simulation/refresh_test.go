package simulation

import "github.com/helm-valkey/helm-valkey/entrypoint/lead"

// refreshed believes the latest term that anybody knows.
func (p *pod) refreshed(r *round) {
	d, s := p.disk, &p.server
	leader, term, address := d.leader, d.term, d.address
	for slot := range p.world.n {
		a := &r.answers[slot]
		if a.known && a.status.leader != p.slot && a.status.leader != nobody && (a.status.term > term || leader == nobody) {
			leader, term, address = a.status.leader, a.status.term, nobody
		}
	}
	if leader != nobody {
		// What the leader's own pod says of it goes before what was heard.
		if a := &r.answers[leader]; a.known && a.status.term >= term && a.status.leader != nobody && a.status.leader != p.slot {
			leader, term = a.status.leader, a.status.term
		}
	}
	if leader == nobody || leader == p.slot {
		return
	}
	if leader != d.leader || term != d.term {
		p.world.trace(p, "believes %s of term %d", names[leader], term)
	}
	d.leader, d.term, d.address = leader, term, address
	if a := &r.answers[leader]; a.known {
		p.fixed.heard = p.clock()
		own := p.at()
		if (a.status.master || a.status.idle) && (a.status.position.HasData || own.Within(a.status.position)) {
			d.address, d.begin = a.status.from.id, a.status.begin
			if a.status.position.Replid == d.record.Replid {
				d.record.History = a.status.position.History
			}
		}
		p.chained(&a.status)
	}
	if s.responds() && !p.moving() {
		p.follow()
	}
}

// chained leaves a leader that is no master for longer than a change of roles takes:
// replicas in a ring would keep each other's links up.
func (p *pod) chained(leader *status) {
	f := &p.fixed
	switch {
	case leader.master || leader.idle || p.moving():
		f.chainedAt = 0
	case f.chainedAt == 0:
		f.chainedAt = p.clock()
	case p.clock()-f.chainedAt > strayAfter && p.server.responds() && !p.server.syncs:
		p.stray()
	}
}

// rivaled gives way to a master of a later term.
func (p *pod) rivaled(r *round) {
	d, s := p.disk, &p.server
	if !p.reigns() || !s.responds() || p.hand.state != idle {
		return
	}
	for slot := range p.world.n {
		a := &r.answers[slot]
		if !a.known || a.status.term <= d.term {
			continue
		}
		if a.status.leader == p.slot {
			// A handover to this pod ended when it was master already.
			p.lead(a.status.term)
			return
		}
		p.world.trace(p, "gives way: %s knows term %d", names[slot], a.status.term)
		d.leader, d.term, d.address = a.status.leader, a.status.term, nobody
		if a.status.master && a.status.leader == slot {
			d.address, d.begin = a.status.from.id, a.status.begin
			p.follow()
		}
		return
	}
	if rival := p.world.decisions.reign(p.about(r)); rival.Action == lead.Join {
		a := &r.answers[slotOf(rival.Peer)].status
		p.world.trace(p, "gives way: %s", rival.Reason)
		d.leader, d.term, d.address, d.begin = a.slot, a.term, a.from.id, a.begin
		p.follow()
		return
	}
	own := p.at()
	for slot := range p.world.n {
		a := &r.answers[slot]
		if a.known && !a.status.hangs && !own.HasData && !a.status.position.Within(own) && p.home() {
			p.world.trace(p, "is outdone by %s", names[slot])
			s.kill(-1)
			return
		}
	}
}
