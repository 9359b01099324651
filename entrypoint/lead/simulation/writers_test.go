package simulation

// clients write, to every pod that takes writes, on all sides of a partition. Some wait
// for their write to be confirmed by replicas, as WAIT does.
func (w *world) clients() {
	for _, p := range w.pods {
		if !p.server.master || !p.takesWrites() || w.chance(20) {
			continue
		}
		s := &p.server
		if w.keepsConfirmed && !w.within(w.confirmed, s.data) {
			w.fail(p, "a confirmed write is lost: %d is not part of %d", w.confirmed, s.data)
			return
		}
		w.writes = append(w.writes, write{parent: s.data, depth: w.writes[s.data].depth + 1})
		w.counted.writes++
		s.write(int32(len(w.writes)-1), w.chance(60))
	}
	w.push(event{at: w.now + w.between(50*millisecond, 450*millisecond), kind: evWrite})
}

// confirm takes note of a write that enough replicas have acknowledged. All that are
// confirmed have to be in one line.
func (w *world) confirm(p *pod, data int32) {
	w.counted.confirmed++
	if !w.keepsConfirmed {
		return
	}
	switch {
	case w.within(w.confirmed, data):
		w.confirmed = data
	case !w.within(data, w.confirmed):
		w.fail(p, "writes are confirmed on two histories: %d and %d", w.confirmed, data)
	}
}
