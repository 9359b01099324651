//go:build e2e || bench

package cluster

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"

	"github.com/gruntwork-io/terratest/modules/k8s"
	"github.com/gruntwork-io/terratest/modules/logger"
	"github.com/gruntwork-io/terratest/modules/shell"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
	"github.com/helm-valkey/helm-valkey/tests/writer"
)

// Names and password of what people had before, with the keys that Bitnami's chart uses.
const (
	OutsideService  = "old-redis-master"
	OutsideSecret   = "old-redis"
	OutsideKey      = "redis-password"
	outsidePassword = "old pass"
	outsidePort     = 6379
)

const outside = `
apiVersion: v1
kind: Secret
metadata:
  name: %[1]s
stringData:
  %[2]s: %[3]q
---
apiVersion: v1
kind: Service
metadata:
  name: %[4]s
spec:
  selector: {app: %[4]s}
  ports: [{port: %[5]d}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: %[4]s
spec:
  serviceName: %[4]s
  selector: {matchLabels: {app: %[4]s}}
  template:
    metadata: {labels: {app: %[4]s}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: redis
          image: docker.io/%[6]s:%[7]s
          imagePullPolicy: Never
          command: [%[8]s-server, --appendonly, "yes", --protected-mode, "no", --requirepass, %[3]q]
          workingDir: /data
          readinessProbe: {tcpSocket: {port: %[5]d}, periodSeconds: 1}
          volumeMounts: [{name: data, mountPath: /data}]
      volumes: [{name: data, emptyDir: {}}]
`

// Outside starts a server that is none of the chart's, beside the release.
func (r *Release) Outside(engine Engine) {
	r.TB.Helper()
	objects := fmt.Sprintf(outside, OutsideSecret, OutsideKey, outsidePassword, OutsideService, outsidePort, repository(engine), engine.Version, engine.Kind)
	k8s.KubectlApplyFromString(r.TB, r.kubectl, objects)
	Eventually(r.TB, "the server outside", func() error {
		_, err := r.TryOutside("PING")
		return err
	})
}

// TryOutside sends one command to the server outside.
func (r *Release) TryOutside(args ...string) (string, error) {
	r.TB.Helper()
	value, err := tryWith(client, r.outsideAddress(), outsidePassword, args...)
	return value.Str, err
}

func (r *Release) outsideAddress() string {
	r.TB.Helper()
	ctx, cancel := request()
	defer cancel()
	service, err := Client(r.TB).CoreV1().Services(r.Namespace).Get(ctx, OutsideService, metav1.GetOptions{})
	require.NoError(r.TB, err)
	return net.JoinHostPort(service.Spec.ClusterIP, strconv.Itoa(outsidePort))
}

// OutsideClients are writers to the server outside.
func (r *Release) OutsideClients(node string) writer.Options {
	r.TB.Helper()
	options := writer.Defaults(r.outsideAddress())
	options.Dialer, options.Password, options.Timeout, options.Wait = writersOn(node), outsidePassword, commandTimeout, 0
	return options
}

// WaitFollowing waits until all pods are ready, and have what the server outside has.
func (r *Release) WaitFollowing() {
	r.TB.Helper()
	Eventually(r.TB, "a release that follows the server outside", func() error {
		pods, err := r.Pods(Everybody)
		if err != nil {
			return err
		}
		if len(pods) < 2 {
			return fmt.Errorf("%d pods are there", len(pods))
		}
		for name, pod := range pods {
			if err := ready(&pod); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	})
	r.WaitState(r.PodName(Master, 0), release.Following)
}

// Promote runs the plugin's command, with kubectl as a user has it, and returns what it says.
func (r *Release) Promote(args ...string) (string, error) {
	r.TB.Helper()
	return shell.RunCommandAndGetOutputE(r.TB, shell.Command{
		Command: helmPath(r.TB, r.Helm),
		Args:    append([]string{"valkey", "promote", r.Name, "--kubeconfig", kubeconfig, "--namespace", r.Namespace}, args...),
		Env: map[string]string{
			"HELM_PLUGINS": pluginDirs(r.TB, r.Helm),
			"PATH":         filepath.Join(release.Cache(), "bin") + string(os.PathListSeparator) + os.Getenv("PATH"),
		},
		Logger: logger.Discard,
	})
}
