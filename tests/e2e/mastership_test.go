//go:build e2e

package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/e2e/cluster"
	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// In plain replication the master's pod comes back, with what its volume or a replica
// holds.
func TestMastershipInReplication(t *testing.T) {
	t.Parallel()
	r := cluster.New(t, "plain", cluster.Helm4, cluster.Newest(t, "valkey"))
	r.Install(values{"master": values{"failbackAfter": "5s"}})
	life(t, r, append(planned(), []part{
		{"the master's pod is master again", func(_ *testing.T, r *cluster.Release) { r.WaitHome() }},
		{"the master's server is killed", serverKilled},
		{"the master's pod is deleted by force", podDeletedByForce},
		{"a replica's pod is killed in the middle of a handover", replicaKilledInHandover},
		{"all pods are deleted at once", allPodsDeleted},
		{"all pods are deleted at once while a replica's pod is master", allPodsDeletedAwayFromHome},
	}...))
}

// In a hive any pod may be master, and the others elect another when it is lost.
func TestMastershipInHive(t *testing.T) {
	t.Parallel()
	r := cluster.New(t, "hive", cluster.Helm3, cluster.Newest(t, "valkey"))
	r.Install(values{
		"hive":   values{"enabled": true},
		"master": values{"failbackAfter": "5s"},
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

// In a hive without any volume the data live as long as one pod does.
func TestMastershipInHiveInMemory(t *testing.T) {
	t.Parallel()
	r := cluster.New(t, "memory", cluster.Helm3, cluster.Newest(t, "valkey"))
	r.Install(values{
		"persistenceMode": "none",
		"hive":            values{"enabled": true, "policy": "available"},
		"master":          values{"persistence": values{"enabled": false}},
	})
	life(t, r, append(planned(), []part{
		{"the master's server is killed", serverKilled},
		{"the master's server hangs", serverHangs},
		{"the master's pod is deleted by force", podDeletedByForce},
		{"a replica's pod is killed in the middle of a handover", replicaKilledInHandover},
	}...))
}

// planned are the ways in which a pod is stopped on purpose. Clients notice none of
// them.
func planned() []part {
	stops := []part{
		{"both StatefulSets are restarted at once", func(_ *testing.T, r *cluster.Release) { r.Restart() }},
		{"an upgrade changes both StatefulSets", func(t *testing.T, r *cluster.Release) {
			annotated := values{"podAnnotations": values{"example.com/changed-by": t.Name()}}
			r.Upgrade(cluster.Merge(r.Values, values{"master": annotated, "replica": annotated}))
		}},
		{"the pod that is master is deleted ten times in a row", func(_ *testing.T, r *cluster.Release) {
			for range 10 {
				leader := r.Leader()
				r.WaitReplaced(leader, r.Delete(leader, cluster.Gracefully))
			}
		}},
		{"the node of the pod that is master is drained", func(_ *testing.T, r *cluster.Release) { r.Drain(r.Leader()) }},
	}
	parts := make([]part, 0, len(stops))
	for _, stop := range stops {
		parts = append(parts, part{stop.name, func(t *testing.T, r *cluster.Release) {
			stopped(r, func() { stop.do(t, r) })
		}})
	}
	return parts
}

// stopped does something planned to pods under load, of which clients notice nothing.
func stopped(r *cluster.Release, do func()) {
	load := r.StartLoad(r.Clients("node2"))
	load.WaitWrites(enoughWrites)
	do()
	load.WaitWrites(enoughWrites)
	r.RequireUnnoticed(load.Stop())
}

// crash does something to the pod that is master under load. What a replica had
// acknowledged is kept, and nobody has to do anything.
func crash(r *cluster.Release, do func(leader string)) {
	load := r.StartLoad(r.Confirmed("node1"))
	load.WaitReplicated(enoughWrites)
	do(r.Leader())
	load.WaitReplicated(enoughWrites)
	r.RequireKept(load.Stop())
}

func serverKilled(_ *testing.T, r *cluster.Release) { crash(r, r.KillServer) }

func serverHangs(_ *testing.T, r *cluster.Release) { crash(r, r.Freeze) }

func podDeletedByForce(_ *testing.T, r *cluster.Release) {
	crash(r, func(leader string) { r.WaitReplaced(leader, r.Delete(leader, cluster.ByForce)) })
}

// A replica is lost just when mastership moves: the one that was to be master, or the
// other one.
func replicaKilledInHandover(_ *testing.T, r *cluster.Release) {
	for n := range 2 {
		crash(r, func(leader string) {
			victim := r.Followers(leader)[n]
			old := r.Delete(leader, cluster.Gracefully)
			r.WaitState(leader, release.Leaving, release.HandingOver)
			r.Kill(victim)
			r.WaitReplaced(leader, old)
		})
	}
}

// With a volume, and the time to save, nothing is lost even then.
func allPodsDeleted(t *testing.T, r *cluster.Release) {
	load := r.StartLoad(r.Clients("node3"))
	load.WaitWrites(enoughWrites)
	r.DeleteAll(cluster.Gracefully)
	load.WaitWrites(enoughWrites)
	r.RequireAllKept(load.Stop())
}

// The only volume is not the master's then.
func allPodsDeletedAwayFromHome(t *testing.T, r *cluster.Release) {
	home := r.PodName(cluster.Master, 0)
	r.Upgrade(cluster.Merge(r.Values, values{"master": values{"failback": "never"}}))
	if leader := r.Leader(); leader == home {
		r.WaitReplaced(leader, r.Delete(leader, cluster.Gracefully))
	}
	require.NotEqual(t, home, r.Leader())
	allPodsDeleted(t, r)
}
