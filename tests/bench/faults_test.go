//go:build bench

package bench

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/helm-valkey/helm-valkey/tests/e2e/cluster"
)

var course = cluster.NewCourse(50)

// TestFaults has one fault after another happen to a release with Sentinels. Unlike what
// else is measured here, it fails if a write is lost that a replica had acknowledged, or
// if anybody had to do anything.
func TestFaults(t *testing.T) {
	r := cluster.New(t, "faults", cluster.Helm3, cluster.Newest(t, "valkey"))
	r.Install(values{"sentinel": values{"enabled": true}, "master": values{"failbackAfter": "5s"}})
	const topic = "Sentinel, faults in a row"
	var sum losses
	gaps := map[string][]time.Duration{}
	for _, e := range r.Endure(course, cluster.Faults()) {
		sum.sum(losses{e.Acknowledged, e.Replicated, e.Lost, e.LostReplicated})
		gaps[e.Through] = append(gaps[e.Through], e.LongestGap)
	}
	for _, through := range slices.Sorted(maps.Keys(gaps)) {
		longest := slices.Max(gaps[through])
		record(Figure{Topic: topic, What: "longest gap without an acknowledged write, " + through, Value: longest.Seconds(), Unit: "s", Runs: course.Count()})
	}
	record(
		Figure{Topic: topic, What: "acknowledged", Value: float64(sum.acknowledged), Unit: "writes", Runs: course.Count()},
		Figure{Topic: topic, What: "acknowledged by a replica too", Value: float64(sum.replicated), Unit: "writes", Runs: course.Count()},
	)
	sum.record(topic, "", course.Count())
}
