// Package simulation runs the decisions of package lead in a model of pods, servers and
// networks that fail, on a clock of its own. A schedule is a seed: the same seed gives
// the same run, to the last event.
package simulation

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Time is in microseconds of the world's own clock.
const (
	millisecond int64 = 1000
	second            = 1000 * millisecond
)

// kind is what an event is about.
type kind uint8

const (
	evCron     kind = iota // a server's own, once a second
	evStream               // bytes of a replication connection arrive
	evTick                 // an entrypoint looks at its server
	evPoll                 // it asks its leader, or a master all peers
	evRequest              // a peer's request arrives
	evAnswer               // the answer to one
	evTimeout              // a round of asking is over
	evCampaign             // the next step of a campaign
	evHandover             // the next look at a handover
	evBoot                 // a server is up
	evWrite                // a client writes
	evFault                // the next step of the schedule
	evThaw                 // a frozen pod goes on
	evWake                 // a hanging server goes on
)

// event happens at a time, to a pod. gen ends those of a server or a round that is no
// more.
type event struct {
	at   int64
	seq  uint32
	gen  uint32
	pod  int16
	kind kind
	note *packet
	call *call
}

// world is one schedule's run.
type world struct {
	settings
	rng  *rand.Rand
	now  int64
	seq  uint32
	heap []event

	pods  []*pod     // every incarnation ever
	named []*pod     // the latest of each name
	conns []*conn    // of replication, open at either end
	cut   [64]uint64 // cut[from] has the bits of those that it does not reach

	forced int64 // when a pod was last given up that ran on

	writes    []write // the tree of all data ever written; 0 is no data
	confirmed []int32 // the last of each line of writes that enough replicas confirmed
	counted   counters

	scenario scenario
	violated string
	replids  int
	tracing  bool
	log      *strings.Builder

	packets []*packet
	calls   []*call
}

// counters tell what a run was about. Longest is the longest time from the last fault
// until all had settled.
type counters struct {
	events, writes, confirmed, reigns, handovers, faults int
	longest                                              int64
}

func (c *counters) add(d counters) {
	c.events += d.events
	c.writes += d.writes
	c.confirmed += d.confirmed
	c.reigns += d.reigns
	c.handovers += d.handovers
	c.faults += d.faults
	c.longest = max(c.longest, d.longest)
}

func (c counters) String() string {
	return fmt.Sprintf("%d events, %d faults, %d masters made, %d of them by handovers, %d writes, %d of them confirmed; settled after %.1f s at most",
		c.events, c.faults, c.reigns, c.handovers, c.writes, c.confirmed, float64(c.longest)/float64(second))
}

// write is one client's write on top of the data that were there before.
type write struct {
	parent int32
	depth  int32
}

func (w *world) push(e event) {
	w.seq++
	e.seq = w.seq
	h := append(w.heap, e)
	i := len(h) - 1
	for i > 0 {
		parent := (i - 1) / 4
		if !before(&e, &h[parent]) {
			break
		}
		h[i] = h[parent]
		i = parent
	}
	h[i] = e
	w.heap = h
}

func (w *world) pop() event {
	h := w.heap
	top := h[0]
	last := h[len(h)-1]
	h = h[:len(h)-1]
	w.heap = h
	if len(h) == 0 {
		return top
	}
	i := 0
	for {
		child := 4*i + 1
		if child >= len(h) {
			break
		}
		least := child
		for c := child + 1; c < min(child+4, len(h)); c++ {
			if before(&h[c], &h[least]) {
				least = c
			}
		}
		if !before(&h[least], &last) {
			break
		}
		h[i] = h[least]
		i = least
	}
	h[i] = last
	return top
}

func before(a, b *event) bool { return a.at < b.at || a.at == b.at && a.seq < b.seq }

// run goes on until the scenario ends or an invariant is broken.
func (w *world) run() {
	for len(w.heap) > 0 && w.violated == "" && !w.scenario.over() {
		e := w.pop()
		w.now = e.at
		w.counted.events++
		w.handle(e)
		w.watch()
	}
}

func (w *world) handle(e event) {
	switch e.kind {
	case evFault:
		w.scenario.step(w)
		return
	case evWrite:
		w.clients()
		return
	}
	p := w.pods[e.pod]
	switch {
	case !p.alive:
		w.toNobody(p, e)
		return
	case e.kind == evThaw:
		p.thaw(e.gen)
		return
	case p.frozen:
		p.later = append(p.later, e)
		return
	case e.kind == evWake:
		p.wake(e.gen)
		return
	case p.server.hangs && (e.kind == evCron || e.kind == evStream):
		p.server.later = append(p.server.later, e)
		return
	}
	switch e.kind {
	case evCron:
		p.cron(e.gen)
	case evStream:
		p.receive(e.note)
	case evTick:
		p.tick()
	case evPoll:
		p.poll()
	case evRequest:
		p.request(e.call)
	case evAnswer:
		p.answer(e.call)
	case evTimeout:
		p.timeout(e.gen)
	case evCampaign:
		p.campaignStep(e.gen)
	case evHandover:
		p.handoverStep(e.gen)
	case evBoot:
		p.booted(e.gen)
	}
}

// resume lets happen what a frozen process has missed: what came in from outside
// first, then its own timers, as an event loop does.
func (w *world) resume(missed []event) {
	at := w.now
	for _, timers := range []bool{false, true} {
		for _, e := range missed {
			timer := e.kind != evStream && e.kind != evRequest && e.kind != evAnswer
			if timer != timers {
				continue
			}
			at += w.between(1, 200)
			e.at = at
			w.push(e)
		}
	}
}

// between is a random number from low to high.
func (w *world) between(low, high int64) int64 {
	if high <= low {
		return low
	}
	return low + w.rng.Int64N(high-low+1)
}

// chance is true in so many of 100 cases.
func (w *world) chance(percent int) bool { return w.rng.IntN(100) < percent }

func (w *world) trace(p *pod, format string, args ...any) {
	if !w.tracing {
		return
	}
	name := "-"
	if p != nil {
		name = fmt.Sprintf("%s/%d", p.name, p.id)
	}
	fmt.Fprintf(w.log, "%10.4f %-6s %s\n", float64(w.now)/float64(second), name, fmt.Sprintf(format, args...))
}

// within tells whether write a is part of the data that end in b.
func (w *world) within(a, b int32) bool {
	for w.writes[b].depth > w.writes[a].depth {
		b = w.writes[b].parent
	}
	return a == b
}
