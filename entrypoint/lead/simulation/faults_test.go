package simulation

// fault is what goes wrong, or is planned.
type fault uint8

const (
	serverDies fault = iota
	podDies
	podForced
	partition
	oneWay
	serverHangs
	podFreezes
	dnsSlow
	dnsEmpty
	planned
	plannedAndFault
	restartAll
	faults
)

// after says what a fault needs to be over.
type over struct {
	at  int64
	end func()
}

// inject lets a fault happen and returns when it ends, and how.
func (w *world) inject(f fault) over {
	w.counted.faults++
	slot := w.rng.IntN(w.n)
	if m := w.master(); m != nil && w.chance(50) {
		slot = m.slot
	}
	p := w.named[slot]
	switch f {
	case serverDies:
		p.server.kill(p.keep())
	case podDies:
		return w.killPod(p, w.volumes && w.chance(70))
	case podForced:
		return w.forcePod(p)
	case partition, oneWay:
		return w.part(f == oneWay)
	case serverHangs:
		p.hang(w.between(300*millisecond, 10*second))
	case podFreezes:
		d := w.between(300*millisecond, 12*second)
		p.freeze(d)
		return over{at: w.now + d}
	case dnsSlow:
		p.slowDNS = w.now + w.between(second, 10*second)
		w.trace(p, "DNS is slow")
		return over{at: p.slowDNS}
	case dnsEmpty:
		p.blindDNS, p.blindTo = w.now+w.between(second, 10*second), uint(w.rng.IntN(1<<w.n))
		w.trace(p, "DNS denies %b", p.blindTo)
		return over{at: p.blindDNS}
	case planned, plannedAndFault:
		return w.plan(f == plannedAndFault)
	case restartAll:
		return w.killAll()
	}
	return over{at: w.now}
}

// master is the one that takes writes, if any.
func (w *world) master() *pod {
	for _, p := range w.named {
		if p.alive && p.reigns() {
			return p
		}
	}
	return nil
}

// killPod ends a pod; another of its name comes later, with or without its data.
func (w *world) killPod(p *pod, volume bool) over {
	if !p.alive {
		return over{at: w.now}
	}
	d := p.disk
	silent := w.chance(50)
	if silent {
		p.end(p.keep(), true)
	} else {
		p.end(p.keep(), false)
	}
	p.gone = w.chance(60)
	if !volume {
		d = w.freshDisk()
	}
	return over{at: w.now + w.between(300*millisecond, 6*second), end: func() { w.back(p, d) }}
}

// back starts a pod of the same name again, unless there is one.
func (w *world) back(p *pod, d *disk) {
	if w.named[p.slot] == p {
		w.spawn(p.slot, d)
	}
}

// forcePod gives a pod up that runs on where nobody reaches it, and starts another of
// its name, without its data.
func (w *world) forcePod(p *pod) over {
	if !p.alive {
		return over{at: w.now}
	}
	w.trace(p, "is cut off and given up")
	p.ghost, p.gone = true, w.chance(50)
	for _, q := range w.pods {
		w.cutOff(p, q)
		w.cutOff(q, p)
	}
	w.cut[p.id] = ^uint64(0)
	return over{at: w.now + w.between(300*millisecond, 6*second), end: func() {
		w.back(p, w.freshDisk())
		for id := range w.cut {
			w.cut[id] |= 1 << p.id
		}
	}}
}

func (w *world) cutOff(from, to *pod) {
	if from != to {
		w.cut[from.id] |= 1 << to.id
	}
}

// part cuts the network in two, one way or both.
func (w *world) part(one bool) over {
	side := uint(w.between(1, 1<<w.n-2))
	w.trace(nil, "network parts, one way %t: %05b", one, side)
	pods := append([]*pod(nil), w.named...)
	for _, p := range pods {
		for _, q := range pods {
			if side&(1<<p.slot) > 0 && side&(1<<q.slot) == 0 {
				w.cutOff(p, q)
				if !one {
					w.cutOff(q, p)
				}
			}
		}
	}
	return over{at: w.now + w.between(200*millisecond, 12*second), end: func() { w.mend(pods) }}
}

// mend heals the network between pods.
func (w *world) mend(pods []*pod) {
	w.trace(nil, "network heals")
	for _, p := range pods {
		for _, q := range pods {
			if !p.ghost && !q.ghost {
				w.cut[p.id] &^= 1 << q.id
			}
		}
	}
	w.release()
}

// plan hands mastership over; with a fault in its midst if asked for.
func (w *world) plan(broken bool) over {
	m := w.master()
	if m == nil {
		return over{at: w.now}
	}
	to := w.rng.IntN(w.n)
	if to == m.slot || !m.handoverTo(to) {
		return over{at: w.now}
	}
	if !broken {
		return over{at: w.now + w.between(0, 2*second)}
	}
	at := w.now + w.between(0, 40*millisecond)
	return over{at: at, end: func() { w.scenario.now(w, fault(w.rng.IntN(int(planned)))) }}
}

// killAll ends all pods at once.
func (w *world) killAll() over {
	w.trace(nil, "everything restarts")
	for _, p := range w.named {
		w.scenario.until(w, w.killPod(p, w.volumes))
	}
	return over{at: w.now}
}
