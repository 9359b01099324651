package simulation

import "github.com/helm-valkey/helm-valkey/entrypoint/lead"

// Where there is no hive the master's pod, the first, decides alone. Waits are shorter
// here than by default, in the same proportions.
const (
	bootstrapWait = 6 * second
	failbackAfter = 2 * second
	refreshEvery  = 2 * second
	refreshSoon   = 200 * millisecond
	strayAfter    = 2 * second
	patience      = 1500 * millisecond
	firstWait     = 20 * millisecond
	lastWait      = 500 * millisecond
)

// fixed is what a pod keeps in mind without a hive.
type fixed struct {
	round     *round
	purpose   purpose
	began     int64 // when the vote under way began; 0 if there is none
	wait      int64
	next      int64 // when the peers may be asked again
	asked     int64
	downSince int64
	heard     int64
	calm      int64
	chainedAt int64
	term      uint64 // that was known when the peers were asked
	beginning uint64 // the term in which the server is to be master once it has loaded
}

type purpose uint8

const (
	toStart purpose = iota
	toRecover
	toRefresh
	toFindRivals
)

func (p *pod) home() bool { return p.slot == 0 }

func (p *pod) moving() bool { return p.clock() < p.intentTo }

// guardAgain is the start of a pod: the master's asks first, any other starts detached.
func (p *pod) guardAgain() {
	if !p.home() {
		if p.leads() {
			// Whether its data go on is for the master's pod to decide.
			p.disk.leader = nobody
		}
		p.launch()
	}
}

func (p *pod) fixedStarted() {
	f := &p.fixed
	switch {
	case f.beginning > 0:
		term := f.beginning
		f.beginning = 0
		p.lead(term)
	default:
		p.follow()
	}
}

// fixedDuty is what a pod does at each look.
func (p *pod) fixedDuty() {
	s, f := &p.server, &p.fixed
	now := p.clock()
	switch {
	case !s.runs:
		f.beginning = 0
		if p.home() {
			p.inquire(toStart, now)
		} else {
			p.guardAgain()
		}
	case !s.responds():
	case s.master && p.moving() && p.intent.leader == p.slot && p.intent.term > p.disk.term:
		p.lead(p.intent.term)
	case s.master && p.leads():
		p.noteOnline()
		f.began = 0
		if now-f.asked > refreshEvery {
			p.askAll(toFindRivals)
		}
	case s.master:
		if !p.moving() {
			p.stray()
			p.askAll(toRefresh)
		}
	case p.moving() || p.hand.state != idle:
	case p.home():
		p.regain(now)
	default:
		p.fixedReplica(now)
	}
}

func (p *pod) noteOnline() {
	s := &p.server
	p.disk.online = 0
	for i := range s.slots {
		if s.slots[i].online && s.seconds()-s.slots[i].acked <= 10 {
			p.disk.online |= 1 << s.slots[i].conn.ends[toReplica].pod.slot
		}
	}
}

// fixedReplica keeps the server pointed at the master.
func (p *pod) fixedReplica(now int64) {
	s, f := &p.server, &p.fixed
	every := refreshEvery
	switch {
	case s.up:
		f.downSince = 0
	case f.downSince == 0:
		f.downSince, every = now, 0
	default:
		every = refreshSoon
	}
	if now-f.asked >= every {
		p.askAll(toRefresh)
	}
	if f.downSince > 0 && now-f.downSince > strayAfter && now-f.heard > strayAfter && !s.syncs {
		p.stray()
		return
	}
	p.follow()
}

// stray takes the server off an address that may be somebody else's soon.
func (p *pod) stray() {
	p.disk.address = nobody
	p.detach()
}

// regain is what the master's pod does while another is master.
func (p *pod) regain(now int64) {
	s, f := &p.server, &p.fixed
	switch {
	case s.syncs:
	case s.up:
		f.began = 0
		if now-f.asked > refreshEvery {
			p.askAll(toRefresh)
		}
		if f.calm == 0 {
			f.calm = now
		}
		if p.world.failback && now-f.calm > failbackAfter && now >= f.next && p.disk.leader != nobody {
			f.next = now + 500*millisecond
			p.ask(p.disk.leader, askHandover, order{leader: p.slot}, 0)
		}
	default:
		f.calm = 0
		p.inquire(toRecover, now)
	}
}

// inquire asks all peers, on the way to a decision.
func (p *pod) inquire(why purpose, now int64) {
	f := &p.fixed
	if f.round != nil || now < f.next {
		return
	}
	if f.began == 0 {
		f.began, f.wait = now, firstWait
	}
	p.askAll(why)
}

func (p *pod) askAll(why purpose) {
	f := &p.fixed
	if f.round != nil {
		return
	}
	f.asked, f.purpose, f.term = p.clock(), why, p.disk.term
	p.rounds++
	r := &round{id: p.rounds, asked: f.asked}
	f.round = r
	for slot := range p.world.n {
		if slot != p.slot {
			r.answers[slot].asked = true
			r.waits++
			p.ask(slot, askStatus, order{}, r.id)
		}
	}
	p.in(patience, evTimeout, r.id)
}

func (p *pod) fixedVoted() {
	f := &p.fixed
	r := f.round
	f.round = nil
	if f.term != p.disk.term {
		return // mastership has moved meanwhile: the answers are old
	}
	switch f.purpose {
	case toStart:
		if !p.server.runs {
			p.decided(r)
		}
	case toRecover:
		if p.server.responds() && !p.server.master && !p.server.up {
			p.decided(r)
		}
	case toRefresh:
		p.refreshed(r)
	case toFindRivals:
		p.rivaled(r)
	}
}

// input is what the decision of the master's pod rests on.
func (p *pod) input(r *round) lead.Input {
	f, d := &p.fixed, p.disk
	in := lead.Input{Self: p.at(), Patient: p.clock()-f.began < bootstrapWait, Settled: p.clock()-f.began > settleAfter}
	at := d.record
	in.Current = d.synced == d.term && at.Replid != "" && in.Self.Replid == at.Replid
	if !p.server.runs {
		in.Recent = at.Replid != ""
		in.Current = in.Current && d.saved.held && in.Self.Offset >= at.Offset
		in.Self.Whole = in.Current && d.wasClean
	}
	for slot := range p.world.n {
		if slot == p.slot {
			continue
		}
		a := &r.answers[slot]
		if a.absent && p.world.volumes {
			a.absent = false
		}
		q := p.peer(slot, a)
		if a.known && a.status.hangs && !a.status.loads {
			a.status.hangs = false
			q = p.peer(slot, a)
		}
		if q.Answer == lead.Known && a.status.idle && p.world.volumes {
			q.Answer = lead.Unknown
		}
		q.Settling = q.Settling || a.status.idle
		q.Master = q.Master && a.status.leader == slot
		in.Peers = append(in.Peers, q)
	}
	return in
}

func (p *pod) highestTerm(r *round) uint64 {
	term := p.disk.term
	for slot := range p.world.n {
		if a := &r.answers[slot]; a.known {
			term = max(term, a.status.term)
		}
	}
	return term
}

// decided acts on a decision of the master's pod.
func (p *pod) decided(r *round) {
	f, d, s := &p.fixed, p.disk, &p.server
	decision := p.world.decisions.decide(p.input(r))
	p.world.trace(p, "decides: %s %s: %s", decision.Action, decision.Peer, decision.Reason)
	f.wait = min(2*f.wait, lastWait)
	f.next = p.clock() + f.wait
	switch decision.Action {
	case lead.Start:
		term := lead.ElectionTerm(p.highestTerm(r))
		if s.runs {
			if s.data == 0 && d.saved.held {
				s.kill(-1)
				return
			}
			p.lead(term)
			return
		}
		r := &d.record
		r.Continue(record0(r.Replid, r.Offset), r.History)
		d.leader, d.term, d.wasClean = p.slot, term, false
		f.beginning = term
		p.launch()
	case lead.Join:
		a := &r.answers[slotOf(decision.Peer)].status
		d.leader, d.term, d.wasClean = a.slot, max(d.term, a.term), false
		d.address, d.begin = a.from.id, a.begin
		f.began = 0 // patience begins anew with the next loss
		if s.runs {
			p.follow()
		} else {
			p.launch()
		}
	case lead.Promote:
		slot := slotOf(decision.Peer)
		p.ask(slot, askPromote, order{term: lead.ElectionTerm(p.highestTerm(r)), leader: slot, address: r.answers[slot].status.from.id, from: p.slot}, 0)
	}
}

// fixedPromote makes this pod's server master because the master's pod said so.
func (p *pod) fixedPromote(c *call) {
	s := &p.server
	if c.order.term <= p.disk.term || !s.responds() || s.master || s.syncs || s.data == 0 {
		return
	}
	p.lead(c.order.term)
	c.done = true
}

// fixedFollow obeys an order to follow.
func (p *pod) fixedFollow() {
	if p.server.responds() {
		p.follow()
	}
}
