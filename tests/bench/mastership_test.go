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
	// writesAround is how many writes are acknowledged before something happens, and
	// again after it.
	writesAround = 500
	clientNode   = "node1"
)

type values = map[string]any

// losses count what became of acknowledged writes in several runs.
type losses struct{ acknowledged, replicated, lost, lostReplicated int }

func (l *losses) add(r *cluster.Release, ledger *writer.Ledger) {
	finding, summary := r.Verify(ledger)[0], ledger.Summary()
	require.Zero(r.TB, finding.Wrong)
	l.acknowledged += summary.Acknowledged
	l.replicated += summary.Replicated
	l.lost += finding.Lost
	l.lostReplicated += finding.LostReplicated
}

const (
	// Around the moment in which the write endpoint first shows another master, clients
	// wait because of the handover. What else they wait for has to do with pods that
	// start on the same cores.
	beforeMove = 300 * time.Millisecond
	afterMove  = 300 * time.Millisecond
)

// TestHandover measures what clients notice of planned stops: the longest time in which
// none of four writers got an answer, and commands that failed.
func TestHandover(t *testing.T) {
	cluster.StepBack(t)
	r := cluster.New(t, "handover", cluster.Helm3, cluster.Newest(t, "valkey"))
	r.Install(values{"master": values{"failback": "never"}})
	upgrades := 0
	stops := []struct {
		name string
		runs int
		do   func()
	}{
		{"rolling restart of everything", 4, r.Restart},
		{"helm upgrade", 4, func() {
			upgrades++
			annotated := values{"podAnnotations": values{"example.com/revision": upgrades}}
			r.Upgrade(cluster.Merge(r.Values, values{"master": annotated, "replica": annotated}))
		}},
		{"drain of the master's node", 8, func() { r.Drain(r.Leader()) }},
	}
	const topic = "planned stop"
	quiet := r.StartLoad(r.Clients(clientNode))
	time.Sleep(30 * time.Second)
	record(Figure{Topic: topic, What: "for comparison: longest gap in 30 s without a stop", Value: ms(quiet.Stop().Summary().LongestGap), Unit: "ms", Runs: 1})
	var handovers, stopped []time.Duration
	var kept losses
	failed, reconnected := 0, 0
	for _, stop := range stops {
		var gaps []time.Duration
		for range stop.runs {
			load := r.StartLoad(r.Clients(clientNode))
			moves := r.WatchMoves(load)
			load.WaitWrites(writesAround)
			begin := load.Elapsed()
			stop.do()
			load.WaitWrites(writesAround)
			ledger := load.Stop()
			moved := moves.Stop()
			r.WaitReady()
			kept.add(r, ledger)
			for _, at := range moved {
				gaps = append(gaps, cluster.GapAround(ledger, at-beforeMove, at+afterMove))
			}
			_, longest := cluster.Gap(ledger, begin)
			stopped = append(stopped, longest)
			failed += load.Failures()
			reconnected += ledger.Closed
			t.Logf("%s: handovers at %v, gaps so far %v, longest gap at all %s, %d reconnected, errors %v",
				stop.name, moved, gaps, longest.Round(time.Millisecond), ledger.Closed, ledger.Said)
		}
		require.NotEmpty(t, gaps)
		handovers = append(handovers, gaps...)
		spread(topic, "longest gap of a handover, "+stop.name, "", time.Millisecond, gaps)
	}
	slices.Sort(handovers)
	record(
		Figure{Topic: topic, What: "longest gap of a handover, p50", Value: ms(median(handovers)), Unit: "ms", Runs: len(handovers)},
		Figure{Topic: topic, What: "longest gap of a handover, p99", Value: ms(handovers[len(handovers)*99/100]), Unit: "ms", Goal: "<= 50", Runs: len(handovers)},
		Figure{Topic: topic, What: "longest gap of a handover, worst", Value: ms(handovers[len(handovers)-1]), Unit: "ms", Runs: len(handovers)},
	)
	runs := len(stopped)
	spread(topic, "longest gap at all, pods that start on the same cores included", "", time.Millisecond, stopped)
	record(
		Figure{Topic: topic, What: "acknowledged", Value: float64(kept.acknowledged), Unit: "writes", Runs: runs},
		Figure{Topic: topic, What: "lost", Value: float64(kept.lost), Unit: "writes", Goal: "0", Runs: runs},
		Figure{Topic: topic, What: "failed", Value: float64(failed), Unit: "commands", Goal: "0", Runs: runs},
		Figure{Topic: topic, What: "connections that ended between two commands", Value: float64(reconnected), Unit: "", Runs: runs},
	)
}

// fault is what happens to a hive's master.
type fault struct {
	name, goal string
	runs       int
	do         func(r *cluster.Release, leader string)
}

func faults() []fault {
	return []fault{
		{"server killed -9", "<= 0.2", 7, (*cluster.Release).KillServer},
		{"pod force-deleted", "<= 3", 5, func(r *cluster.Release, leader string) {
			r.WaitReplaced(leader, r.Delete(leader, cluster.ByForce))
		}},
		{"server hangs", "<= 6", 3, (*cluster.Release).Freeze},
	}
}

// TestHive measures how long a hive is without a master, and what becomes of the
// writes.
func TestHive(t *testing.T) {
	r := hive(t, "hive", nil)
	for _, f := range faults() {
		gaps, kept := suffer(r, f, r.Confirmed)
		topic := "hive, " + f.name
		spread(topic, "longest gap without an acknowledged write", f.goal, time.Second, gaps)
		record(
			Figure{Topic: topic, What: "acknowledged", Value: float64(kept.acknowledged), Unit: "writes", Runs: f.runs},
			Figure{Topic: topic, What: "lost", Value: float64(kept.lost), Unit: "writes", Runs: f.runs},
			Figure{Topic: topic, What: "lost that a replica had acknowledged", Value: float64(kept.lostReplicated), Unit: "writes", Goal: "0", Runs: f.runs},
		)
	}
	cutOff(r, "hive safe, master's node cut off 30 s", r.Confirmed)
}

// TestDurability measures what is lost where a write is answered only when a replica
// has it: what it costs is in TestProxyDurability.
func TestDurability(t *testing.T) {
	r := hive(t, "durable", values{"durability": "replicated"})
	for _, f := range faults() {
		gaps, kept := suffer(r, f, r.Clients)
		topic := "durability replicated, " + f.name
		spread(topic, "longest gap without an acknowledged write", "", time.Second, gaps)
		record(
			Figure{Topic: topic, What: "acknowledged", Value: float64(kept.acknowledged), Unit: "writes", Runs: f.runs},
			Figure{Topic: topic, What: "lost", Value: float64(kept.lost), Unit: "writes", Goal: "0", Runs: f.runs},
		)
	}
	cutOff(r, "durability replicated, master's node cut off 30 s", func(node string) writer.Options {
		options := r.Confirmed(node)
		options.Wait = 0
		return options
	})
}

func hive(t *testing.T, name string, above values) *cluster.Release {
	t.Helper()
	cluster.StepBack(t)
	r := cluster.New(t, name, cluster.Helm3, cluster.Newest(t, "valkey"))
	r.Install(cluster.Merge(values{"hive": values{"enabled": true}, "master": values{"failback": "never"}}, above))
	return r
}

// suffer has a fault happen as often as it says, under load from a node.
func suffer(r *cluster.Release, f fault, clients func(node string) writer.Options) (gaps []time.Duration, kept losses) {
	r.TB.Helper()
	for range f.runs {
		leader := r.Leader()
		load := r.StartLoad(clients(clientNode))
		load.WaitWrites(writesAround)
		begin := load.Elapsed()
		f.do(r, leader)
		load.WaitWrites(writesAround)
		ledger := load.Stop()
		r.WaitReady()
		kept.add(r, ledger)
		_, gap := cluster.Gap(ledger, begin)
		gaps = append(gaps, gap)
		r.TB.Logf("%s: gap %s, errors %v", f.name, gap.Round(time.Millisecond), ledger.Said)
		// Another container: one whose server died a moment ago waits before it starts
		// it again.
		r.WaitReplaced(leader, r.Delete(leader, cluster.Gracefully))
		r.WaitReady()
	}
	return gaps, kept
}

// cutOff takes the master's node off the network for 30 s, with writers on both sides:
// on another node, through the Service, and on the node itself, at its pod.
func cutOff(r *cluster.Release, topic string, clients func(node string) writer.Options) {
	r.TB.Helper()
	leader := r.Leader()
	pod, err := r.Pod(leader)
	require.NoError(r.TB, err)
	node := pod.Spec.NodeName
	majority := r.StartLoad(clients(another(r, node)))
	isolated := r.StartLoad(r.At(leader, clients(node)))
	majority.WaitWrites(writesAround)
	isolated.WaitWrites(writesAround)

	majorityBegin, isolatedBegin := majority.Elapsed(), isolated.Elapsed()
	cluster.Cut(r.TB, node)
	time.Sleep(30 * time.Second)
	isolatedEnd := isolated.Elapsed()
	cluster.Heal(r.TB, node)
	majority.WaitWrites(writesAround)
	isolated.WaitWrites(writesAround)
	ledgers := map[string]*writer.Ledger{"majority": majority.Stop(), "isolated": isolated.Stop()}
	r.WaitReady()

	start, gap := cluster.Gap(ledgers["majority"], majorityBegin)
	last := cluster.Last(ledgers["isolated"], isolatedBegin, isolatedEnd)
	record(
		Figure{Topic: topic, What: "majority: longest gap without an acknowledged write", Value: gap.Seconds(), Unit: "s", Goal: "<= 6", Runs: 1},
		Figure{Topic: topic, What: "isolated: last write acknowledged, after the cut", Value: last.Seconds(), Unit: "s", Goal: "<= 3.2", Runs: 1},
		Figure{Topic: topic, What: "two masters that take writes, for", Value: max(last-start-gap, 0).Seconds(), Unit: "s", Goal: "0", Runs: 1},
	)
	for _, side := range []string{"majority", "isolated"} {
		var kept losses
		kept.add(r, ledgers[side])
		lost := Figure{Topic: topic, What: side + ": lost", Value: float64(kept.lost), Unit: "writes", Runs: 1}
		record(Figure{Topic: topic, What: side + ": acknowledged", Value: float64(kept.acknowledged), Unit: "writes", Runs: 1})
		if kept.replicated == 0 {
			// Nobody asked: the answer itself says that a replica has it.
			lost.Goal = "0"
			record(lost)
			continue
		}
		record(lost, Figure{Topic: topic, What: side + ": lost that a replica had acknowledged", Value: float64(kept.lostReplicated), Unit: "writes", Goal: "0", Runs: 1})
	}
}

func another(r *cluster.Release, node string) string {
	r.TB.Helper()
	for _, name := range cluster.Nodes(r.TB) {
		if name != node {
			return name
		}
	}
	require.FailNow(r.TB, "a single node")
	return ""
}

// TestEntrypointIdle measures what the entrypoint costs while nothing happens but
// probes and the pods' own questions.
func TestEntrypointIdle(t *testing.T) {
	plain := cluster.New(t, "plain", cluster.Helm3, cluster.Newest(t, "valkey"))
	plain.Install(nil)
	kinds := []struct {
		name string
		r    *cluster.Release
	}{{"replication", plain}, {"hive", hive(t, "hive", nil)}}
	const idle = time.Minute
	type process struct {
		what   string
		pid    int
		before time.Duration
	}
	var processes []process
	for _, kind := range kinds {
		leader := kind.r.Leader()
		for role, pod := range map[string]string{"master": leader, "replica": kind.r.Followers(leader)[0]} {
			pid := kind.r.EntrypointPID(pod)
			processes = append(processes, process{kind.name + ", " + role, pid, processorTime(t, pid)})
		}
	}
	slices.SortFunc(processes, func(a, b process) int { return slices.Compare([]string{a.what}, []string{b.what}) })
	time.Sleep(idle)
	for _, p := range processes {
		share := 100 * (processorTime(t, p.pid) - p.before).Seconds() / idle.Seconds()
		record(
			Figure{Topic: entrypoint, What: "processor time, idle, " + p.what, Value: share, Unit: "% of a core", Goal: "<= 0.5", Runs: 1},
			Figure{Topic: entrypoint, What: "resident, idle, on the cluster, " + p.what, Value: resident(t, p.pid, "VmRSS"), Unit: "MiB", Goal: "<= 10", Runs: 1},
			Figure{Topic: entrypoint, What: "of it not from the binary, on the cluster, " + p.what, Value: resident(t, p.pid, "RssAnon"), Unit: "MiB", Runs: 1},
		)
	}
}
