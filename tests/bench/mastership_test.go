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

func (l *losses) sum(other losses) {
	l.acknowledged += other.acknowledged
	l.replicated += other.replicated
	l.lost += other.lost
	l.lostReplicated += other.lostReplicated
}

// way is one by which clients reach the master, from a node.
type way struct {
	name    string
	clients func(node string) writer.Options
}

// start starts a load in each way, and waits until all of them have written.
func start(r *cluster.Release, node string, ways []way) []*cluster.Load {
	r.TB.Helper()
	var loads []*cluster.Load
	for _, w := range ways {
		loads = append(loads, r.StartLoad(w.clients(node)))
	}
	for _, load := range loads {
		load.WaitWrites(writesAround)
	}
	return loads
}

func elapsed(loads []*cluster.Load) []time.Duration {
	var all []time.Duration
	for _, load := range loads {
		all = append(all, load.Elapsed())
	}
	return all
}

// fault is what happens to a master.
type fault struct {
	name, goal string
	runs       int
	do         func(r *cluster.Release, leader string)
}

func faults() []fault {
	return []fault{
		{"server killed -9", "<= 0.2", 7, (*cluster.Release).KillServer},
		{"pod force-deleted", "<= 3", 5, deletedByForce},
		{"server hangs", "<= 6", 3, (*cluster.Release).Freeze},
	}
}

func deletedByForce(r *cluster.Release, leader string) {
	r.TB.Helper()
	r.WaitReplaced(leader, r.Delete(leader, cluster.ByForce))
}

// TestHive measures how long a hive is without a master, and what becomes of the
// writes.
func TestHive(t *testing.T) {
	r := hive(t, "hive", nil)
	for _, f := range faults() {
		suffer(r, f, way{cluster.WriteEndpoint, r.Confirmed})[0].record("hive, "+f.name, f.goal)
	}
	cutOff(r, "hive safe, master's node cut off 30 s", "<= 6", r.Confirmed)
}

// TestDurability measures what is lost where a write is answered only when a replica
// has it: what it costs is in TestProxyDurability.
func TestDurability(t *testing.T) {
	r := hive(t, "durable", values{"durability": "replicated"})
	for _, f := range faults() {
		suffer(r, f, way{cluster.WriteEndpoint, r.Clients})[0].record("durability replicated, "+f.name, "")
	}
	cutOff(r, "durability replicated, master's node cut off 30 s", "<= 6", func(node string) writer.Options {
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

// outcome is that of a fault, to the clients of one way.
type outcome struct {
	gaps []time.Duration
	kept losses
}

func (o *outcome) record(topic, goal string) {
	runs := len(o.gaps)
	spread(topic, "longest gap without an acknowledged write", goal, time.Second, o.gaps)
	record(Figure{Topic: topic, What: "acknowledged", Value: float64(o.kept.acknowledged), Unit: "writes", Runs: runs})
	o.kept.record(topic, "", runs)
}

// record tells lost writes by what clients were told.
func (l *losses) record(topic, side string, runs int) {
	lost := Figure{Topic: topic, What: side + "lost", Value: float64(l.lost), Unit: "writes", Runs: runs}
	if l.replicated == 0 {
		// Nobody asked: the answer itself says that a replica has it.
		lost.Goal = "0"
		record(lost)
		return
	}
	record(lost, Figure{Topic: topic, What: side + "lost that a replica had acknowledged", Value: float64(l.lostReplicated), Unit: "writes", Goal: "0", Runs: runs})
}

// suffer has a fault happen as often as it says, under load from a node in several ways
// at once.
func suffer(r *cluster.Release, f fault, ways ...way) []outcome {
	r.TB.Helper()
	outcomes := make([]outcome, len(ways))
	for range f.runs {
		leader := r.Leader()
		loads := start(r, clientNode, ways)
		begins := elapsed(loads)
		f.do(r, leader)
		for _, load := range loads {
			load.WaitWrites(writesAround)
		}
		for _, load := range loads {
			load.Stop()
		}
		r.WaitReady()
		for i, load := range loads {
			ledger := load.Stop()
			outcomes[i].kept.add(r, ledger)
			_, gap := cluster.Gap(ledger, begins[i])
			outcomes[i].gaps = append(outcomes[i].gaps, gap)
			r.TB.Logf("%s, %s: gap %s, errors %v", f.name, ways[i].name, gap.Round(time.Millisecond), ledger.Said)
		}
		// Another container: one whose server died a moment ago waits before it starts
		// it again.
		r.WaitReplaced(leader, r.Delete(leader, cluster.Gracefully))
		r.WaitReady()
	}
	return outcomes
}

// cutOff takes the master's node off the network for 30 s, with writers on both sides:
// on another node, through the Service, and on the node itself, at its pod. More of them
// can be on either side.
func cutOff(r *cluster.Release, topic, goal string, clients func(node string) writer.Options, more ...side) {
	r.TB.Helper()
	leader := r.Leader()
	pod, err := r.Pod(leader)
	require.NoError(r.TB, err)
	node := pod.Spec.NodeName
	sides := append([]side{
		{way: way{"majority", clients}},
		{way: way{"isolated", func(node string) writer.Options { return r.At(leader, clients(node)) }}, isolated: true},
	}, more...)
	for i := range sides {
		s := &sides[i]
		from := node
		if !s.isolated {
			from = another(r, node)
		}
		s.load = r.StartLoad(s.clients(from))
	}
	for _, s := range sides {
		s.load.WaitWrites(writesAround)
	}

	for i := range sides {
		sides[i].begin = sides[i].load.Elapsed()
	}
	cluster.Cut(r.TB, node)
	time.Sleep(30 * time.Second)
	for i := range sides {
		sides[i].end = sides[i].load.Elapsed()
	}
	cluster.Heal(r.TB, node)
	for _, s := range sides {
		s.load.WaitWrites(writesAround)
	}
	for _, s := range sides {
		s.load.Stop()
	}
	r.WaitReady()

	// Of the clients of each side the first on one and the last on the other count.
	resumed, last := time.Hour, time.Duration(0)
	for _, s := range sides {
		ledger := s.load.Stop()
		if s.isolated {
			until := cluster.Last(ledger, s.begin, s.end)
			record(Figure{Topic: topic, What: s.name + ": last write acknowledged, after the cut", Value: until.Seconds(), Unit: "s", Goal: "<= 3.2", Runs: 1})
			last = max(last, until)
			continue
		}
		began, gap := cluster.Gap(ledger, s.begin)
		record(Figure{Topic: topic, What: s.name + ": longest gap without an acknowledged write", Value: gap.Seconds(), Unit: "s", Goal: goal, Runs: 1})
		resumed = min(resumed, began+gap)
	}
	record(Figure{Topic: topic, What: "two masters that take writes, for", Value: max(last-resumed, 0).Seconds(), Unit: "s", Goal: "0", Runs: 1})
	for _, s := range sides {
		var kept losses
		kept.add(r, s.load.Stop())
		record(Figure{Topic: topic, What: s.name + ": acknowledged", Value: float64(kept.acknowledged), Unit: "writes", Runs: 1})
		kept.record(topic, s.name+": ", 1)
		r.TB.Logf("%s: errors %v", s.name, s.load.Said())
	}
}

// side is that of some writers in a cut, which was from begin to end as they count.
type side struct {
	way
	isolated   bool
	load       *cluster.Load
	begin, end time.Duration
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
