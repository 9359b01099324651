package simulation

import "github.com/helm-valkey/helm-valkey/entrypoint/lead"

// clients write, to every pod that takes writes, on all sides of a partition. Some wait
// for their write to be confirmed by replicas, as WAIT does.
func (w *world) clients() {
	for _, p := range w.pods {
		if !p.server.master || !p.takesWrites() || w.chance(20) {
			continue
		}
		s := &p.server
		if w.policy == lead.Safe && w.lost(p) {
			return
		}
		w.writes = append(w.writes, write{parent: s.data, depth: w.writes[s.data].depth + 1})
		w.counted.writes++
		s.write(int32(len(w.writes)-1), w.chance(60))
	}
	w.push(event{at: w.now + w.between(50*millisecond, 450*millisecond), kind: evWrite})
}

// confirm takes note of a write that enough replicas have acknowledged. In a hive that
// is safe all of them are in one line.
func (w *world) confirm(p *pod, data int32) {
	w.counted.confirmed++
	if !w.keepsConfirmed {
		return
	}
	for i, c := range w.confirmed {
		switch {
		case w.within(data, c):
			return
		case w.within(c, data):
			w.confirmed[i] = data
			return
		}
	}
	w.confirmed = append(w.confirmed, data)
	if w.policy == lead.Safe && len(w.confirmed) > 1 {
		w.fail(p, "writes are confirmed on two histories: %d and %d", w.confirmed[0], data)
	}
}

// lost tells whether a master lacks a write that was confirmed.
func (w *world) lost(p *pod) bool {
	if !w.keepsConfirmed {
		return false
	}
	for _, c := range w.confirmed {
		if !w.within(c, p.server.data) {
			w.fail(p, "a confirmed write is lost: %d is not part of %d", c, p.server.data)
			return true
		}
	}
	return false
}
