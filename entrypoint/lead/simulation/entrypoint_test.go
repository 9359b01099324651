package simulation

import "github.com/helm-valkey/helm-valkey/entrypoint/lead"

// What an entrypoint in a hive goes by; package node has the same, if not to the
// millisecond.
const (
	lookEvery   = 200 * millisecond
	pollEvery   = 300 * millisecond
	reignEvery  = second
	silence     = 1300 * millisecond
	hangAfter   = 3 * second
	haste       = 400 * millisecond
	settleAfter = second
	heedFor     = 1500 * millisecond
	freshFor    = second
	leaseFor    = second
	provenFor   = 3 * second
	intentFor   = 5 * second
)

func (p *pod) hive() bool { return p.world.policy != "" }

func (p *pod) need() int { return p.world.need }

// begin is what a pod does first: its server starts detached, with what is on disk.
func (p *pod) begin() {
	if !p.hive() {
		p.guardAgain()
		return
	}
	p.launch()
}

func (p *pod) started() {
	if !p.hive() {
		p.fixedStarted()
	}
	p.looked = p.clock()
}

// tick looks at the server and does what the pod's part asks for.
func (p *pod) tick() {
	s := &p.server
	now := p.clock()
	stalled := now-p.ticked > second
	p.ticked = now
	if p.hurries {
		p.hurries = false
	} else {
		p.in(lookEvery, evTick, 0)
	}
	if s.runs && !s.hangs {
		p.looked = now
	}
	if s.runs && s.hangs && now-p.looked > hangAfter {
		s.kill(p.keep())
	}
	if s.responds() {
		if p.wasUp && !s.up {
			p.quietAt = now
		}
		p.wasUp = s.up
		if s.up {
			p.linkEnded = false
		}
		p.note()
	}
	switch {
	case !p.hive():
		p.fixedDuty()
	case !s.runs:
		p.serverless()
	case !s.responds():
	case p.leads() && s.master:
		p.masterDuty(stalled)
	default:
		p.replicaDuty()
	}
}

// serverless is what a pod does whose server has ended: the master's has an election
// first, any other starts it again.
func (p *pod) serverless() {
	if p.leads() && p.vote.state == idle {
		p.leaseAt = 0
		p.quietAt = max(p.quietAt, p.looked)
		p.startCampaign()
		return
	}
	if !p.leads() {
		p.fenced = false
		p.launch()
	}
}

// replicaDuty keeps the server pointed at the master, or has one elected.
func (p *pod) replicaDuty() {
	s, d := &p.server, p.disk
	now := p.clock()
	if s.master {
		// Made master by a handover, or by nobody.
		if now < p.intentTo && p.intent.leader == p.slot && p.intent.term > d.term && p.intent.term >= d.promised {
			p.lead(p.intent.term)
			return
		}
		p.detach()
	}
	if p.hand.state != idle {
		return
	}
	if p.hears() {
		p.vote.began = 0
		if p.vote.state != idle && p.vote.term == 0 {
			p.vote.stop()
		}
		p.follow()
		return
	}
	p.follow()
	if now > p.heedUntil && now > p.intentTo && p.vote.state == idle && now >= p.vote.retryAt {
		p.startCampaign()
	}
}

// adopt takes note of who is master of a term, unless a later one is known or promised.
func (p *pod) adopt(leader int, term uint64, address int16, begin int64, beginID string) bool {
	d := p.disk
	if leader == p.slot || leader == nobody || term < d.term || term < d.promised || term == d.term && d.leader != nobody && d.leader != leader {
		return false
	}
	if term > d.term || d.leader != leader {
		p.world.trace(p, "adopts %s of term %d", names[leader], term)
		// Time to reach it, before it counts as silent.
		p.saidSo, p.denied = p.clock()-10*second, false
		p.heedUntil = max(p.heedUntil, p.clock()+silence)
	}
	d.leader, d.term = leader, term
	if address != nobody {
		d.address, d.begin, d.beginID = address, begin, beginID
	}
	return true
}

// follow points the server at the master, if it is not.
func (p *pod) follow() {
	s, d := &p.server, p.disk
	if p.leads() || d.leader == nobody || d.address == nobody || d.promised > d.term || !s.responds() {
		return
	}
	to := p.world.pods[d.address]
	if !s.master && s.source == to {
		return
	}
	if s.master {
		p.world.trace(p, "gives mastership up")
	}
	p.fenced, s.least = false, p.need()
	s.replicaof(to)
}

// poll asks the leader whether it is still master, or as master all peers.
func (p *pod) poll() {
	if !p.hive() {
		return
	}
	if p.leads() {
		p.in(reignEvery, evPoll, 0)
		if p.reigns() && p.server.responds() && p.vote.state == idle && p.hand.state == idle {
			p.asking = p.newRound(askStatus, order{}, p.everybody())
		}
		return
	}
	p.in(pollEvery, evPoll, 0)
	if l := p.disk.leader; l != nobody {
		p.ask(l, askStatus, order{}, 0)
	}
}

// polled is the leader's answer.
func (p *pod) polled(c *call) {
	if c.absent || c.refused || p.leads() || c.slot != p.disk.leader {
		return
	}
	s := &c.status
	if s.term > p.disk.term {
		address := s.address
		if s.master {
			address = s.from.id
		}
		p.adopt(s.leader, s.term, address, s.begin, s.beginID)
		return
	}
	p.denied = s.term == p.disk.term && s.leader != c.slot
	if s.master && s.term == p.disk.term {
		p.saidSo = p.clock()
		if s.position.HasData || p.at().Within(s.position) {
			p.adopt(c.slot, s.term, s.from.id, s.begin, s.beginID)
		}
		p.disk.online = s.online
		if s.position.Replid == p.disk.record.Replid {
			p.disk.record.History = s.position.History
		}
	}
}

// join follows a running master that answered.
func (p *pod) join(r *round, slot int) {
	s := &r.answers[slot].status
	if p.leads() && s.term >= p.disk.term && s.term >= p.disk.promised {
		p.disk.leader = nobody // no longer this pod
	}
	if p.adopt(slot, s.term, s.from.id, s.begin, s.beginID) {
		p.saidSo = p.clock()
		p.follow()
		if p.server.runs == false {
			p.launch()
		}
	}
}

// request is what a peer asks of this pod.
func (p *pod) request(c *call) {
	s, d := &p.server, p.disk
	o := &c.order
	switch c.kind {
	case askPromise:
		p.promise(c)
	case askFollow:
		if !p.hive() && p.reigns() && s.data != 0 {
			p.fixed.asked = 0 // it looks for the other before it gives way
			break
		}
		c.done = p.adopt(o.leader, o.term, o.address, o.begin, o.replid)
		if c.done {
			p.vote.stop()
			if !p.hive() {
				p.fixedFollow()
			} else if !o.empty || s.data == 0 {
				p.follow()
			}
		}
	case askPromote:
		p.promoteOrder(c)
	case askIntent:
		if p.hive() && (o.term <= max(d.term, d.promised)) {
			break
		}
		p.intent, p.intentTo = *o, p.clock()+intentFor
		c.done = true
	case askVoid:
		if p.intent.term == o.term && d.term < o.term {
			p.intentTo = 0
			c.done = !s.runs || s.responds() && !s.master
		}
	case askHandover:
		c.done = p.handoverTo(c.order.leader)
	}
	c.status = p.status()
	p.world.reply(c)
}

// promise gives the pod's promise to a candidate, or refuses it.
func (p *pod) promise(c *call) {
	s, d := &p.server, p.disk
	o := &c.order
	if s.runs && !s.responds() {
		return
	}
	standing := lead.Standing{Term: d.term, Promised: d.promised, Hears: p.hears(), Master: p.reigns()}
	if d.leader != nobody {
		standing.Leader = names[d.leader]
	}
	if d.candidate != nobody {
		standing.Candidate = names[d.candidate]
	}
	reason := p.world.decisions.refusal(standing, o.term, names[o.from])
	if reason != "" {
		p.world.trace(p, "refuses term %d to %s: %s", o.term, names[o.from], reason)
		return
	}
	c.done = true
	if d.promised != o.term {
		p.world.trace(p, "promises term %d to %s", o.term, names[o.from])
	}
	stays := standing.Hears && o.from == d.leader
	d.promised, d.candidate = o.term, o.from
	p.heedUntil = p.clock() + heedFor
	p.vote.stop()
	if !stays && !p.world.mutated(staysAttached) {
		p.detach()
	}
}

// promoteOrder makes this pod master because a candidate found its data to be the most
// advanced.
func (p *pod) promoteOrder(c *call) {
	s, d := &p.server, p.disk
	o := &c.order
	if !p.hive() {
		p.fixedPromote(c)
		return
	}
	if d.promised != o.term || d.candidate != o.from || d.term >= o.term {
		return
	}
	if !s.runs {
		p.launch()
		return
	}
	if !s.responds() || s.syncs || s.master {
		return
	}
	p.lead(o.term)
	c.done = true
}

// answer takes what a peer answered.
func (p *pod) answer(c *call) {
	w := p.world
	switch {
	case c.round == 0:
		if p.hive() && c.kind == askStatus {
			p.polled(c)
		}
	case p.asking != nil && c.round == p.asking.id:
		if p.asking.take(c) {
			r := p.asking
			p.asking = nil
			p.reigned(r)
		}
	case p.vote.round != nil && c.round == p.vote.round.id:
		if p.vote.round.take(c) {
			p.voted()
		}
	case p.hand.state != idle && c.round == p.hand.round:
		p.handoverAnswer(c)
	case p.fixed.round != nil && c.round == p.fixed.round.id:
		if p.fixed.round.take(c) {
			p.fixedVoted()
		}
	}
	w.calls = append(w.calls, c)
}
