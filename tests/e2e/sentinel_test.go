//go:build e2e

package e2e

import (
	"slices"
	"testing"

	"github.com/helm-valkey/helm-valkey/tests/e2e/cluster"
)

var course = cluster.NewCourse(8)

// Some faults in a row, of which tests/bench has more. Nodes are cut off: no other test
// may run meanwhile.
func TestFaultsInARow(t *testing.T) {
	r := cluster.New(t, "faults", cluster.Helm4, cluster.Newest(t, "valkey"))
	r.Install(values{"sentinel": values{"enabled": true}, "master": values{"failbackAfter": "5s"}})
	quick := slices.DeleteFunc(cluster.Faults(), func(f cluster.Fault) bool { return f.Slow })
	r.Endure(course, quick)
}

// With Sentinels any pod may be master, and most of them have to vote for another.
func TestMastershipWithSentinels(t *testing.T) {
	t.Parallel()
	r := cluster.New(t, "sentinel", cluster.Helm3, cluster.Newest(t, "valkey"))
	r.Install(values{
		"sentinel": values{"enabled": true},
		"master":   values{"failbackAfter": "5s"},
	})
	life(t, r, append(planned(), []part{
		{"the master's pod is master again", func(_ *testing.T, r *cluster.Release) { r.WaitHome() }},
		{"the master's server is killed", serverKilled},
		{"the master's server hangs", serverHangs},
		{"the master's pod is deleted by force", podDeletedByForce},
		{"a replica's pod is killed in the middle of a handover", replicaKilledInHandover},
		{"all pods are deleted at once", allPodsDeleted},
	}...))
}

// From a fixed master to Sentinels and back, and from three Sentinels to five and back:
// the data are kept, and nobody has to do anything.
func TestSentinelsComeAndGo(t *testing.T) {
	t.Parallel()
	r := cluster.New(t, "comego", cluster.Helm4, cluster.Newest(t, "valkey"))
	plain := values{"replica": values{"replicaCount": 2}}
	r.Install(plain)
	watched := func(sentinels int) values {
		return cluster.Merge(plain, values{"sentinel": values{"enabled": true, "replicaCount": sentinels}})
	}
	steps := []part{
		{"Sentinels come", func(_ *testing.T, r *cluster.Release) { upgraded(r, watched(3)) }},
		{"there are five", func(_ *testing.T, r *cluster.Release) {
			upgraded(r, watched(5))
			r.WaitWatched(5)
		}},
		{"there are three again", func(_ *testing.T, r *cluster.Release) {
			upgraded(r, watched(3))
			r.WaitWatched(3)
		}},
		{"they go", func(_ *testing.T, r *cluster.Release) { upgraded(r, plain) }},
		{"the master's server is killed", serverKilled},
		{"they come back", func(_ *testing.T, r *cluster.Release) { upgraded(r, watched(3)) }},
	}
	life(t, r, steps)
}

// Three pods with volumes, each of which may be master, and no others. Clients are told
// names, which stay when pods come back elsewhere.
func TestSeveralMasters(t *testing.T) {
	t.Parallel()
	r := cluster.New(t, "masters", cluster.Helm4, cluster.Newest(t, "redis"))
	r.Install(values{
		"master":   values{"replicaCount": 3},
		"replica":  values{"replicaCount": 0},
		"sentinel": values{"enabled": true, "announceHostnames": true},
	})
	named := func(_ *testing.T, r *cluster.Release) { r.WaitWatched(3) }
	life(t, r, []part{
		{"Sentinels tell names", named},
		{"helm test", helmTest},
		planned()[0],
		{"the master's server is killed", serverKilled},
		{"the master's pod is deleted by force", podDeletedByForce},
		{"all pods are deleted at once", allPodsDeleted},
		{"Sentinels tell the names of pods that are elsewhere", named},
		{"helm test again", helmTest},
	})
}

// upgraded upgrades a release under load, and requires that everything is kept.
func upgraded(r *cluster.Release, to values) {
	load := r.StartLoad(r.Clients("node2"))
	load.WaitWrites(enoughWrites)
	r.Upgrade(to)
	load.WaitWrites(enoughWrites)
	r.RequireAllKept(load.Stop())
}
