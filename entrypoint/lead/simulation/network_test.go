package simulation

// conn is a replication connection, of a replica to its source. Each end knows for
// itself whether it is still there. Held is what a cut keeps from arriving: it is sent
// again once the network heals.
type conn struct {
	ends [2]end // of the source, of the replica
	held [2][]*packet
	last [2]int64
}

const (
	toSource  = 0
	toReplica = 1
)

type end struct {
	pod  *pod
	gen  uint32 // of its server
	open bool
}

// packet is a message in a replication connection.
type packet struct {
	conn *conn
	to   int
	kind packetKind
	// offset and data are a position in the stream of replid. ask has the replica
	// acknowledge at once.
	offset           int64
	data             int32
	replid           string
	ask, full, takes bool
}

type packetKind uint8

const (
	psync    packetKind = iota // asks to go on from a position
	carryOn                    // a partial resync
	refuse                     // not now
	snapshot                   // a full sync has arrived
	stream                     // a part of the stream
	ack
	fin
)

func (w *world) reaches(from, to *pod) bool { return w.cut[from.id]&(1<<to.id) == 0 }

func (w *world) packet(c *conn, to int, kind packetKind) *packet {
	if n := len(w.packets); n > 0 {
		p := w.packets[n-1]
		w.packets = w.packets[:n-1]
		*p = packet{conn: c, to: to, kind: kind}
		return p
	}
	return &packet{conn: c, to: to, kind: kind}
}

// send puts a packet on its way; it arrives in order with those before it, takes at
// least so long, and waits while the network is cut.
func (w *world) send(m *packet, takes int64) {
	c, to := m.conn, m.to
	source, dest := c.ends[1-to].pod, c.ends[to].pod
	if len(c.held[to]) > 0 || !w.reaches(source, dest) {
		c.held[to] = append(c.held[to], m)
		return
	}
	at := max(w.now+w.delay()+takes, c.last[to]+1)
	c.last[to] = at
	w.push(event{at: at, kind: evStream, pod: dest.id, note: m})
}

// release sends again what a cut held back.
func (w *world) release() {
	for _, c := range w.conns {
		for to := range c.held {
			held := c.held[to]
			if len(held) == 0 || !w.reaches(c.ends[1-to].pod, c.ends[to].pod) {
				continue
			}
			c.held[to] = nil
			c.last[to] = max(c.last[to], w.now+w.between(0, 1200*millisecond))
			for _, m := range held {
				w.send(m, 0)
			}
		}
	}
}

// close ends a connection at one end, and lets the other know.
func (w *world) close(c *conn, at int) {
	if !c.ends[at].open {
		return
	}
	c.ends[at].open = false
	if c.ends[1-at].open {
		w.send(w.packet(c, 1-at, fin), 0)
	}
}

// vanish ends a connection at one end without a word.
func (w *world) vanish(c *conn, at int) {
	c.ends[at].open = false
	c.held[1-at] = nil
}

// forget drops the connections that both ends have closed.
func (w *world) forget() {
	kept := w.conns[:0]
	for _, c := range w.conns {
		if c.ends[0].open || c.ends[1].open {
			kept = append(kept, c)
		}
	}
	clear(w.conns[len(kept):])
	w.conns = kept
}

// delay is how long one way through the network takes.
func (w *world) delay() int64 { return w.between(100, w.latency) }

// call is a request to a peer's entrypoint and the answer to it.
type call struct {
	from, to *pod
	slot     int // of the name that was asked
	round    uint32
	kind     callKind
	order    order
	status   status
	done     bool // the peer did what was asked
	refused  bool // nobody listens at the address
	absent   bool // the name does not exist
	asked    int64
}

type callKind uint8

const (
	askStatus callKind = iota
	askPromise
	askFollow
	askPromote
	askIntent
	askVoid
)

// order is what one pod tells another.
type order struct {
	term    uint64
	leader  int
	address int16
	from    int
	begin   int64
	empty   bool
	replid  string
}

func (w *world) newCall() *call {
	if n := len(w.calls); n > 0 {
		c := w.calls[n-1]
		w.calls = w.calls[:n-1]
		*c = call{}
		return c
	}
	return &call{}
}

// ask sends a request to the pod of a name, as the asker's DNS knows it.
func (p *pod) ask(slot int, kind callKind, o order, round uint32) {
	w := p.world
	c := w.newCall()
	c.from, c.slot, c.kind, c.order, c.round, c.asked = p, slot, kind, o, round, p.clock()
	to, late, found := w.lookup(p, slot)
	if !found {
		c.absent = true
		if to == nil {
			w.push(event{at: w.now + w.delay() + late, kind: evAnswer, pod: p.id, call: c})
		}
		return
	}
	c.to = to
	if w.reaches(p, to) {
		w.push(event{at: w.now + w.delay() + late, kind: evRequest, pod: to.id, call: c})
	}
}

// reply sends the answer back.
func (w *world) reply(c *call) {
	if w.reaches(c.to, c.from) {
		w.push(event{at: w.now + w.delay(), kind: evAnswer, pod: c.from.id, call: c})
	}
}

// lookup resolves a name as one pod sees it: late if its DNS is slow, not found if the
// name does not exist, or is said not to.
func (w *world) lookup(p *pod, slot int) (to *pod, late int64, found bool) {
	if p.slowDNS > w.now {
		late = w.between(100*millisecond, 2*second)
	}
	to = w.named[slot]
	if p.blindDNS > w.now && p.blindTo&(1<<slot) > 0 {
		return nil, late, false
	}
	if to.gone {
		return nil, late, false
	}
	return to, late, true
}

// toNobody is what becomes of what arrives at a pod that is no more.
func (w *world) toNobody(p *pod, e event) {
	if !p.rejects {
		return
	}
	switch e.kind {
	case evStream:
		if e.note.kind != fin {
			w.close(e.note.conn, e.note.to)
		}
	case evRequest:
		e.call.refused = true
		w.reply(e.call)
	}
}
