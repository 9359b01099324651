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
	t.Parallel()
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
	t.Parallel()
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

	life(t, r, []part{
		{"the master's server is killed", serverKilled},
		{"the master's pod is deleted by force, without any volume", func(t *testing.T, r *cluster.Release) {
			r.Fill("key", 100, 100)
			r.WaitReady()
			leader := r.Leader()
			r.WaitReplaced(leader, r.Delete(leader, cluster.ByForce))
			r.WaitReady()
			requireKeys(t, r, "key", 100)
		}},
		{"both StatefulSets are restarted at once, with a single replica and nothing on disk", func(t *testing.T, r *cluster.Release) {
			stopped(r, r.Restart)
			requireKeys(t, r, "key", 100)
		}},
		{"upgraded", func(t *testing.T, r *cluster.Release) {
			before := r.Lives(cluster.Replica)
			r.Upgrade(cluster.Merge(configured, values{"replica": values{"configuration": "slowlog-log-slower-than 12345"}}))
			require.NotEqual(t, before, r.Lives(cluster.Replica))
			requireKeys(t, r, "key", 100)
		}},
		{"uninstalled", func(_ *testing.T, r *cluster.Release) {
			r.Uninstall()
			r.WaitLeftovers()
		}},
	})
}

// From a Service that leads to the master's pod to one that leads to all pods, and back.
func TestRouting(t *testing.T) {
	t.Parallel()
	r := cluster.New(t, "route", cluster.Helm3, cluster.Newest(t, "valkey"))
	to := func(routing string) values {
		return values{"master": values{"service": values{"routing": routing}, "failbackAfter": "5s"}}
	}
	r.Install(to("direct"))
	r.Fill("key", 100, 100)
	var parts []part
	for _, routing := range []string{"proxy", "direct"} {
		parts = append(parts, part{"upgraded to " + routing, func(t *testing.T, r *cluster.Release) {
			load := r.StartLoad(r.Confirmed("node1"))
			load.WaitReplicated(enoughWrites)
			r.Upgrade(to(routing))
			load.WaitReplicated(enoughWrites)
			r.RequireAllKept(load.Stop())
			requireKeys(t, r, "key", 100)
		}})
	}
	life(t, r, parts)
	r.WaitHome()
}
