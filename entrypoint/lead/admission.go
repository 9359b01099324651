package lead

import "fmt"

// Admission is what the pod goes by that leads a release which has no master of its own,
// and is to follow one outside. Source is that one, and empty if nobody names it any more;
// Copied the one that the own data are a copy of, if they are.
type Admission struct {
	Source  string
	Copied  string
	HasData bool
	Peers   []Peer
	// Patient: the wait for peers that do not answer is not over.
	Patient bool
}

// Decide says whether to Join the server outside, to Start as a release with data of its
// own does, or to Wait or Hold. Whoever follows gives up what it holds: that may be nothing,
// or a copy.
func (a Admission) Decide() Decision {
	if name, ok := find(a.Peers, func(p Peer) bool { return p.Answer == Known && p.Term > 0 }); ok {
		return Decision{Start, name, name + " knows a master of this release's own"}
	}
	if a.Copied != "" && (a.Source == "" || a.Source == a.Copied) {
		return Decision{Join, "", "the own data are a copy of " + a.Copied}
	}
	if a.HasData {
		return Decision{Hold, "", fmt.Sprintf("this pod holds %s, which following %s would replace: delete its volume if they are not wanted, or take externalMaster out of the values", whose(a.Copied), a.Source)}
	}
	if p, ok := best(a.Peers, func(p Peer) bool { return p.Position.HasData && p.Copied != a.Source }); ok {
		return Decision{Hold, p.Name, fmt.Sprintf("%s holds %s, which following %s would replace: delete its volume if they are not wanted, or take externalMaster out of the values", p.Name, whose(p.Copied), a.Source)}
	}
	unknown, doubt := find(a.Peers, func(p Peer) bool { return p.Answer == Unknown })
	switch {
	case doubt && a.Patient:
		return Decision{Wait, unknown, unknown + " does not answer and may hold data"}
	case doubt:
		return Decision{Hold, unknown, fmt.Sprintf("%s does not answer and may hold data, which following %s would replace: bring it back, or delete it for good", unknown, a.Source)}
	default:
		return Decision{Join, "", "this release holds no data"}
	}
}

func whose(copied string) string {
	if copied == "" {
		return "data of its own"
	}
	return "a copy of " + copied
}
