package lead

import (
	"cmp"
	"fmt"
	"slices"
)

// HandOver is the action of a master that stops, with a successor in sync. Stop is
// that of one without, and without hope of any.
const (
	HandOver Action = "hand over"
	Stop     Action = "stop"
)

// Heir is a pod that could be master next. InSync: its server replicates from this
// master, holds the same history and lacks nothing that a moment would not bring.
// Updated: it is of the latest revision of its StatefulSet, as far as its peers show.
// Leaving: it stops itself. Reserve: it is to be master only while nobody else can. Failed
// counts the handovers to it that came to nothing.
type Heir struct {
	Name    string
	InSync  bool
	Updated bool
	Leaving bool
	Home    bool
	Reserve bool
	Failed  int
	Offset  int64
}

// maxFailed is how often one heir is tried.
const maxFailed = 2

// Succession is what a master that stops knows of those that could follow it. Patient:
// the wait for one that is up to date is not over.
type Succession struct {
	Heirs   []Heir
	Patient bool
}

// Decide names the heir, or says whether to wait for one. Rather one that a rolling
// restart has already been at than one that will have to hand over soon itself.
func (s Succession) Decide() Decision {
	var fit []Heir
	unsettled := ""
	for _, h := range s.Heirs {
		switch {
		case h.InSync && !h.Leaving && h.Failed < maxFailed:
			fit = append(fit, h)
			if !h.Updated {
				unsettled = h.Name
			}
		case h.Failed < maxFailed:
			unsettled = h.Name
		}
	}
	slices.SortFunc(fit, func(a, b Heir) int {
		return cmp.Or(
			compareBool(a.Reserve, b.Reserve), compareBool(b.Updated, a.Updated), compareBool(b.Home, a.Home),
			a.Failed-b.Failed, cmp.Compare(b.Offset, a.Offset), cmp.Compare(a.Name, b.Name))
	})
	switch {
	case len(fit) > 0 && (fit[0].Updated || !s.Patient):
		return Decision{HandOver, fit[0].Name, fit[0].Name + " is in sync"}
	case len(fit) > 0:
		return Decision{Wait, unsettled, "waiting for a replica that is up to date: a roll is under way"}
	case s.Patient && unsettled != "":
		return Decision{Wait, unsettled, fmt.Sprintf("no replica is in sync: waiting for %s", unsettled)}
	default:
		return Decision{Stop, "", "no replica is in sync"}
	}
}

// Fellow is a pod that one sees which wants to stop. Ready: clients have been sent to it
// for a while.
type Fellow struct {
	Name    string
	Master  bool
	InSync  bool
	Leaving bool
	Ready   bool
}

// MayGo tells whether the others are enough without the pod of that name: somebody is
// there for clients, and the master keeps the replicas that it needs to take writes. Of
// several that want to stop the first by name goes first, and the master last.
func MayGo(name string, need int, fellows []Fellow) bool {
	ready, replicas := false, 0
	for _, f := range fellows {
		stays := !f.Leaving
		ready = ready || f.Ready && (stays || f.Master)
		if f.InSync && (stays || f.Name > name) {
			replicas++
		}
	}
	return ready && replicas >= need
}

// MasterStays tells whether the master is one of those that do not stop.
func MasterStays(fellows []Fellow) bool {
	return slices.ContainsFunc(fellows, func(f Fellow) bool { return f.Master && !f.Leaving })
}

// Stays tells whether a pod is there for clients that does not stop.
func Stays(fellows []Fellow) bool {
	return slices.ContainsFunc(fellows, func(f Fellow) bool { return f.Ready && !f.Leaving })
}
