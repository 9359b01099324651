package simulation

// scenario is a plan of what goes wrong when.
type scenario interface {
	step(w *world)
	over() bool
	// now lets a fault happen; until waits for the end of one.
	now(w *world, f fault)
	until(w *world, o over)
}

// open are the faults that are not over.
type open struct {
	faults []over
	done   bool
}

func (o *open) over() bool { return o.done }

func (o *open) now(w *world, f fault) { o.until(w, w.inject(f)) }

func (o *open) until(w *world, f over) {
	if f.at > w.now || f.end != nil {
		o.faults = append(o.faults, f)
	}
}

// settle ends the faults whose time has come, and all if it is time.
func (o *open) settle(w *world, all bool) {
	for i := 0; i < len(o.faults); i++ {
		f := o.faults[i]
		if f.at > w.now && !all {
			continue
		}
		o.faults = append(o.faults[:i], o.faults[i+1:]...)
		i = -1
		if f.end != nil {
			f.end()
		}
	}
}

const stepEvery = 50 * millisecond

// oneByOne lets a fault happen only when everything has settled after the one before.
type oneByOne struct {
	open
	left    int
	next    int64 // when the next fault happens
	settled int64 // by when all has to have settled; 0 while a fault is there
}

func (s *oneByOne) step(w *world) {
	defer func() {
		if !s.done {
			w.push(event{at: w.now + stepEvery, kind: evFault})
		}
	}()
	if len(s.faults) > 0 {
		s.settle(w, false)
		s.settled = w.now + settleWithin
		return
	}
	if s.next == 0 {
		missing := w.unsettled()
		if w.idle() && missing == "" {
			w.counted.longest = max(w.counted.longest, w.now-s.settled+settleWithin)
			s.next = w.now + w.between(0, 2500*millisecond)
			w.trace(nil, "settled")
		} else if w.now > s.settled {
			w.fail(nil, "not settled %d s after the last fault: %s", settleWithin/second, missing)
		}
		return
	}
	if w.now < s.next {
		return
	}
	if s.left == 0 {
		s.done = true
		return
	}
	s.left--
	s.next, s.settled = 0, w.now+settleWithin
	f := fault(w.rng.IntN(int(faults)))
	if f == restartAll && !w.survivesAll() {
		f = planned
	}
	s.now(w, f)
}

// idle tells whether no server hangs and no handover is under way.
func (w *world) idle() bool {
	for _, p := range w.named {
		if p.hand.state != idle || p.server.hangs || p.frozen {
			return false
		}
	}
	return true
}

// survivesAll tells whether the data are on disk when all pods end at once.
func (w *world) survivesAll() bool { return w.persists == appendOnly && (w.volumes || w.exact) }

// wild lets faults happen at any time and of any number, until all are over at once.
type wild struct {
	open
	calm    int64
	pause   int64 // at most, between two faults
	next    int64
	settled int64
}

func (s *wild) step(w *world) {
	defer func() {
		if !s.done {
			w.push(event{at: w.now + stepEvery, kind: evFault})
		}
	}()
	switch {
	case w.now < s.calm:
		s.settle(w, false)
		if w.now >= s.next {
			s.next = w.now + w.between(50*millisecond, s.pause)
			s.now(w, fault(w.rng.IntN(int(faults))))
		}
	case s.settled == 0:
		s.settle(w, true)
		w.recover()
		s.settled = w.now + settleWithin
	default:
		s.settle(w, true)
		missing := w.unsettled()
		if missing == "" {
			w.counted.longest = max(w.counted.longest, w.now-s.settled+settleWithin)
			s.done = true
		} else if w.now > s.settled {
			w.fail(nil, "not settled %d s after the last fault: %s", settleWithin/second, missing)
		}
	}
}

// recover ends whatever is wrong: all pods are there, and reach each other.
func (w *world) recover() {
	w.trace(nil, "all faults are over")
	for _, p := range w.pods {
		switch {
		case p.ghost && p.alive:
			p.end(none, true)
		case p.frozen:
			p.thaw(p.freezes)
		case p.server.hangs:
			p.wake(0)
		}
		p.slowDNS, p.blindDNS = 0, 0
	}
	for slot, p := range w.named {
		if !p.alive {
			d := p.disk
			if !w.volumes && !w.exact {
				d = w.freshDisk()
			}
			w.spawn(slot, d)
		}
	}
	w.mend(w.pods)
}
