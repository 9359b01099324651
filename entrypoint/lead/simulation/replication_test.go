package simulation

// connect asks the source for a connection, and where to go on in its stream.
func (s *server) connect() {
	w := s.pod.world
	to := s.source
	if to == nil || !w.reaches(s.pod, to) || !w.reaches(to, s.pod) || !to.alive || !to.server.runs || to.server.loads || to == s.pod {
		return
	}
	c := &conn{ends: [2]end{{to, to.server.gen, true}, {s.pod, s.gen, true}}}
	w.conns = append(w.conns, c)
	s.link, s.heard = c, s.pod.clock()
	m := w.packet(c, toSource, psync)
	m.offset, m.replid, m.takes = s.offset, s.replid, s.failover == inProgress
	w.send(m, 4*w.latency)
}

// disconnect leaves the source.
func (s *server) disconnect() {
	if s.link != nil {
		s.pod.world.close(s.link, toReplica)
	}
	s.link, s.up, s.syncs = nil, false, false
}

// drop sends the own replicas away.
func (s *server) drop() {
	for _, sl := range s.slots {
		s.pod.world.close(sl.conn, toSource)
	}
	s.slots, s.pending, s.good = nil, nil, 0
}

func (s *server) acknowledge() {
	m := s.pod.world.packet(s.link, toSource, ack)
	m.offset = s.offset
	s.pod.world.send(m, 0)
}

// receive takes in a packet, at the end of the connection that it was sent to.
func (p *pod) receive(m *packet) {
	w := p.world
	s := &p.server
	e := &m.conn.ends[m.to]
	switch {
	case !e.open || e.gen != s.gen || !s.runs:
		if m.kind != fin && e.open {
			w.close(m.conn, m.to)
		}
	case m.to == toSource:
		s.fromReplica(m)
	case s.link == m.conn:
		s.fromSource(m)
	}
	w.packets = append(w.packets, m)
}

func (s *server) fromReplica(m *packet) {
	i := s.slotOf(m.conn)
	switch m.kind {
	case psync:
		s.accept(m)
	case ack:
		if i >= 0 {
			s.acked(&s.slots[i], m.offset)
		}
	case fin:
		s.pod.world.close(m.conn, toSource)
		if i >= 0 {
			s.slots = append(s.slots[:i], s.slots[i+1:]...)
			s.count()
		}
	}
}

func (s *server) slotOf(c *conn) int {
	for i := range s.slots {
		if s.slots[i].conn == c {
			return i
		}
	}
	return -1
}

// accept answers PSYNC.
func (s *server) accept(m *packet) {
	w := s.pod.world
	if m.takes && !s.master && m.replid == s.replid && m.offset == s.offset {
		w.trace(s.pod, "PSYNC FAILOVER")
		s.promote()
		s.pod.hurry()
	}
	if !s.master && !s.up {
		w.send(w.packet(m.conn, toReplica, refuse), 0)
		return
	}
	sl := slot{conn: m.conn, acked: s.seconds(), online: true}
	partial := m.offset >= s.backlog && (m.replid == s.replid && m.offset <= s.offset || m.replid == s.replid2 && m.offset < s.second)
	if partial {
		reply := w.packet(m.conn, toReplica, carryOn)
		reply.replid = s.replid
		w.send(reply, 0)
		rest := w.packet(m.conn, toReplica, stream)
		rest.offset, rest.data, rest.ask = s.offset, s.data, true
		w.send(rest, w.between(0, 30*millisecond))
	} else {
		sl.online = false
		reply := w.packet(m.conn, toReplica, carryOn)
		reply.full = true
		w.send(reply, 0)
		rest := w.packet(m.conn, toReplica, snapshot)
		rest.replid, rest.offset, rest.data = s.replid, s.offset, s.data
		w.send(rest, w.between(30*millisecond, w.syncTime))
	}
	s.slots = append(s.slots, sl)
	s.count()
}

// acked takes an acknowledgement, and tells the clients that waited for it.
func (s *server) acked(sl *slot, offset int64) {
	w := s.pod.world
	sl.acked = s.seconds()
	sl.offset = max(sl.offset, offset)
	if !sl.online {
		sl.online = true
		s.count()
	}
	if !s.master {
		return
	}
	kept := s.pending[:0]
	for _, wait := range s.pending {
		if s.reached(wait.offset) >= max(1, w.need) {
			w.confirm(s.pod, wait.data)
		} else {
			kept = append(kept, wait)
		}
	}
	s.pending = kept
	if s.failover == waitingForSync && sl.conn.ends[toReplica].pod == s.target && sl.offset == s.offset {
		s.demote()
	}
}

// reached counts the replicas that acknowledged an offset.
func (s *server) reached(offset int64) int {
	n := 0
	for i := range s.slots {
		if s.slots[i].online && s.slots[i].offset >= offset {
			n++
		}
	}
	return n
}

func (s *server) fromSource(m *packet) {
	w := s.pod.world
	if m.kind != refuse {
		s.heard = s.pod.clock()
	}
	switch m.kind {
	case refuse, fin:
		w.close(m.conn, toReplica)
		s.link, s.up, s.syncs = nil, false, false
		s.pod.lost()
	case carryOn:
		if m.full {
			s.syncs = true
			return
		}
		if m.replid != s.replid {
			s.drop()
			s.replid2, s.second = s.replid, s.offset+1
			s.replid = m.replid
		}
		s.linked()
	case snapshot:
		s.drop()
		s.replid, s.replid2, s.second = m.replid, "", 0
		s.offset, s.backlog, s.data = m.offset, m.offset, m.data
		s.syncs = false
		w.trace(s.pod, "full sync: %s:%d, data %d", s.replid, s.offset, s.data)
		s.linked()
		s.acknowledge()
	case stream:
		news := m.offset > s.offset
		s.offset, s.data = m.offset, m.data
		if news {
			s.feed(false)
		}
		if m.ask {
			s.acknowledge()
		}
	}
}

func (s *server) linked() {
	s.up = true
	if s.failover == inProgress {
		s.failover, s.pausedTo = noFailover, 0
	}
	s.pod.world.trace(s.pod, "link up at %s:%d", s.replid, s.offset)
}
