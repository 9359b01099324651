//go:build bench

package bench

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/e2e/cluster"
	"github.com/helm-valkey/helm-valkey/tests/library"
	"github.com/helm-valkey/helm-valkey/tests/writer"
)

// sentinelWriters are those of one client library: there are several, and clients of the
// write endpoint besides.
const sentinelWriters = 2

// TestSentinel measures what clients notice where Sentinels watch the master: those that
// ask the Sentinels for it, through a client library, and those of the write endpoint, all
// at the same time.
func TestSentinel(t *testing.T) {
	cluster.StepBack(t)
	r := cluster.New(t, "sentinel", cluster.Helm3, cluster.Newest(t, "valkey"))
	r.Install(values{"sentinel": values{"enabled": true}, "master": values{"failback": "never"}})
	sentinelStops(r)
	for _, f := range sentinelFaults() {
		ways := waysWithSentinels(r, r.Confirmed)
		for i, o := range suffer(r, f, ways...) {
			o.record(fmt.Sprintf("Sentinel, %s, %s", f.name, ways[i].name), f.goal)
		}
	}
	sentinelCutOff(r)
}

// waysWithSentinels are the write endpoint, and each library through the Sentinels'
// Service.
func waysWithSentinels(r *cluster.Release, clients func(node string) writer.Options) []way {
	ways := []way{{cluster.WriteEndpoint, clients}}
	for _, l := range library.All {
		ways = append(ways, way{l.Name, func(node string) writer.Options {
			return through(r, l, r.Endpoint(cluster.Sentinel), clients(node))
		}})
	}
	return ways
}

func through(r *cluster.Release, l library.Library, sentinels string, options writer.Options) writer.Options {
	r.TB.Helper()
	options = r.Through(l, sentinels, options)
	options.Writers = sentinelWriters
	return options
}

func sentinelStops(r *cluster.Release) {
	r.TB.Helper()
	ways := waysWithSentinels(r, r.Clients)
	all := make([]notice, len(ways))
	for _, s := range stops(r, 3, 4, cluster.Master, cluster.Replica, cluster.Sentinel) {
		for i, n := range interrupt(r, s, ways...) {
			topic := "Sentinel, planned stop, " + ways[i].name
			spread(topic, "longest gap of a handover, "+s.name, "", time.Millisecond, n.handovers)
			spread(topic, "longest gap at all, "+s.name, "", time.Millisecond, n.gaps)
			all[i].add(n)
		}
	}
	for i, n := range all {
		topic, goal := "Sentinel, planned stop, "+ways[i].name, "<= 1500"
		if ways[i].name == cluster.WriteEndpoint {
			goal = "<= 50"
		}
		n.record(topic, goal)
		spread(topic, "longest gap of any single client", "", time.Millisecond, n.alone)
	}
}

func sentinelFaults() []fault {
	return []fault{
		{"server killed -9 in place", "", 7, (*cluster.Release).KillServer},
		{"container killed -9, restarts in place", "", 3, (*cluster.Release).Kill},
		{"pod force-deleted", "<= 4", 5, deletedByForce},
		{"server hangs", "", 3, (*cluster.Release).Freeze},
	}
}

// sentinelCutOff cuts off the master's node, which has one of the Sentinels on it. A
// client there asks that.
func sentinelCutOff(r *cluster.Release) {
	r.TB.Helper()
	r.Upgrade(cluster.Merge(r.Values, values{"sentinel": values{"podAntiAffinityPreset": "hard"}}))
	var more []side
	for _, l := range library.All {
		more = append(more, side{way: way{"majority, " + l.Name, func(node string) writer.Options {
			return through(r, l, r.Endpoint(cluster.Sentinel), r.Confirmed(node))
		}}}, side{isolated: true, way: way{"isolated, " + l.Name, func(node string) writer.Options {
			address, err := r.Address(sentinelOn(r, node), cluster.Sentinel)
			require.NoError(r.TB, err)
			return through(r, l, address, r.Confirmed(node))
		}}})
	}
	cutOff(r, "Sentinel, master's node with a Sentinel cut off 30 s", "<= 4", r.Confirmed, more...)
}

func sentinelOn(r *cluster.Release, node string) string {
	r.TB.Helper()
	pods, err := r.Pods(cluster.Sentinel)
	require.NoError(r.TB, err)
	for name, pod := range pods {
		if pod.Spec.NodeName == node {
			return name
		}
	}
	require.FailNow(r.TB, "no Sentinel", "on %s", node)
	return ""
}
