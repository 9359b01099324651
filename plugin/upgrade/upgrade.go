// Package upgrade compares the objects of a release before and after an upgrade:
// what Kubernetes will refuse, and what would lose data or writes.
package upgrade

import (
	"slices"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/manifest"
	"github.com/helm-valkey/helm-valkey/plugin/ours"
)

// change is one release of this chart before and after an upgrade.
type change struct {
	old, current release
}

// pair is an object before and after an upgrade.
type pair struct {
	old, current manifest.Object
}

// check is one rule on what an upgrade changes. Some changes Kubernetes refuses:
// of objects as they are in the cluster, whatever was sent there.
type check struct {
	rule    finding.Rule
	find    func(change) []finding.Finding
	refused bool
}

var checks = []check{
	{fixedStatefulSet, findFixedStatefulSets, true},
	{claimTemplates, findClaimTemplates, true},
	{shrunkVolume, findShrunkVolumes, true},
	{dataLeftBehind, findDataLeftBehind, false},
	{lessKept, findLessKept, false},
	{renamed, findRenamed, false},
	{tooFewReplicas, findTooFewReplicas, false},
	{claimsDeleted, findClaimsDeleted, false},
	{strangers, findStrangers, false},
	{dataFormat, findDataFormats, false},
	{unknownFormat, findUnknownFormats, false},
	{writesRefused, findWritesRefused, false},
	{clusterAddress, findClusterAddresses, true},
	{fixedFields, findFixedFields, true},
}

// Rules are all rules of this package.
func Rules() []finding.Rule {
	var all []finding.Rule
	for _, c := range checks {
		all = append(all, c.rule)
	}
	return all
}

// Upgrade is what is upgraded.
type Upgrade struct {
	Old, New []manifest.Object
	// Live are the old objects that are in the cluster, as they are there: some
	// may have been deleted to be made anew, or have other replicas. It is nil if
	// that is not known.
	Live []manifest.Object
}

// Check returns all that is wrong with an upgrade. Objects of other charts are
// ignored, and so are releases that are only on one side: what is installed or
// removed is not upgraded.
func (u Upgrade) Check() []finding.Finding {
	var found []finding.Finding
	live := map[finding.Object]manifest.Object{}
	for _, o := range u.Live {
		live[o.ID()] = o
	}
	for _, c := range match(group(u.Old, live), group(u.New, nil)) {
		for _, check := range checks {
			refused := check.find(c)
			if check.refused && u.Live != nil {
				refused = both(check.find(change{c.old.there(), c.current}), refused)
			}
			found = append(found, refused...)
		}
	}
	return finding.Sort(found)
}

// both returns the findings about fields that others are about as well: what is in
// the cluster has fields that nobody wrote, and what was written may not have got
// there.
func both(found, others []finding.Finding) []finding.Finding {
	return slices.DeleteFunc(found, func(f finding.Finding) bool {
		return !slices.ContainsFunc(others, func(o finding.Finding) bool { return o.Object == f.Object && o.Path == f.Path })
	})
}

// place is where a release is. Its name label follows nameOverride, so that it
// does not tell releases apart here.
type place struct {
	namespace, instance string
}

func group(objects []manifest.Object, live map[finding.Object]manifest.Object) map[place]release {
	releases := map[place]release{}
	for _, o := range objects {
		if ours.Is(o) {
			at := place{o.Namespace(), o.Label(ours.InstanceLabel)}
			r := releases[at].with(o)
			r.live = live
			releases[at] = r
		}
	}
	return releases
}

// match finds the two sides of each release. One that is gone from its namespace
// may have moved to another.
func match(old, current map[place]release) []change {
	var changes []change
	for _, at := range places(current) {
		before, ok := old[at]
		if !ok {
			before, ok = moved(old, current, at.instance)
		}
		if ok {
			changes = append(changes, change{before, current[at]})
		}
	}
	return changes
}

// moved returns the only old release of a name that has no other side.
func moved(old, current map[place]release, instance string) (release, bool) {
	var alone []release
	for at, r := range old {
		if _, stayed := current[at]; at.instance == instance && !stayed {
			alone = append(alone, r)
		}
	}
	if len(alone) != 1 {
		return release{}, false
	}
	return alone[0], true
}

func places(releases map[place]release) []place {
	var all []place
	for at := range releases {
		all = append(all, at)
	}
	slices.SortFunc(all, func(a, b place) int {
		return slices.Compare([]string{a.namespace, a.instance}, []string{b.namespace, b.instance})
	})
	return all
}

// statefulSets are those of the same name on both sides.
func (c change) statefulSets() []pair {
	var pairs []pair
	for _, role := range []string{ours.Master, ours.Replica, ours.Sentinel} {
		current, ok := c.current.of(role)
		if !ok {
			continue
		}
		if old, ok := c.old.named(current); ok {
			pairs = append(pairs, pair{old, current})
		}
	}
	return pairs
}

// pairs are the objects of a kind that are on both sides.
func (c change) pairs(kind string) []pair {
	var pairs []pair
	for _, old := range c.old.objects {
		if current, ok := c.current.named(old); ok && old.Kind() == kind {
			pairs = append(pairs, pair{old, current})
		}
	}
	return pairs
}

// master is the master's StatefulSet, if it keeps its name.
func (c change) master() (pair, bool) {
	current, ok := c.current.of(ours.Master)
	if !ok {
		return pair{}, false
	}
	old, ok := c.old.named(current)
	return pair{old, current}, ok
}

// carried says whether there is a pod besides the master's at every moment, which
// holds the data while that restarts.
func (c change) carried() bool { return c.old.copies() > 0 && c.current.copies() > 0 }
