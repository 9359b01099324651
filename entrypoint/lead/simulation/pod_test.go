package simulation

import (
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
	"github.com/helm-valkey/helm-valkey/entrypoint/record"
)

// pod is one incarnation of a pod: its entrypoint, and the server that it runs.
type pod struct {
	world   *world
	id      int16
	slot    int
	name    string
	rate    float64 // of its clock
	phase   int64
	alive   bool
	gone    bool // its name resolves to nothing
	frozen  bool
	rejects bool // once it is no more, its address refuses connections
	ghost   bool // Kubernetes has given it up
	later   []event
	freezes uint32
	stalled bool // its server was frozen, by itself or with the pod

	slowDNS, blindDNS int64
	blindTo           uint

	server   server
	disk     *disk
	persists persistence

	// What an entrypoint keeps in memory, by the own clock.
	born      int64
	looked    int64 // when its server last answered
	ticked    int64
	quietAt   int64 // when its server may last have acknowledged something
	wasUp     bool
	noted     bool  // the record is of this server's life
	saidSo    int64 // when the leader's pod last said that it is master
	denied    bool  // it says that another is
	heedUntil int64
	intent    order
	intentTo  int64
	fenced    bool
	leaseAt   int64
	marks     []mark
	rounds    uint32
	vote      campaign
	asking    *round // a master's poll of its peers
	hand      handover
	hurries   bool
	linkEnded bool // the own link to the leader was closed, and not by this pod
	fixed     fixed
}

// mark is the server's offset at a time.
type mark struct{ at, offset int64 }

// disk is the data directory: the record, and what the server saved.
type disk struct {
	term, promised    uint64
	leader, candidate int
	address           int16 // of the leader's server
	begin             int64 // the offset at which the leader's term began
	beginID           string
	online            uint
	record            record.Record
	synced            uint64
	saved             saved
	wasClean          bool
}

type saved struct {
	held   bool
	data   int32
	offset int64
	replid string
}

type persistence uint8

const (
	none = iota
	appendOnly
	snapshots
	clean
)

const nobody = -1

func (p *pod) clock() int64 { return int64(float64(p.world.now)*p.rate) + p.phase }

// in sets an event after a time on the own clock.
func (p *pod) in(d int64, k kind, gen uint32) {
	p.world.push(event{at: p.world.now + int64(float64(d)/p.rate), kind: k, pod: p.id, gen: gen})
}

// spawn starts a pod of a name.
func (w *world) spawn(slot int, d *disk) *pod {
	p := &pod{world: w, id: int16(len(w.pods)), slot: slot, name: names[slot], alive: true, disk: d, persists: w.persists}
	p.rate, p.phase = w.rates[slot], w.between(0, 10*second)
	p.born = p.clock()
	p.ticked, p.looked, p.quietAt = p.born, p.born, p.born
	p.saidSo = p.born - 10*second
	p.heedUntil = p.saidSo
	p.intentTo = p.saidSo
	p.leaseAt = p.saidSo
	w.pods = append(w.pods, p)
	w.named[slot] = p
	w.trace(p, "pod starts, term %d leader %d promised %d", d.term, d.leader, d.promised)
	p.begin()
	p.in(w.between(0, 200*millisecond), evTick, 0)
	p.in(w.between(0, 300*millisecond), evPoll, 0)
	return p
}

func (w *world) freshDisk() *disk {
	return &disk{leader: nobody, candidate: nobody, address: nobody}
}

func (p *pod) leads() bool { return p.disk.leader == p.slot }

// reigns tells whether the pod is master and takes itself for it.
func (p *pod) reigns() bool { return p.leads() && p.server.runs && p.server.master }

func (p *pod) at() lead.Position {
	s := &p.server
	if !s.runs || s.loads {
		return p.onDisk()
	}
	pos := lead.Position{HasData: s.data != 0, Term: p.disk.synced, Replid: s.replid, Offset: s.offset}
	r := &p.disk.record
	if !s.master && !s.up && p.persists == appendOnly && r.Replid != "" && r.Replid != s.replid {
		pos.Replid, pos.Offset = r.Replid, r.Offset
	}
	if !p.noted && !s.master && !s.up && (pos.Replid != r.Replid || pos.Offset < r.Offset) && !p.world.mutated(oldFilesNewTerm) {
		// Loaded from files that are older than the record.
		pos.Term = 0
	}
	switch {
	case pos.Replid == r.Replid:
		pos.History = r.History
	case s.second > 0:
		pos.History = []record.Fork{{Replid: s.replid2, End: s.second - 1}}
		if s.replid2 == r.Replid {
			pos.History = append(pos.History, r.History...)
		}
	}
	return pos
}

func (p *pod) onDisk() lead.Position {
	saved, r := p.disk.saved, &p.disk.record
	if !saved.held {
		return lead.Position{Term: p.disk.synced}
	}
	pos := lead.Position{HasData: saved.data != 0, Term: p.disk.synced, Replid: saved.replid, Offset: saved.offset}
	if pos.Replid == "" {
		pos.Replid, pos.Offset = r.Replid, r.Offset
	}
	if (pos.Replid != r.Replid || pos.Offset < r.Offset) && !p.world.mutated(oldFilesNewTerm) {
		// Older than what the record speaks of: of which term is not known.
		pos.Term = 0
	}
	pos.History = r.Before(pos.Replid)
	return pos
}

// note takes what a look at the server says of the data into the record.
func (p *pod) note() {
	s := &p.server
	if !s.master && (!s.up || s.syncs) {
		return
	}
	d := p.disk
	switch {
	case s.master && p.leads():
		d.synced = d.term
	case !s.master && s.source != nil && s.source.id == d.address && p.reachedBegin():
		d.synced = d.term
	}
	d.record.At(s.replid, s.offset, s.replid2, s.second-1)
	p.noted = true
}

// reachedBegin tells whether a replica holds all that its master's term began with.
func (p *pod) reachedBegin() bool {
	d := p.disk
	return p.server.offset >= d.begin
}

// hears tells whether the pod hears the master that it may follow.
func (p *pod) hears() bool {
	d := p.disk
	if d.leader == nobody || p.leads() || d.promised > d.term && d.candidate != d.leader {
		return false
	}
	now := p.clock()
	s := &p.server
	if p.denied {
		return false
	}
	if s.responds() && s.up && s.source != nil && s.source.id == d.address && now-s.heard < silence {
		return true
	}
	return now-p.saidSo < silence
}

// quiet is for how long the server can't have acknowledged anything.
func (p *pod) quiet() int64 {
	if p.server.runs && p.server.up {
		return 0
	}
	return p.clock() - p.quietAt
}

// detach takes the server off its master.
func (p *pod) detach() {
	s := &p.server
	if s.runs && !s.hangs && (s.master || s.source != nil || s.link != nil) {
		if !s.master {
			p.quietAt = p.clock()
		}
		s.replicaof(nil)
		p.wasUp = false
	}
}

// lost is the end of the link as the server sees it.
func (p *pod) lost() {
	p.linkEnded = true
	p.hurry()
}

// hurry has the entrypoint look soon, as it does several times a second when something
// is about to change.
func (p *pod) hurry() {
	if !p.hurries {
		p.hurries = true
		p.in(p.world.between(5*millisecond, 100*millisecond), evTick, 1)
	}
}

// status is what a pod says of itself.
type status struct {
	from           *pod
	slot           int
	master         bool
	term, promised uint64
	leader         int
	candidate      int
	address        int16
	hears          bool
	idle           bool
	hangs, loads   bool
	syncs          bool
	linked         bool
	quiet          int64
	position       lead.Position
	online         uint
	begin          int64
	beginID        string
}

func (p *pod) status() status {
	d, s := p.disk, &p.server
	return status{
		from: p, slot: p.slot, master: p.reigns() && (s.responds() || !p.hive()), term: d.term, promised: d.promised, leader: d.leader, candidate: d.candidate, address: d.address,
		hears: p.hears(), idle: !s.runs, hangs: s.runs && !s.responds(), loads: s.loads, syncs: s.syncs, linked: s.up, quiet: p.quiet(), position: p.at(), online: d.online, begin: d.begin, beginID: d.beginID,
	}
}

// peer is an answer as decisions see it.
func (p *pod) peer(slot int, a *answer) lead.Peer {
	d := p.disk
	q := lead.Peer{Name: names[slot], Answer: lead.Unknown, InSync: d.online&(1<<slot) > 0}
	switch {
	case a.absent:
		q.Answer = lead.Absent
	case a.known && !a.status.hangs:
		s := &a.status
		q.Answer = lead.Known
		q.Master, q.Position, q.Hears, q.Idle = s.master, s.position, s.hears, s.idle
		q.Term, q.Promised, q.Quiet = s.term, s.promised, time.Duration(s.quiet)*time.Microsecond
		q.Settling = s.syncs || !s.master && s.linked
		if s.leader >= 0 {
			q.Leader = names[s.leader]
		}
	}
	// Ready pods are listed in the ready Service: as good as what the API knows.
	q.Listed = p.world.named[slot].alive && !p.world.named[slot].frozen
	return q
}

// keep is what persistence makes of a server that ends without warning.
func (p *pod) keep() int {
	if p.persists == snapshots {
		return -1
	}
	return int(p.persists)
}

// end is the end of the whole pod.
func (p *pod) end(keep int, silent bool) {
	w := p.world
	w.trace(p, "pod ends, silent %t", silent)
	p.frozen, p.later = false, nil
	p.rejects = !silent && w.chance(50)
	s := &p.server
	if silent {
		s.save(keep)
		for _, sl := range s.slots {
			w.vanish(sl.conn, toSource)
		}
		if s.link != nil {
			w.vanish(s.link, toReplica)
		}
		s.runs, s.slots, s.link, s.up, s.master = false, nil, nil, false, false
	} else {
		s.kill(keep)
	}
	p.alive = false
	w.forget()
}

// freeze stops all processes of the pod at once.
func (p *pod) freeze(d int64) {
	if p.frozen || !p.alive {
		return
	}
	p.world.trace(p, "pod freezes for %d ms", d/millisecond)
	p.frozen, p.stalled = true, true
	p.freezes++
	p.world.push(event{at: p.world.now + d, kind: evThaw, pod: p.id, gen: p.freezes})
}

func (p *pod) thaw(gen uint32) {
	if !p.frozen || gen != p.freezes {
		return
	}
	p.world.trace(p, "pod thaws")
	p.frozen = false
	missed := p.later
	p.later = nil
	if p.server.hangs {
		p.wake(0)
	}
	p.world.resume(missed)
}

// hang stops the server alone.
func (p *pod) hang(d int64) {
	s := &p.server
	if !s.runs || s.hangs {
		return
	}
	p.world.trace(p, "server hangs for %d ms", d/millisecond)
	s.hangs, p.stalled = true, true
	p.world.push(event{at: p.world.now + d, kind: evWake, pod: p.id, gen: s.gen})
}

func (p *pod) wake(gen uint32) {
	s := &p.server
	if !s.hangs || gen != s.gen && gen != 0 {
		return
	}
	p.world.trace(p, "server wakes")
	s.hangs = false
	missed := s.later
	s.later = nil
	p.world.resume(missed)
}
