package simulation

import (
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
	"github.com/helm-valkey/helm-valkey/entrypoint/record"
)

// maxPods is how many names there can be.
const maxPods = 5

var names = [maxPods]string{"p0", "p1", "p2", "p3", "p4"}

func slotOf(name string) int { return int(name[1] - '0') }

func record0(replid string, end int64) record.Fork { return record.Fork{Replid: replid, End: end} }

// answer is what came of asking one peer.
type answer struct {
	asked, over    bool
	known          bool
	absent, nobody bool // no such name; nobody listens there
	granted        bool
	status         status
}

// round is one of asking several peers at once.
type round struct {
	id      uint32
	asked   int64
	waits   int
	answers [maxPods]answer
}

func (p *pod) everybody() uint { return (1<<p.world.n - 1) &^ (1 << p.slot) }

// newRound asks the peers of a set; those that do not answer in haste are silent.
func (p *pod) newRound(kind callKind, o order, who uint) *round {
	p.rounds++
	r := &round{id: p.rounds, asked: p.clock()}
	for slot := range p.world.n {
		if who&(1<<slot) == 0 {
			// Not asked, but looked up: an absence is never old.
			_, _, found := p.world.lookup(p, slot)
			r.answers[slot].absent = !found
			continue
		}
		r.answers[slot].asked = true
		r.waits++
		p.ask(slot, kind, o, r.id)
	}
	p.in(haste, evTimeout, r.id)
	return r
}

// take is true when all have answered.
func (r *round) take(c *call) bool {
	a := &r.answers[c.slot]
	if a.over {
		return false
	}
	a.over = true
	a.absent, a.nobody = c.absent, c.refused
	a.known = !c.absent && !c.refused
	a.granted, a.status = c.done, c.status
	r.waits--
	return r.waits == 0
}

func (p *pod) timeout(id uint32) {
	switch {
	case p.asking != nil && p.asking.id == id:
		r := p.asking
		p.asking = nil
		p.reigned(r)
	case p.vote.round != nil && p.vote.round.id == id:
		p.voted()
	case p.fixed.round != nil && p.fixed.round.id == id:
		p.fixedVoted()
	}
}

type step uint8

const (
	idle step = iota
	sounding
	canvassing
	electing
	ordering
	waiting
)

// campaign is one pod's way to have a master elected. Term is what it asks promises
// for; began is when it first found none.
type campaign struct {
	state   step
	gen     uint32
	term    uint64
	began   int64
	retryAt int64
	round   *round
	voters  uint
	winner  int
}

func (v *campaign) stop() { v.state, v.term, v.round = idle, 0, nil; v.gen++ }

func (p *pod) startCampaign() {
	v := &p.vote
	now := p.clock()
	if now < v.retryAt {
		return
	}
	if v.began == 0 {
		v.began = now
	}
	v.state, v.term = sounding, 0
	v.round = p.newRound(askStatus, order{}, p.everybody())
	if v.round.waits == 0 {
		p.voted()
	}
}

// again backs off, a little longer the later the own name comes.
func (p *pod) again() {
	v := &p.vote
	v.stop()
	v.retryAt = p.clock() + p.world.between(100*millisecond, 300*millisecond) + int64(p.slot)*20*millisecond
	p.in(v.retryAt-p.clock()+1, evCampaign, v.gen)
}

func (p *pod) campaignStep(gen uint32) {
	v := &p.vote
	if gen != v.gen {
		return
	}
	switch {
	case v.state == waiting:
		p.askAgain()
	case v.state != idle:
	case p.leads() && p.server.master:
		// The next poll of all peers shows whether it is still needed.
	case p.server.responds() || !p.server.runs && p.leads():
		if p.server.runs {
			p.replicaDuty()
		} else {
			p.serverless()
		}
	}
}

// about is what an election rests on.
func (p *pod) about(r *round) lead.Hive {
	d, s, w := p.disk, &p.server, p.world
	h := lead.Hive{
		Policy: w.policy, Self: p.name, Home: names[0], Need: w.need, Term: d.term, Promised: d.promised,
		Quiet: time.Duration(p.quiet()) * time.Microsecond, Idle: !s.runs, Reigns: p.reigns(), Own: p.at(),
		Peers: make([]lead.Peer, 0, maxPods),
	}
	if d.leader != nobody {
		h.Leader = names[d.leader]
	}
	h.Gone = p.leads() && !s.runs
	now := p.clock()
	if v := &p.vote; v.began != 0 {
		h.Patient = now-v.began < 3*4*second
		h.Settled = now-v.began > settleAfter
	}
	for slot := range w.n {
		if slot == p.slot {
			continue
		}
		a := &r.answers[slot]
		h.Peers = append(h.Peers, p.peer(slot, a))
		if slot != d.leader {
			continue
		}
		same := a.known && a.status.from.id == d.address
		h.Gone = h.Gone || same && a.status.idle
		if !a.known && p.linkEnded && d.address >= 0 {
			l := w.pods[d.address]
			h.Gone = h.Gone || !l.alive && l.rejects && w.reaches(p, l)
		}
	}
	return h
}

// voted goes on when all have answered, or the time is over.
func (p *pod) voted() {
	v := &p.vote
	r := v.round
	v.round = nil
	if p.server.runs && !p.server.responds() && p.server.hangs {
		p.again()
		return
	}
	switch v.state {
	case sounding:
		p.sounded(r)
	case canvassing, electing:
		p.canvassed(r)
	case ordering:
		p.ordered(r)
	}
}

func (p *pod) sounded(r *round) {
	w, d, v := p.world, p.disk, &p.vote
	if d.term > 0 {
		p.learn(r)
	}
	if !p.reigns() && p.hears() {
		p.again()
		return
	}
	decision := w.decisions.sound(p.about(r))
	w.trace(p, "sounds: %s %s: %s", decision.Action, decision.Peer, decision.Reason)
	switch decision.Action {
	case lead.Join:
		p.vote.stop()
		p.join(r, slotOf(decision.Peer))
	case lead.Canvass:
		v.voters = 0
		v.term = max(d.term, d.promised)
		for slot := range w.n {
			if a := &r.answers[slot]; a.known && !a.status.hangs {
				v.voters |= 1 << slot
				v.term = max(v.term, a.status.term, a.status.promised)
			}
		}
		v.term = lead.ElectionTerm(v.term)
		d.promised, d.candidate = v.term, p.slot
		if !p.reigns() {
			p.detach()
		}
		v.state = canvassing
		p.canvass()
	default:
		p.again()
	}
}

// learn takes from all answers who is master of the latest term, if nobody has promised
// a later one.
func (p *pod) learn(r *round) {
	latest := uint64(0)
	for slot := range p.world.n {
		if a := &r.answers[slot]; a.known {
			latest = max(latest, a.status.term, a.status.promised)
		}
	}
	for slot := range p.world.n {
		a := &r.answers[slot]
		if !a.known || a.status.term <= p.disk.term || a.status.term < latest {
			continue
		}
		s := &a.status
		if s.leader == p.slot || p.reigns() {
			continue
		}
		address := s.address
		if s.master {
			address = s.from.id
		}
		p.adopt(s.leader, s.term, address, s.begin, s.beginID)
	}
}

// canvass asks all that answered for their promise, or for it again.
func (p *pod) canvass() {
	v := &p.vote
	v.round = p.newRound(askPromise, order{term: v.term, from: p.slot}, v.voters)
	if v.round.waits == 0 {
		p.voted()
	}
}

func (p *pod) askAgain() {
	v := &p.vote
	v.state = electing
	p.canvass()
}

func (p *pod) canvassed(r *round) {
	w, d, v := p.world, p.disk, &p.vote
	for slot := range w.n {
		if v.voters&(1<<slot) > 0 && !r.answers[slot].granted {
			p.again()
			return
		}
	}
	if d.promised != v.term || d.candidate != p.slot || d.term >= v.term {
		p.again()
		return
	}
	h := p.about(r)
	decision := w.decisions.elect(h)
	w.trace(p, "elects for term %d: %s %s: %s", v.term, decision.Action, decision.Peer, decision.Reason)
	if p.clock()-r.asked > freshFor {
		p.askLater()
		return
	}
	switch decision.Action {
	case lead.Start:
		switch {
		case !p.server.runs:
			p.launch()
			p.askLater()
		case !p.server.responds() || p.server.syncs:
			p.askLater()
		default:
			p.lead(v.term)
		}
	case lead.Promote:
		if p.server.master {
			p.detach()
		}
		v.winner = slotOf(decision.Peer)
		v.state = ordering
		v.round = p.newRound(askPromote, order{term: v.term, leader: v.winner, from: p.slot}, 1<<v.winner)
	case lead.Wait:
		p.askLater()
	case lead.Join:
		p.vote.stop()
		p.join(r, slotOf(decision.Peer))
	default:
		p.again()
	}
}

func (p *pod) askLater() {
	v := &p.vote
	v.gen++
	v.state, v.round = waiting, nil
	p.in(p.world.between(200*millisecond, 400*millisecond), evCampaign, v.gen)
}

// ordered is the end of a campaign whose winner is another.
func (p *pod) ordered(r *round) {
	v := &p.vote
	a := &r.answers[v.winner]
	if !a.known || !a.granted {
		if a.known && a.status.promised == v.term && a.status.candidate == p.slot {
			p.askLater()
			return
		}
		p.again()
		return
	}
	s := &a.status
	p.disk.leader = nobody
	p.adopt(v.winner, v.term, s.from.id, s.begin, s.beginID)
	p.vote.stop()
	p.follow()
}
