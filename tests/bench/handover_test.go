//go:build bench

package bench

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/e2e/cluster"
	"github.com/helm-valkey/helm-valkey/tests/writer"
)

const (
	// Around the moment in which the write endpoint first shows another master, clients
	// wait because of the handover. What else they wait for has to do with pods that
	// start on the same cores.
	beforeMove = 300 * time.Millisecond
	afterMove  = 300 * time.Millisecond
)

// stop is a planned one.
type stop struct {
	name string
	runs int
	do   func()
}

// stops replace all pods of some StatefulSets, or those on the master's node.
func stops(r *cluster.Release, runs, drains int, roles ...string) []stop {
	upgrades := 0
	return []stop{
		{"rolling restart of everything", runs, r.Restart},
		{"helm upgrade", runs, func() {
			upgrades++
			changed := values{}
			for _, role := range roles {
				changed[role] = values{"podAnnotations": values{"example.com/revision": upgrades}}
			}
			r.Upgrade(cluster.Merge(r.Values, changed))
		}},
		{"drain of the master's node", drains, func() { r.Drain(r.Leader()) }},
	}
}

// notice is what clients noticed of planned stops.
type notice struct {
	handovers []time.Duration // the longest gap of each
	gaps      []time.Duration // the longest of each stop, whatever it was that they waited for
	alone     []time.Duration // the longest of any single client in each stop
	kept      losses
	failed    int // commands
	ended     int // connections, between two commands
}

func (n *notice) add(other notice) {
	n.handovers = append(n.handovers, other.handovers...)
	n.gaps = append(n.gaps, other.gaps...)
	n.alone = append(n.alone, other.alone...)
	n.kept.sum(other.kept)
	n.failed += other.failed
	n.ended += other.ended
}

// interrupt stops pods as often as a stop says, under load in several ways at once.
func interrupt(r *cluster.Release, s stop, ways ...way) []notice {
	r.TB.Helper()
	notices := make([]notice, len(ways))
	for range s.runs {
		loads := start(r, clientNode, ways)
		moves := r.WatchMoves(loads[0])
		begins := elapsed(loads)
		s.do()
		for _, load := range loads {
			load.WaitWrites(writesAround)
		}
		moved := moves.Stop()
		for _, load := range loads {
			load.Stop()
		}
		r.WaitReady()
		for i, load := range loads {
			n, ledger := &notices[i], load.Stop()
			n.kept.add(r, ledger)
			for _, at := range moved {
				// All loads began at almost the same time; not quite.
				at += begins[i] - begins[0]
				n.handovers = append(n.handovers, cluster.GapAround(ledger, at-beforeMove, at+afterMove))
			}
			_, longest := cluster.Gap(ledger, begins[i])
			n.gaps = append(n.gaps, longest)
			n.alone = append(n.alone, gapAlone(ledger, begins[i]))
			n.failed += load.Failures()
			n.ended += ledger.Closed
			r.TB.Logf("%s, %s: handovers at %v, gaps so far %v, longest gap at all %s, %d reconnected, errors %v",
				s.name, ways[i].name, moved, n.handovers, longest.Round(time.Millisecond), ledger.Closed, ledger.Said)
		}
	}
	require.NotEmpty(r.TB, notices[0].handovers)
	return notices
}

// gapAlone is the longest time in which any single client got no answer.
func gapAlone(ledger *writer.Ledger, begin time.Duration) time.Duration {
	var longest time.Duration
	for i := range writer.Writers {
		own := ledger.Of(i)
		if len(own.Writes) == 0 {
			continue
		}
		_, gap := cluster.Gap(own, begin)
		longest = max(longest, gap, own.Elapsed-own.Writes[len(own.Writes)-1].At)
	}
	return longest
}

// TestHandover measures what clients notice of planned stops: the longest time in which
// none of four writers got an answer, and commands that failed.
func TestHandover(t *testing.T) {
	cluster.StepBack(t)
	r := cluster.New(t, "handover", cluster.Helm3, cluster.Newest(t, "valkey"))
	r.Install(values{"master": values{"failback": "never"}})
	const topic = "planned stop"
	quiet := r.StartLoad(r.Clients(clientNode))
	time.Sleep(30 * time.Second)
	record(Figure{Topic: topic, What: "for comparison: longest gap in 30 s without a stop", Value: ms(quiet.Stop().Summary().LongestGap), Unit: "ms", Runs: 1})
	var all notice
	for _, s := range stops(r, 4, 8, cluster.Master, cluster.Replica) {
		n := interrupt(r, s, way{cluster.WriteEndpoint, r.Clients})[0]
		spread(topic, "longest gap of a handover, "+s.name, "", time.Millisecond, n.handovers)
		all.add(n)
	}
	all.record(topic, "<= 50")
}

// record records all but what is told of single stops.
func (n *notice) record(topic, goal string) {
	slices.Sort(n.handovers)
	worst := len(n.handovers) - 1
	record(
		Figure{Topic: topic, What: "longest gap of a handover, p50", Value: ms(median(n.handovers)), Unit: "ms", Runs: len(n.handovers)},
		Figure{Topic: topic, What: "longest gap of a handover, p99", Value: ms(n.handovers[len(n.handovers)*99/100]), Unit: "ms", Goal: goal, Runs: len(n.handovers)},
		Figure{Topic: topic, What: "longest gap of a handover, worst", Value: ms(n.handovers[worst]), Unit: "ms", Runs: len(n.handovers)},
	)
	runs := len(n.gaps)
	spread(topic, "longest gap at all, pods that start on the same cores included", "", time.Millisecond, n.gaps)
	record(
		Figure{Topic: topic, What: "acknowledged", Value: float64(n.kept.acknowledged), Unit: "writes", Runs: runs},
		Figure{Topic: topic, What: "lost", Value: float64(n.kept.lost), Unit: "writes", Goal: "0", Runs: runs},
		Figure{Topic: topic, What: "failed", Value: float64(n.failed), Unit: "commands", Goal: "0", Runs: runs},
		Figure{Topic: topic, What: "connections that ended between two commands", Value: float64(n.ended), Unit: "", Runs: runs},
	)
}
