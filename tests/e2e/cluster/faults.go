//go:build e2e || bench

package cluster

import (
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Restart is kubectl rollout restart of all StatefulSets at once. It returns when all
// pods have been replaced and are in sync.
func (r *Release) Restart() {
	r.TB.Helper()
	patch := fmt.Appendf(nil, `{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":%q}}}}}`,
		time.Now().Format(time.RFC3339Nano))
	for _, role := range sets {
		if set, err := r.StatefulSet(role); err == nil && set == nil {
			continue
		}
		ctx, cancel := request()
		_, err := Client(r.TB).AppsV1().StatefulSets(r.Namespace).Patch(ctx, r.Fullname()+"-"+role, types.StrategicMergePatchType, patch, metav1.PatchOptions{})
		cancel()
		require.NoError(r.TB, err, "restart the pods of %s", role)
	}
	r.WaitReady()
}

// draining lets one release at a time have a node drained: on the nodes that are left
// there must be room for it.
var draining sync.Mutex

// Drain is kubectl drain of a pod's node, as far as this release is concerned: the node
// is cordoned, and the release's pods on it are evicted. It returns when they are ready
// elsewhere, and lets pods on the node again.
func (r *Release) Drain(podName string) {
	r.TB.Helper()
	draining.Lock()
	defer draining.Unlock()
	pod, err := r.Pod(podName)
	require.NoError(r.TB, err)
	node := pod.Spec.NodeName
	r.cordon(node, `{"spec":{"unschedulable":true}}`)
	defer r.cordon(node, `{"spec":{"unschedulable":null}}`)
	pods, err := r.Pods(Everybody)
	require.NoError(r.TB, err)
	for _, name := range slices.Sorted(maps.Keys(pods)) {
		if pod := pods[name]; pod.Spec.NodeName == node {
			r.evict(pod)
			r.WaitReplaced(name, pod.UID)
		}
	}
	r.WaitReady()
}

func (r *Release) cordon(node, patch string) {
	r.TB.Helper()
	ctx, cancel := request()
	defer cancel()
	_, err := Client(r.TB).CoreV1().Nodes().Patch(ctx, node, types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
	require.NoError(r.TB, err, "cordon %s", node)
}

// evict asks until the disruption budget allows it, as kubectl drain does.
func (r *Release) evict(pod corev1.Pod) {
	r.TB.Helper()
	Eventually(r.TB, "eviction of "+pod.Name, func() error {
		ctx, cancel := request()
		defer cancel()
		err := Client(r.TB).PolicyV1().Evictions(r.Namespace).Evict(ctx, &policyv1.Eviction{
			ObjectMeta:    metav1.ObjectMeta{Name: pod.Name, Namespace: r.Namespace},
			DeleteOptions: &metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(pod.UID))},
		})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return err
	})
}

// DeleteAll deletes all pods of the release at once, and waits until others are ready
// in their place.
func (r *Release) DeleteAll(force Force) {
	r.TB.Helper()
	before, err := r.Pods("")
	require.NoError(r.TB, err)
	for name := range before {
		r.Delete(name, force)
	}
	for name, pod := range before {
		r.WaitReplaced(name, pod.UID)
	}
	r.WaitReady()
}

// WaitState waits until a pod says that it is in one of these states.
func (r *Release) WaitState(podName string, states ...string) {
	r.TB.Helper()
	address, err := r.Address(podName, "http")
	require.NoError(r.TB, err)
	quickly(r.TB, fmt.Sprintf("%s in one of the states %q", podName, states), func() error {
		status, err := statusAt(address)
		if err != nil {
			return err
		}
		for _, state := range states {
			if status.State == state {
				return nil
			}
		}
		return errors.New("state " + status.State)
	})
}

// Cut takes a node off the network; what runs on it goes on. The end of the test puts
// it back if Heal does not.
func Cut(tb testing.TB, node string) {
	tb.Helper()
	tb.Cleanup(func() { Heal(tb, node) })
	plug(tb, "cut", node)
}

// Heal puts a node back on the network.
func Heal(tb testing.TB, node string) {
	tb.Helper()
	plug(tb, "heal", node)
}

// plug does not go through go run, which takes longer than what is measured here.
func plug(tb testing.TB, what, node string) {
	tb.Helper()
	output, err := exec.Command(filepath.Join(state, "bin", "cluster"), what, node).CombinedOutput()
	require.NoError(tb, err, "%s %s: %s", what, node, output)
}
