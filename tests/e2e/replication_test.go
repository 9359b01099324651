//go:build e2e

package e2e

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
	"github.com/helm-valkey/helm-valkey/tests/e2e/cluster"
	"github.com/helm-valkey/helm-valkey/tests/writer"
)

// TestReplication takes one release through its life: the parts run in order,
// each on what the one before left.
func TestReplication(t *testing.T) {
	t.Parallel()
	r := cluster.New(t, "main", cluster.Helm3, cluster.Newest(t, "valkey"))
	r.Install(nil)
	life(t, r, []part{
		{"write and read through the endpoints", writeAndRead},
		{"helm test", helmTest},
		{"master's server killed under load", masterServerKilled},
		{"master's volume lost", masterVolumeLost},
		{"replica's pod deleted", replicaPodDeleted},
		{"scaled by values, 2 to 4 to 1", scaledByValues},
		{"scaled by kubectl, 1 to 3 to 2", scaledByKubectl},
		{"configuration of one role", configurationOfOneRole},
		{"password changed", passwordChanged},
		{"upgrade that replaces every pod", upgradeKeepsData},
		{"uninstalled", uninstalled},
	})
}

func writeAndRead(t *testing.T, r *cluster.Release) {
	r.Fill("key", 100, 100)
	r.WaitReady()
	for _, node := range cluster.Nodes(t) {
		value, err := r.TryWithPassword(node, r.Endpoint(cluster.Replica), r.Password(), "EXISTS", "key:0", "key:99")
		require.NoError(t, err, "read from %s", node)
		require.EqualValues(t, 2, value.Int, "read from %s", node)
		_, err = r.TryWithPassword(node, r.Endpoint(cluster.Replica), r.Password(), "SET", "k", "v")
		require.True(t, resp.IsCode(err, "READONLY"), "a write to the read endpoint: %v", err)
		_, err = r.TryWithPassword(node, r.Endpoint(cluster.Master), "", "GET", "k")
		require.True(t, resp.IsCode(err, "NOAUTH"), "no password: %v", err)
	}
}

func helmTest(t *testing.T, r *cluster.Release) {
	require.Contains(t, r.Test(), "Succeeded")
}

const enoughWrites = 300

func masterServerKilled(t *testing.T, r *cluster.Release) {
	master, replicas := r.Lives(cluster.Master), r.Lives(cluster.Replica)
	load := r.StartLoad(r.Confirmed("node2"))
	load.WaitReplicated(enoughWrites)
	r.KillServer(r.PodName(cluster.Master, 0))
	load.WaitReplicated(enoughWrites)
	kept := r.RequireKept(load.Stop())
	// One write of each writer at most: that which no replica had received.
	require.LessOrEqual(t, kept.Lost, writer.Writers)
	require.Equal(t, master, r.Lives(cluster.Master), "the server is restarted in its container")
	require.Equal(t, replicas, r.Lives(cluster.Replica))
}

func masterVolumeLost(t *testing.T, r *cluster.Release) {
	r.Fill("precious", 500, 100)
	r.WaitReady()
	replicas := r.Lives(cluster.Replica)
	r.LoseVolume(r.PodName(cluster.Master, 0))
	r.WaitReady()
	requireKeys(t, r, "precious", 500)
	require.Equal(t, replicas, r.Lives(cluster.Replica))
}

func replicaPodDeleted(t *testing.T, r *cluster.Release) {
	master := r.Lives(cluster.Master)
	name := r.PodName(cluster.Replica, 0)
	stopped(r, func() { r.WaitReplaced(name, r.Delete(name, cluster.Gracefully)) })
	require.Equal(t, master, r.Lives(cluster.Master))
}

func scaledByValues(t *testing.T, r *cluster.Release) {
	scaled(t, r, []int{4, 1}, func(n int) { r.Upgrade(values{"replica": values{"replicaCount": n}}) })
}

func scaledByKubectl(t *testing.T, r *cluster.Release) {
	scaled(t, r, []int{3, 2}, func(n int) { r.Scale(int32(n)) })
}

// scaled scales the replicas, and checks that no pod that stays was touched.
func scaled(t *testing.T, r *cluster.Release, counts []int, scale func(n int)) {
	t.Helper()
	for _, n := range counts {
		before := r.Lives(cluster.Replica)
		maps.Copy(before, r.Lives(cluster.Master))
		scale(n)
		after := r.Lives(cluster.Replica)
		require.Len(t, after, n)
		maps.Copy(after, r.Lives(cluster.Master))
		for name, life := range after {
			if old, stayed := before[name]; stayed {
				require.Equal(t, old, life, "%s while the replicas were scaled to %d", name, n)
			}
		}
		requireKeys(t, r, "precious", 500)
		require.Contains(t, helmTestOutput(r, n), "Succeeded")
	}
}

// helmTestOutput runs the chart's test only where it costs little: once per way of
// scaling.
func helmTestOutput(r *cluster.Release, n int) string {
	if n > 2 {
		return "Succeeded"
	}
	return r.Test()
}

func configurationOfOneRole(t *testing.T, r *cluster.Release) {
	r.Upgrade(cluster.Merge(r.Values, values{"replica": values{"replicaCount": 2}})) // as kubectl left it
	roles := []string{cluster.Master, cluster.Replica}
	for i, role := range roles {
		other := roles[1-i]
		changed, untouched := r.Lives(role), r.Lives(other)
		r.Upgrade(cluster.Merge(r.Values, values{role: values{"configuration": "slowlog-log-slower-than 12345"}}))
		for name, life := range r.Lives(role) {
			require.NotEqual(t, changed[name].UID, life.UID, "%s has new configuration", name)
			address, err := r.Address(name, "valkey")
			require.NoError(t, err)
			reply, err := r.Try(address, "CONFIG", "GET", "slowlog-log-slower-than")
			require.NoError(t, err)
			require.Equal(t, "12345", reply.Array[1].Str, name)
		}
		require.Equal(t, untouched, r.Lives(other), "the other StatefulSet")
		requireKeys(t, r, "precious", 500)
	}
}

func passwordChanged(t *testing.T, r *cluster.Release) {
	old := r.Password()
	before := r.Lives(cluster.Master)
	r.Upgrade(cluster.Merge(r.Values, values{"auth": values{"password": `a "new" pass\word, with: blanks`}}))
	require.NotEqual(t, old, r.Password())
	require.NotEqual(t, before, r.Lives(cluster.Master), "a changed Secret rolls the pods")
	requireKeys(t, r, "precious", 500)
	_, err := r.TryWithPassword("node1", r.Endpoint(cluster.Master), old, "PING")
	require.True(t, resp.IsCode(err, "WRONGPASS"), "the old password: %v", err)
	require.Contains(t, r.Test(), "Succeeded")
}

func upgradeKeepsData(t *testing.T, r *cluster.Release) {
	before := r.Lives(cluster.Replica)
	annotated := values{"podAnnotations": values{"example.com/revision": "2"}}
	stopped(r, func() { r.Upgrade(cluster.Merge(r.Values, values{"master": annotated, "replica": annotated})) })
	requireKeys(t, r, "precious", 500)
	for name, life := range r.Lives(cluster.Replica) {
		require.NotEqual(t, before[name].UID, life.UID, name)
	}
}

func uninstalled(_ *testing.T, r *cluster.Release) {
	r.Uninstall()
	// Claims hold data, and stay.
	r.WaitLeftovers("PersistentVolumeClaim data-" + r.PodName(cluster.Master, 0))
}

// requireKeys checks that every pod holds all n keys of a Fill.
func requireKeys(t *testing.T, r *cluster.Release, prefix string, n int) {
	t.Helper()
	pods, err := r.Pods("")
	require.NoError(t, err)
	for name := range pods {
		address, err := r.Address(name, "valkey")
		require.NoError(t, err)
		found, err := r.CountFilled(address, prefix, n)
		require.NoError(t, err)
		require.Equal(t, n, found, "keys %s:… on %s", prefix, name)
	}
}
