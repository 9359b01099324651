//go:build e2e || bench

package cluster

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

const (
	pollInterval = 100 * time.Millisecond
	// soon is for what lasts no longer than some milliseconds.
	soon = 2 * time.Millisecond
)

// Eventually waits until try returns nil, and fails with what and the last error
// at the deadline.
func Eventually(tb testing.TB, what string, try func() error) {
	tb.Helper()
	eventually(tb, what, pollInterval, try)
}

// quickly is Eventually for states that pass at once.
func quickly(tb testing.TB, what string, try func() error) {
	tb.Helper()
	eventually(tb, what, soon, try)
}

func eventually(tb testing.TB, what string, interval time.Duration, try func() error) {
	tb.Helper()
	for end := time.Now().Add(Patience); ; time.Sleep(interval) {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			require.FailNow(tb, "waited in vain for "+what, "after %s: %v", Patience, err)
		}
	}
}

// Roles, as in the names of StatefulSets and in the label component.
const (
	Master   = "master"
	Replica  = "replica"
	Sentinel = "sentinel"
)

// sets are the StatefulSets that a release may have, by the role of their pods.
var sets = []string{Master, Replica, Sentinel}

// PodName is the name of a pod.
func (r *Release) PodName(role string, ordinal int) string {
	return r.Fullname() + "-" + role + "-" + strconv.Itoa(ordinal)
}

// Everybody stands for every role, where a role is asked for.
const Everybody = "everybody"

// Pods returns the release's pods of a role by name; "" are those with data.
func (r *Release) Pods(role string) (map[string]corev1.Pod, error) {
	ctx, cancel := request()
	defer cancel()
	selector := "app.kubernetes.io/instance=" + r.Name
	switch role {
	case "":
		selector += ",app.kubernetes.io/component in (master,replica)"
	case Everybody:
		selector += ",app.kubernetes.io/component in (" + strings.Join(sets, ",") + ")"
	default:
		selector += ",app.kubernetes.io/component=" + role
	}
	list, err := Client(r.TB).CoreV1().Pods(r.Namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, err
	}
	pods := map[string]corev1.Pod{}
	for _, pod := range list.Items {
		pods[pod.Name] = pod
	}
	return pods, nil
}

// Pod returns one pod.
func (r *Release) Pod(name string) (*corev1.Pod, error) {
	ctx, cancel := request()
	defer cancel()
	return Client(r.TB).CoreV1().Pods(r.Namespace).Get(ctx, name, metav1.GetOptions{})
}

// Life is what tells a pod that was left alone from one that was not.
type Life struct {
	UID      types.UID
	Restarts int32
}

// Lives returns the life of each pod of a role.
func (r *Release) Lives(role string) map[string]Life {
	r.TB.Helper()
	pods, err := r.Pods(role)
	require.NoError(r.TB, err)
	lives := map[string]Life{}
	for name, pod := range pods {
		lives[name] = life(pod)
	}
	return lives
}

func life(pod corev1.Pod) Life {
	l := Life{UID: pod.UID}
	for _, status := range pod.Status.ContainerStatuses {
		l.Restarts += status.RestartCount
	}
	return l
}

// Delete deletes a pod, by force without any grace.
func (r *Release) Delete(name string, force Force) types.UID {
	r.TB.Helper()
	pod, err := r.Pod(name)
	require.NoError(r.TB, err)
	options := metav1.DeleteOptions{Preconditions: metav1.NewUIDPreconditions(string(pod.UID))}
	if force == ByForce {
		none := int64(0)
		options.GracePeriodSeconds = &none
	}
	ctx, cancel := request()
	defer cancel()
	// By force, the next pod can be there before the API server has answered: it then says
	// that the old one is not there any more.
	if err := Client(r.TB).CoreV1().Pods(r.Namespace).Delete(ctx, name, options); !apierrors.IsConflict(err) {
		require.NoError(r.TB, err, "delete %s", name)
	}
	return pod.UID
}

// Force says how a pod is deleted.
type Force int

// Gracefully gives the pod its termination grace period, ByForce gives it none.
const (
	Gracefully Force = iota
	ByForce
)

// WaitReplaced waits until a pod of that name is ready that is not the old one.
func (r *Release) WaitReplaced(name string, old types.UID) {
	r.TB.Helper()
	Eventually(r.TB, name+" to be replaced", func() error {
		pod, err := r.Pod(name)
		if err != nil {
			return err
		}
		if pod.UID == old {
			return errors.New("the old pod is still there")
		}
		return ready(pod)
	})
}

func ready(pod *corev1.Pod) error {
	if pod.DeletionTimestamp != nil {
		return fmt.Errorf("%s is being deleted", pod.Name)
	}
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue {
			return nil
		}
	}
	return fmt.Errorf("%s is %s and not ready", pod.Name, pod.Status.Phase)
}

// Scale is kubectl scale of the replicas.
func (r *Release) Scale(replicas int32) {
	r.TB.Helper()
	ctx, cancel := request()
	defer cancel()
	name := r.Fullname() + "-" + Replica
	_, err := Client(r.TB).AppsV1().StatefulSets(r.Namespace).UpdateScale(ctx, name, &autoscalingv1.Scale{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: r.Namespace},
		Spec:       autoscalingv1.ScaleSpec{Replicas: replicas},
	}, metav1.UpdateOptions{})
	require.NoError(r.TB, err, "scale %s", name)
	r.WaitReady()
}

// StatefulSet returns that of a role, nil if there is none.
func (r *Release) StatefulSet(role string) (*appsv1.StatefulSet, error) {
	ctx, cancel := request()
	defer cancel()
	set, err := Client(r.TB).AppsV1().StatefulSets(r.Namespace).Get(ctx, r.Fullname()+"-"+role, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	return set, err
}

// rolledOut returns nil if all pods of a StatefulSet are there as it says, and
// ready.
func (r *Release) rolledOut(role string) error {
	set, err := r.StatefulSet(role)
	if err != nil || set == nil {
		return err
	}
	status := set.Status
	if status.ObservedGeneration != set.Generation {
		return fmt.Errorf("%s: generation %d of %d observed", set.Name, status.ObservedGeneration, set.Generation)
	}
	// The current revision lags behind the update until all pods have been replaced.
	want := *set.Spec.Replicas
	if status.Replicas != want || status.ReadyReplicas != want || status.UpdatedReplicas != want {
		return fmt.Errorf("%s: %d pods, %d ready, %d updated of %d", set.Name, status.Replicas, status.ReadyReplicas, status.UpdatedReplicas, want)
	}
	pods, err := r.Pods(role)
	if err != nil {
		return err
	}
	if len(pods) != int(want) {
		return fmt.Errorf("%s: %d pods of %d", set.Name, len(pods), want)
	}
	for _, pod := range pods {
		if err := ready(&pod); err != nil {
			return err
		}
	}
	return nil
}

// waitGone waits until the release's namespace, and every claim and pod in it, is
// gone.
func (r *Release) waitGone() {
	r.TB.Helper()
	Eventually(r.TB, "namespace "+r.Namespace+" to be gone", func() error {
		ctx, cancel := request()
		defer cancel()
		_, err := Client(r.TB).CoreV1().Namespaces().Get(ctx, r.Namespace, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err == nil {
			err = errors.New("it is still there")
		}
		return err
	})
}
