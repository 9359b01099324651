package simulation

// fault is what goes wrong, or is planned.
type fault uint8

const (
	serverDies fault = iota
	podDies
	podForced
	partition
	oneWay
	pairwise
	serverHangs
	podFreezes
	dnsSlow
	dnsEmpty
	planned
	plannedAndFault
	restartAll
	faults
)

// inMidst are the faults that a handover does not like.
var inMidst = []fault{serverDies, serverDies, podDies, podForced, partition, partition, oneWay, pairwise, pairwise, serverHangs, serverHangs, podFreezes}

// over is when a fault ends, and what then has to be done.
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
		if w.exact {
			return w.killPod(p, true)
		}
		return w.forcePod(p)
	case partition, oneWay:
		return w.part(f == oneWay)
	case pairwise:
		return w.partPairs()
	case serverHangs:
		p.hang(w.between(300*millisecond, 10*second))
	case podFreezes:
		d := w.between(300*millisecond, 12*second)
		for _, q := range w.named {
			if q.vote.state > sounding && w.chance(50) {
				p = q
			}
		}
		p.freeze(d)
		return over{at: w.now + d}
	case dnsSlow:
		p.slowDNS = w.now + w.between(second, 10*second)
		w.trace(p, "DNS is slow")
		return over{at: p.slowDNS}
	case dnsEmpty:
		return w.deny(p)
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
	volume = volume || w.exact
	if !volume && !w.remembered(p) {
		return over{at: w.now}
	}
	if !p.alive {
		return over{at: w.now}
	}
	d := p.disk
	away := w.between(300*millisecond, 6*second)
	silent := w.chance(50)
	if w.policy == "" {
		// Back within the master's pod's patience.
		away = w.between(300*millisecond, 5*second)
	} else if silent {
		// Who is gone without a word still counts as a replica for as long as that.
		away += 5 * second
	}
	p.end(p.keep(), silent)
	p.gone = w.chance(60)
	if !volume {
		d = w.freshDisk()
	}
	return over{at: w.now + away, end: func() { w.back(p, d) }}
}

// remembered tells whether enough is left to know by that there was a master, while a
// pod that was given up may still run.
func (w *world) remembered(without *pod) bool {
	for _, p := range w.named {
		if p != without && p.alive && !p.ghost && p.disk.term > 0 {
			return true
		}
	}
	return !w.haunted()
}

// haunted tells whether a pod that was given up may still take writes.
func (w *world) haunted() bool { return w.forced > 0 && w.now-w.forced < 6*second }

// denied tells whether DNS says of any pod that it does not exist.
func (w *world) denied() bool {
	for _, p := range w.named {
		if p.blindDNS > w.now && p.blindTo > 0 {
			return true
		}
	}
	return false
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
	last := w.forced
	w.forced = w.now
	if !w.remembered(p) || w.denied() {
		w.forced = last
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
	until := w.now + w.apart()
	if w.policy != "" && w.chance(20) && !w.haunted() {
		w.trace(nil, "each side's DNS denies the other")
		for _, p := range pods {
			p.blindDNS, p.blindTo = until, side
			if side&(1<<p.slot) > 0 {
				p.blindTo = ^side
			}
		}
	}
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
	return over{at: until, end: func() { w.mend(pods) }}
}

// apart is how long pods do not reach each other. Without a hive the master's pod goes
// on with what it reaches after bootstrapWait; that then nothing is lost is not promised.
func (w *world) apart() int64 {
	if w.policy == "" && w.keepsConfirmed {
		return w.between(200*millisecond, bootstrapWait)
	}
	return w.between(200*millisecond, 12*second)
}

// partPairs cuts some pods from some others, so that not all see the same.
func (w *world) partPairs() over {
	pods := append([]*pod(nil), w.named...)
	share := int(w.between(20, 70))
	for i, p := range pods {
		for _, q := range pods[i+1:] {
			if w.chance(share) {
				w.trace(p, "does not reach %s", q.name)
				w.cutOff(p, q)
				w.cutOff(q, p)
			}
		}
	}
	return over{at: w.now + w.apart(), end: func() { w.mend(pods) }}
}

// deny has DNS say of some names that they do not exist: to one pod, or to all.
func (w *world) deny(p *pod) over {
	if w.haunted() {
		return over{at: w.now}
	}
	until, names := w.now+w.between(second, 10*second), uint(w.rng.IntN(1<<w.n))
	all := w.chance(50)
	w.trace(p, "DNS denies %05b, to all %t", names, all)
	for _, q := range w.named {
		if q == p || all {
			q.blindDNS, q.blindTo = until, names
		}
	}
	return over{at: until}
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
	to := (m.slot + 1 + w.rng.IntN(w.n-1)) % w.n
	if !m.handoverTo(to) {
		return over{at: w.now}
	}
	if !broken {
		return over{at: w.now + w.between(0, 2*second)}
	}
	at := w.now + w.between(0, 100*millisecond)
	return over{at: at, end: func() { w.scenario.now(w, inMidst[w.rng.IntN(len(inMidst))]) }}
}

// killAll ends all pods at once, as their deletion does.
func (w *world) killAll() over {
	if w.haunted() {
		return over{at: w.now}
	}
	w.trace(nil, "everything restarts")
	for _, p := range w.named {
		if p.alive && p.server.responds() {
			p.note() // pods that are told to stop look once more
		}
		w.scenario.until(w, w.killPod(p, w.volumes))
	}
	return over{at: w.now}
}
