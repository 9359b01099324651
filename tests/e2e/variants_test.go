//go:build e2e

package e2e

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/e2e/cluster"
)

// A master alone, with everything that tends to be forgotten: a release name that
// YAML takes for a boolean, no authentication, no port as usual.
func TestStandalone(t *testing.T) {
	r := cluster.New(t, "off", cluster.Helm3, cluster.Newest(t, "valkey"))
	configured := values{
		"architecture":    "standalone",
		"auth":            values{"enabled": false},
		"persistenceMode": "rdb",
		"containerPorts":  values{"valkey": 7001, "http": 7002, "control": 7003},
		"master":          values{"service": values{"ports": values{"valkey": 7000}}},
	}
	r.Install(configured)
	_, port, err := net.SplitHostPort(r.Endpoint(cluster.Master))
	require.NoError(t, err)
	require.Equal(t, "7000", port)
	pods, err := r.Pods("")
	require.NoError(t, err)
	require.Len(t, pods, 1)

	r.Fill("key", 100, 100)
	require.Contains(t, r.Test(), "Succeeded")
	name := r.PodName(cluster.Master, 0)
	old := r.Delete(name, cluster.Gracefully)
	r.WaitReplaced(name, old)
	requireKeys(t, r, "key", 100)

	before := r.Lives(cluster.Master)
	r.Upgrade(cluster.Merge(configured, values{"commonConfiguration": "slowlog-log-slower-than 12345"}))
	require.NotEqual(t, before, r.Lives(cluster.Master))
	requireKeys(t, r, "key", 100)
}

// The other engine, the other Helm, other ports, snapshots instead of an
// append-only file, and no volume anywhere.
func TestRedisWithHelm4(t *testing.T) {
	r := cluster.New(t, "cache", cluster.Helm4, cluster.Newest(t, "redis"))
	configured := values{
		"persistenceMode": "none",
		"containerPorts":  values{"valkey": 7001, "http": 7002, "control": 7003},
		"master": values{
			"service":     values{"ports": values{"valkey": 7000}},
			"persistence": values{"enabled": false},
		},
		"replica": values{
			"replicaCount": 1,
			"service":      values{"ports": values{"valkey": 7100}},
		},
	}
	r.Install(configured)
	require.Contains(t, r.Test(), "Succeeded")

	t.Run("master's server killed under load", func(t *testing.T) {
		load := r.StartLoad("node1")
		load.WaitWrites(enoughWrites)
		r.KillServer(r.PodName(cluster.Master, 0))
		load.WaitWrites(enoughWrites)
		load.RequireKept()
	})

	t.Run("master's pod deleted by force, without any volume", func(t *testing.T) {
		r.Fill("key", 100, 100)
		r.WaitReady()
		name := r.PodName(cluster.Master, 0)
		old := r.Delete(name, cluster.ByForce)
		r.WaitReplaced(name, old)
		r.WaitReady()
		requireKeys(t, r, "key", 100)
	})

	t.Run("upgraded", func(t *testing.T) {
		before := r.Lives(cluster.Replica)
		r.Upgrade(cluster.Merge(configured, values{"replica": values{"configuration": "slowlog-log-slower-than 12345"}}))
		require.NotEqual(t, before, r.Lives(cluster.Replica))
		requireKeys(t, r, "key", 100)
	})

	t.Run("uninstalled", func(*testing.T) {
		r.Uninstall()
		r.WaitLeftovers()
	})
}
