//go:build e2e || bench

package cluster

import (
	"context"
	"fmt"
	"strconv"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
	"github.com/helm-valkey/helm-valkey/entrypoint/sentinel"
)

// WaitWatched waits until there are so many Sentinels, which all watch the pod that is
// master, and know each other and nobody else.
func (r *Release) WaitWatched(n int) {
	r.TB.Helper()
	Eventually(r.TB, fmt.Sprintf("%d Sentinels that know each other", n), func() error {
		leader, err := r.settled()
		if err != nil {
			return err
		}
		master, err := r.Pod(leader)
		if err != nil {
			return err
		}
		pods, err := r.Pods(Sentinel)
		if err != nil {
			return err
		}
		if len(pods) != n {
			return fmt.Errorf("there are %d Sentinels", len(pods))
		}
		for name := range pods {
			fields, err := r.watches(name)
			if err != nil {
				return err
			}
			want := map[string]string{
				"ip": r.announced(master), "flags": "master",
				"num-other-sentinels": strconv.Itoa(n - 1), "quorum": strconv.Itoa(n/2 + 1),
			}
			for field, value := range want {
				if fields[field] != value {
					return fmt.Errorf("%s: %s is %q, not %q", name, field, fields[field], value)
				}
			}
		}
		return nil
	})
}

// announced is where the values have Sentinels say that a pod is.
func (r *Release) announced(p *corev1.Pod) string {
	if names, _ := r.Values["sentinel"].(map[string]any)["announceHostnames"].(bool); !names {
		return p.Status.PodIP
	}
	return fmt.Sprintf("%s.%s.%s.svc.cluster.local", p.Name, p.Spec.Subdomain, p.Namespace)
}

// watches is what a Sentinel says of its master.
func (r *Release) watches(podName string) (map[string]string, error) {
	address, err := r.Address(podName, "sentinel")
	require.NoError(r.TB, err)
	var value resp.Value
	err = onNode(client, func() error {
		conn, err := resp.Dial(context.Background(), resp.Options{Addr: address, Password: r.Password(), Timeout: commandTimeout})
		if err != nil {
			return err
		}
		defer conn.Close()
		value, err = conn.Do(context.Background(), "SENTINEL", "MASTER", "mymaster")
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", podName, err)
	}
	return sentinel.Fields(value), nil
}
