package simulation

import "strconv"

// server is a model of a Valkey server in replication.
type server struct {
	pod     *pod
	gen     uint32
	runs    bool
	loads   bool
	hangs   bool
	later   []event // what it has missed while it hangs
	master  bool
	source  *pod // of a replica; nil if it is detached
	link    *conn
	up      bool
	syncs   bool
	heard   int64 // when bytes last came from the source, by the own clock
	replid  string
	replid2 string
	second  int64 // one past the last offset of replid2 that is shared
	backlog int64 // the first offset that a replica can go on from
	offset  int64
	data    int32

	slots     []slot
	good      int
	least     int // min-replicas-to-write
	pausedTo  int64
	pending   []pending
	failover  failover
	target    *pod
	failoverT int64
}

// slot is a replica as its master knows it. Acked is in whole seconds.
type slot struct {
	conn   *conn
	online bool
	acked  int64
	offset int64
}

// pending is a write that a client waits for replicas with.
type pending struct {
	offset int64
	data   int32
}

type failover uint8

const (
	noFailover failover = iota
	waitingForSync
	inProgress
)

// never fences a server: it will never have so many replicas.
const never = 1000

// maxLag is min-replicas-max-lag of a hive.
const maxLag = 2

// launch starts the server's process, detached, with what is on disk.
func (p *pod) launch() {
	w := p.world
	s := &p.server
	*s = server{pod: p, gen: s.gen + 1, runs: true, loads: true, replid: w.newReplid(), least: p.need()}
	p.noted, p.wasUp = false, false
	saved := p.disk.saved
	if saved.held {
		s.data, s.offset, s.backlog = saved.data, saved.offset, saved.offset
		if saved.replid != "" {
			s.replid = saved.replid
		}
	}
	w.trace(p, "server starts with data %d at %s:%d", s.data, s.replid, s.offset)
	w.push(event{at: w.now + w.between(20*millisecond, 300*millisecond), kind: evBoot, pod: p.id, gen: s.gen})
}

func (w *world) newReplid() string {
	w.replids++
	return "r" + strconv.Itoa(w.replids)
}

// booted ends the loading.
func (p *pod) booted(gen uint32) {
	s := &p.server
	if gen != s.gen || !s.runs {
		return
	}
	s.loads = false
	p.stalled = false
	s.arm(p.world.between(0, second))
	p.started()
}

func (s *server) arm(in int64) {
	s.pod.world.push(event{at: s.pod.world.now + in, kind: evCron, pod: s.pod.id, gen: s.gen})
}

// kill ends the process; the kernel closes its connections.
func (s *server) kill(keep int) {
	if !s.runs {
		return
	}
	w := s.pod.world
	w.trace(s.pod, "server ends")
	s.save(keep)
	s.disconnect()
	s.drop()
	*s = server{pod: s.pod, gen: s.gen + 1}
	w.forget()
}

// save is what is on disk after the end of a server: nothing without persistence, all
// that an append-only file has, or what a snapshot had some time ago.
func (s *server) save(keep int) {
	p := s.pod
	if s.loads || !s.runs {
		return
	}
	if p.world.exact {
		p.disk.record.At(s.replid, s.offset, s.replid2, s.second-1)
	}
	switch keep {
	case none:
		p.disk.saved = saved{}
	case appendOnly:
		p.disk.saved = saved{held: true, data: s.data, offset: s.offset}
	case clean:
		p.disk.saved = saved{held: true, data: s.data, offset: s.offset, replid: s.replid}
	}
}

func (s *server) responds() bool { return s.runs && !s.loads && !s.hangs && !s.pod.frozen }

// seconds is the server's own clock, which knows whole ones only.
func (s *server) seconds() int64 { return s.pod.clock() / second }

// cron is what a server does once a second.
func (p *pod) cron(gen uint32) {
	s := &p.server
	if gen != s.gen || !s.runs {
		return
	}
	w := p.world
	if !s.master {
		if s.source != nil && s.link == nil {
			s.connect()
		}
		if s.link != nil && p.clock()-s.heard > w.replTimeout {
			w.trace(p, "repl-timeout")
			s.disconnect()
			p.lost()
		}
		if s.link != nil && s.up {
			s.acknowledge()
		}
	}
	if s.master && s.failover == waitingForSync && w.now > s.failoverT {
		s.failover, s.pausedTo = noFailover, 0
		w.trace(p, "FAILOVER timed out")
	}
	if s.master && len(s.slots) > 0 && s.failover == noFailover {
		s.offset += 14
		s.feed(false)
	}
	s.count()
	if p.persists == snapshots && s.data > 0 && !s.syncs && w.chance(10) {
		p.disk.saved = saved{held: true, data: s.data, offset: s.offset, replid: s.replid}
	}
	s.arm(int64(float64(second) / p.rate))
}

// count is refreshGoodReplicasCount.
func (s *server) count() {
	now := s.seconds()
	s.good = 0
	for i := range s.slots {
		if s.slots[i].online && now-s.slots[i].acked <= maxLag {
			s.good++
		}
	}
}

// takesWrites tells whether a write would be taken right now.
func (s *server) takesWrites() bool {
	return s.master && s.good >= s.least && s.responds() && s.pod.world.now >= s.pausedTo && s.failover == noFailover
}

// feed sends the stream to all replicas that are past their sync.
func (s *server) feed(ask bool) {
	w := s.pod.world
	for i := range s.slots {
		m := w.packet(s.slots[i].conn, toReplica, stream)
		m.offset, m.data, m.ask = s.offset, s.data, ask
		w.send(m, 0)
	}
}

// write is a client's; confirm has it wait for replicas.
func (s *server) write(data int32, confirm bool) {
	s.data = data
	s.offset += 45
	if confirm {
		s.pending = append(s.pending, pending{s.offset, data})
		s.offset += 37
	}
	s.feed(confirm)
}

// replicaof is the command; nil detaches.
func (s *server) replicaof(source *pod) {
	w := s.pod.world
	if source == nil {
		w.trace(s.pod, "REPLICAOF detached at %s:%d", s.replid, s.offset)
	} else {
		w.trace(s.pod, "REPLICAOF %s/%d at %s:%d", source.name, source.id, s.replid, s.offset)
	}
	s.disconnect()
	s.master, s.source, s.failover, s.pausedTo, s.pending = false, source, noFailover, 0, nil
	s.connect()
	w.forget()
}

// promote is REPLICAOF NO ONE.
func (s *server) promote() {
	if s.master {
		return
	}
	w := s.pod.world
	s.disconnect()
	s.drop()
	s.replid2, s.second = s.replid, s.offset+1
	s.replid = w.newReplid()
	s.master, s.source, s.failover, s.pausedTo = true, nil, noFailover, 0
	s.count()
	w.trace(s.pod, "REPLICAOF NO ONE: %s from %s:%d, data %d", s.replid, s.replid2, s.offset, s.data)
	w.forget()
}

// startFailover is FAILOVER TO target TIMEOUT 3000. The nudge of the target has it
// acknowledge at once.
func (s *server) startFailover(target *pod) bool {
	w := s.pod.world
	if !s.master || s.failover != noFailover {
		return false
	}
	for i := range s.slots {
		if s.slots[i].online && s.slots[i].conn.ends[toReplica].pod == target {
			s.failover, s.target, s.failoverT = waitingForSync, target, w.now+3*second
			s.feed(true)
			return true
		}
	}
	return false
}

// demote is the change of roles itself.
func (s *server) demote() {
	w := s.pod.world
	w.trace(s.pod, "FAILOVER in progress to %s at %s:%d", s.target.name, s.replid, s.offset)
	s.failover, s.failoverT = inProgress, w.now+3*second
	s.master, s.source, s.pending = false, s.target, nil
	s.connect()
}

// abortFailover goes back to being master; writes stay held.
func (s *server) abortFailover() {
	w := s.pod.world
	if s.failover == inProgress {
		s.promote()
	}
	s.failover = noFailover
	s.pausedTo = w.now + 6*second
}
