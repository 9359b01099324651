package simulation

import (
	"slices"
	"testing"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
)

// mutation is a mistake in what the entrypoint does around the decisions.
type mutation uint8

const (
	unchanged mutation = iota
	abortsBlindly
	staysAttached
	leaseByLag
	oldFilesNewTerm
)

// changed are the decisions with their input changed first.
func changed(change func(*lead.Hive)) decisions {
	d := asBuilt()
	d.sound = func(h lead.Hive) lead.Decision { change(&h); return h.Sound() }
	d.elect = func(h lead.Hive) lead.Decision { change(&h); return h.Elect() }
	d.reign = func(h lead.Hive) lead.Decision { change(&h); return h.Reign() }
	return d
}

func eachPeer(change func(*lead.Peer)) decisions {
	return changed(func(h *lead.Hive) {
		for i := range h.Peers {
			change(&h.Peers[i])
		}
	})
}

// enough is in how many schedules a mistake has to show.
const enough = 100_000

// A simulation that finds nothing proves nothing: each of these mistakes has to be found.
func TestFindsMistakes(t *testing.T) {
	noPromise := asBuilt()
	noPromise.refusal = func(s lead.Standing, term uint64, candidate string) string {
		s.Promised = 0
		return s.Refusal(term, candidate)
	}
	deaf := eachPeer(func(p *lead.Peer) { p.Hears = false })
	deaf.refusal = func(s lead.Standing, term uint64, candidate string) string {
		s.Hears = false
		return s.Refusal(term, candidate)
	}
	content := asBuilt()
	content.reign = func(lead.Hive) lead.Decision { return lead.Decision{Action: lead.Start} }

	tests := []struct {
		name      string
		plan      plan
		decisions decisions
		mutation  mutation
	}{
		{"the fence is waited for 1 s", anyFaults, changed(func(h *lead.Hive) {
			h.Quiet += 3 * time.Second
			for i := range h.Peers {
				h.Peers[i].Quiet += 3 * time.Second
			}
		}), unchanged},
		{"the fence is waited for 2 s", anyFaults, changed(func(h *lead.Hive) {
			h.Quiet += 2 * time.Second
			for i := range h.Peers {
				h.Peers[i].Quiet += 2 * time.Second
			}
		}), unchanged},
		{"any death is taken for certain", anyFaults, changed(func(h *lead.Hive) { h.Gone = true }), unchanged},
		{"a promise does not bind", anyFaults, noPromise, unchanged},
		{"one more may be missing", anyFaults, changed(func(h *lead.Hive) { h.Need++ }), unchanged},
		{"one more may be missing: writes", oneFaultAtATime, changed(func(h *lead.Hive) { h.Need++ }), unchanged},
		{"nobody asks who hears the master", oneFaultAtATime, deaf, unchanged},
		{"the lowest offset wins", oneFaultAtATime, changed(func(h *lead.Hive) {
			h.Own.Offset = -h.Own.Offset
			for i := range h.Peers {
				h.Peers[i].Position.Offset = -h.Peers[i].Position.Offset
			}
		}), unchanged},
		{"terms of data do not count", anyDurable, changed(func(h *lead.Hive) {
			h.Own.Term = 0
			for i := range h.Peers {
				h.Peers[i].Position.Term = 0
			}
		}), unchanged},
		{"nobody counts who is said to be absent", anyFaults, changed(func(h *lead.Hive) {
			h.Peers = slices.DeleteFunc(slices.Clone(h.Peers), func(p lead.Peer) bool { return p.Answer == lead.Absent })
		}), unchanged},
		{"a master of any term is joined", anyFaults, changed(func(h *lead.Hive) {
			h.Promised, h.Term = 0, 0
			for i := range h.Peers {
				h.Peers[i].Promised, h.Peers[i].Term = 0, 0
			}
		}), unchanged},
		{"a master does not ask its peers", anyFaults, content, unchanged},
		{"a failover is aborted without a look at the target", anyFaults, asBuilt(), abortsBlindly},
		{"who promises goes on to acknowledge", anyFaults, asBuilt(), staysAttached},
		{"the lease goes by lag", anyFaults, asBuilt(), leaseByLag},
		{"old files are of the latest term", oneFaultAtATime, asBuilt(), oldFilesNewTerm},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pl := tt.plan
			pl.decisions, pl.mutation = tt.decisions, tt.mutation
			for s := range enough {
				w := newWorld(uint64(s), &pl, false)
				if w.run(); w.violated != "" {
					t.Logf("seed %d: %s", s, w.violated)
					return
				}
			}
			t.Errorf("not found in %d schedules", enough)
		})
	}
}
