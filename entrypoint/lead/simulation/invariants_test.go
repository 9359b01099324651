package simulation

import (
	"fmt"

	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
)

// settleWithin is the bound for one master, followed by all, once no fault is left: what
// is left of the longest freeze of a decision (a lease, a back-off), the silence, a
// fence that began anew with the last pod's start, an election that another outbid, and
// one full sync.
const settleWithin = 20 * second

func (w *world) fail(p *pod, format string, args ...any) {
	if w.violated == "" {
		w.violated = fmt.Sprintf(format, args...)
		w.trace(p, "VIOLATION: %s", w.violated)
	}
}

// watch checks after every event that there are never two masters that take writes. The
// lease that holds clients back counts only for a server that was frozen: no other may
// need it.
func (w *world) watch() {
	if w.policy != lead.Safe {
		return
	}
	var first *pod
	for _, p := range w.pods {
		if !p.server.master || !p.server.takesWrites() || p.stalled && !p.takesWrites() {
			continue
		}
		if first != nil {
			w.fail(p, "two masters take writes: %s of term %d and %s of term %d", first.name, first.disk.term, p.name, p.disk.term)
			return
		}
		first = p
	}
}

// unsettled says what is missing until all is well; empty if nothing is.
func (w *world) unsettled() string {
	var master *pod
	for _, p := range w.named {
		switch {
		case !p.alive || p.frozen || !p.server.responds():
			return p.name + " has no server that answers"
		case p.server.master && master != nil:
			return "two masters: " + master.name + " and " + p.name
		case p.server.master:
			master = p
		}
	}
	if master == nil {
		return "no master"
	}
	if !master.leads() || w.n > w.need && !master.takesWrites() || master.hand.state != idle || master.vote.state != idle {
		return master.name + " takes no writes"
	}
	for _, p := range w.named {
		if p == master {
			continue
		}
		s := &p.server
		if s.source != master || !s.up || p.disk.leader != master.slot || p.disk.term != master.disk.term || p.disk.promised > master.disk.term || p.disk.synced != master.disk.term {
			return p.name + " does not follow " + master.name
		}
	}
	w.lost(master)
	return ""
}
