//go:build e2e || bench

package cluster

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/helm-valkey/helm-valkey/tests/library"
)

// Fault is something that happens to a release with Sentinels. No single one may lose a
// write that a replica had acknowledged.
type Fault struct {
	Name string
	// Slow ones replace all pods.
	Slow bool
	// whom it befalls: pods.
	whom func(r *Release, dice *rand.Rand) []string
	// befall has it happen, and returns when it is over.
	befall func(r *Release, dice *rand.Rand, names []string)
}

// Faults are all of them.
func Faults() []Fault {
	gracefully := func(r *Release, _ *rand.Rand, names []string) { r.remove(names, Gracefully) }
	byForce := func(r *Release, _ *rand.Rand, names []string) { r.remove(names, ByForce) }
	return []Fault{
		{Name: "the master's pod is deleted", whom: leader, befall: gracefully},
		{Name: "the master's pod is deleted by force", whom: leader, befall: byForce},
		{Name: "the master's server is killed", whom: leader, befall: each((*Release).KillServer)},
		{Name: "the master's server hangs", whom: leader, befall: each((*Release).Freeze)},
		{Name: "the master's container is killed", whom: leader, befall: each((*Release).Kill)},
		{Name: "the master's node is cut off", whom: leader, befall: cutForMoments},
		{Name: "a pod is deleted", whom: oneOf(Everybody), befall: gracefully},
		{Name: "a pod is deleted by force", whom: oneOf(Everybody), befall: byForce},
		{Name: "a server is killed", whom: oneOf(Everybody), befall: each((*Release).KillServer)},
		{Name: "a container is killed", whom: oneOf(Everybody), befall: each((*Release).Kill)},
		{Name: "a pod's node is cut off", whom: oneOf(Everybody), befall: cutForMoments},
		{Name: "a Sentinel is killed", whom: oneOf(Sentinel), befall: each((*Release).KillServer)},
		{Name: "all Sentinels are killed", whom: all(Sentinel), befall: each((*Release).Kill)},
		{Name: "all Sentinels' pods are deleted", whom: all(Sentinel), befall: gracefully},
		{Name: "all Sentinels' pods are deleted by force", whom: all(Sentinel), befall: byForce},
		{Name: "all StatefulSets are restarted", Slow: true, whom: nobody, befall: func(r *Release, _ *rand.Rand, _ []string) { r.Restart() }},
		{Name: "an upgrade changes all pods", Slow: true, whom: nobody, befall: func(r *Release, dice *rand.Rand, _ []string) {
			annotated := map[string]any{"podAnnotations": map[string]any{"example.com/changed": fmt.Sprint(dice.Uint64())}}
			r.Upgrade(Merge(r.Values, map[string]any{Master: annotated, Replica: annotated, Sentinel: annotated}))
		}},
	}
}

func nobody(*Release, *rand.Rand) []string { return nil }

func leader(r *Release, _ *rand.Rand) []string { return []string{r.Leader()} }

// all are the pods of a role that run.
func all(role string) func(r *Release, _ *rand.Rand) []string {
	return func(r *Release, _ *rand.Rand) (names []string) {
		r.TB.Helper()
		Eventually(r.TB, "a running pod of "+role, func() error {
			pods, err := r.Pods(role)
			if err != nil {
				return err
			}
			maps.DeleteFunc(pods, func(_ string, pod corev1.Pod) bool {
				_, err := serverOf(pod.UID)
				return err != nil || pod.DeletionTimestamp != nil
			})
			if names = slices.Sorted(maps.Keys(pods)); len(names) == 0 {
				return errors.New("there is none")
			}
			return nil
		})
		return names
	}
}

func oneOf(role string) func(r *Release, dice *rand.Rand) []string {
	return func(r *Release, dice *rand.Rand) []string {
		r.TB.Helper()
		names := all(role)(r, dice)
		return []string{names[dice.IntN(len(names))]}
	}
}

func each(befall func(r *Release, name string)) func(*Release, *rand.Rand, []string) {
	return func(r *Release, _ *rand.Rand, names []string) {
		r.TB.Helper()
		for _, name := range names {
			befall(r, name)
		}
	}
}

// remove deletes pods and waits until they have gone. While one is there, it acknowledges
// writes: to lose another one then would be to lose both at once.
func (r *Release) remove(names []string, force Force) {
	r.TB.Helper()
	gone := make([]func() error, 0, len(names))
	for _, name := range names {
		old := r.Delete(name, force)
		gone = append(gone, func() error {
			pod, err := r.Pod(name)
			switch {
			case apierrors.IsNotFound(err):
				return nil
			case err == nil && pod.UID == old:
				return errors.New(name + " is still there")
			}
			return err
		})
	}
	for i, name := range names {
		Eventually(r.TB, name+" to be gone", gone[i])
	}
}

const maxCut = 10 * time.Second

// cutForMoments takes a pod's node off the network, and all others on it with it.
func cutForMoments(r *Release, dice *rand.Rand, names []string) {
	r.TB.Helper()
	pod, err := r.Pod(names[0])
	require.NoError(r.TB, err)
	length := time.Duration(dice.Int64N(int64(maxCut)))
	r.TB.Logf("%s is cut off for %s", pod.Spec.NodeName, length.Round(time.Millisecond))
	plug(r.TB, "cut", pod.Spec.NodeName)
	time.Sleep(length)
	Heal(r.TB, pod.Spec.NodeName)
}

// enough is how many writes of each load a replica acknowledges between two faults: it is
// in sync then.
const enough = 20

// Course is how many faults there are, and in which order, as flags of the tests say.
type Course struct {
	count *int
	seed  *uint64
}

// NewCourse defines those flags.
func NewCourse(count int) Course {
	return Course{
		count: flag.Int("faults", count, "how many faults in a row there are"),
		seed:  flag.Uint64("faults.seed", 0, "seed of their order; 0: another each time"),
	}
}

// Count is how many faults there are.
func (c Course) Count() int { return *c.count }

// dice decide the order. How to have the same again is in the test's log.
func (c Course) dice(r *Release) *rand.Rand {
	seed := *c.seed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	r.TB.Logf("-faults %d -faults.seed %d", *c.count, seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// Endured is what some writers wrote meanwhile, through the write Service or a library.
type Endured struct {
	Through string
	Kept
}

// WriteEndpoint is what those write through that use no library.
const WriteEndpoint = "write endpoint"

// Endure has faults happen to a release with Sentinels, each kind as often as any other, as
// the course says. Writers on all nodes go on meanwhile, through the write
// Service and through client libraries, and ask of each write whether a replica has it. A
// fault happens when all of them got on since the one before. In the end nothing is lost
// that a replica had acknowledged, there is one master, and all Sentinels name it.
func (r *Release) Endure(course Course, faults []Fault) []Endured {
	r.TB.Helper()
	dice := course.dice(r)
	for _, node := range Nodes(r.TB) {
		r.TB.Cleanup(func() { Heal(r.TB, node) })
	}
	loads := r.startEverywhere()
	faults = slices.Clone(faults)
	for i := range course.Count() {
		if i%len(faults) == 0 {
			dice.Shuffle(len(faults), func(a, b int) { faults[a], faults[b] = faults[b], faults[a] })
		}
		f := faults[i%len(faults)]
		for _, load := range loads {
			load.WaitReplicated(enough)
		}
		r.Leader()
		names := f.whom(r, dice)
		r.TB.Logf("%s: %d, %s: %s", time.Now().UTC().Format("15:04:05.000"), i+1, f.Name, strings.Join(names, ", "))
		f.befall(r, dice, names)
	}
	for _, load := range loads {
		load.WaitReplicated(enough)
	}
	for _, load := range loads {
		load.Stop()
	}
	endured := make([]Endured, 0, len(loads))
	for i, load := range loads {
		through := WriteEndpoint
		if beyond := len(loads) - len(library.All); i >= beyond {
			through = library.All[i-beyond].Name
		}
		r.TB.Logf("%s:", through)
		endured = append(endured, Endured{through, r.RequireKept(load.Stop())})
	}
	sentinels, err := r.StatefulSet(Sentinel)
	require.NoError(r.TB, err)
	r.WaitWatched(int(*sentinels.Spec.Replicas))
	return endured
}

// startEverywhere starts writers on every node, which write through the write Service, and
// on one through each library. They are few: the machine has other things to do.
func (r *Release) startEverywhere() []*Load {
	r.TB.Helper()
	var loads []*Load
	for _, node := range Nodes(r.TB) {
		options := r.Confirmed(node)
		options.Writers = 2
		loads = append(loads, r.StartLoad(options))
	}
	for _, l := range library.All {
		options := r.Through(l, r.Endpoint(Sentinel), r.Confirmed(client))
		options.Writers = 1
		loads = append(loads, r.StartLoad(options))
	}
	return loads
}
