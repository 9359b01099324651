//go:build e2e || bench

package cluster

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// describe logs what there is to know about a release whose test has failed.
func (r *Release) describe() {
	pods, err := r.Pods(Everybody)
	if err != nil {
		r.TB.Logf("pods: %v", err)
		return
	}
	names := make([]string, 0, len(pods))
	for name := range pods {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		r.describePod(pods[name])
	}
	r.describeEvents()
}

func (r *Release) describePod(pod corev1.Pod) {
	r.TB.Logf("pod %s on %s, %s, phase %s", pod.Name, pod.Spec.NodeName, pod.Status.PodIP, pod.Status.Phase)
	for _, container := range pod.Status.ContainerStatuses {
		r.TB.Logf("container %s, ready %t, restarted %d times, state %+v", container.Name, container.Ready, container.RestartCount, container.State)
	}
	if _, body, err := r.Get(pod.Name, "/status"); err != nil {
		r.TB.Logf("%s: /status: %v", pod.Name, err)
	} else {
		r.TB.Logf("%s: %s", pod.Name, body)
	}
	for _, previous := range []bool{true, false} {
		if log, err := r.log(pod.Name, previous); err == nil {
			r.TB.Logf("%s: log, previous container %t:\n%s", pod.Name, previous, log)
		} else if !previous {
			r.TB.Logf("%s: log: %v", pod.Name, err)
		}
	}
}

func (r *Release) log(podName string, previous bool) (string, error) {
	ctx, cancel := request()
	defer cancel()
	lines := int64(150)
	content, err := Client(r.TB).CoreV1().Pods(r.Namespace).GetLogs(podName, &corev1.PodLogOptions{
		Container: "valkey",
		TailLines: &lines,
		Previous:  previous,
	}).DoRaw(ctx)
	return string(content), err
}

func (r *Release) describeEvents() {
	ctx, cancel := request()
	defer cancel()
	events, err := Client(r.TB).CoreV1().Events(r.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		r.TB.Logf("events: %v", err)
		return
	}
	var lines strings.Builder
	for _, event := range events.Items {
		lines.WriteString(event.LastTimestamp.Format("15:04:05") + " " + event.InvolvedObject.Kind + "/" + event.InvolvedObject.Name +
			" " + event.Reason + ": " + event.Message + "\n")
	}
	r.TB.Logf("events:\n%s", lines.String())
}
