//go:build bench

package bench

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/e2e/cluster"
	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// others are objects of other charts, with %[1]d for a number.
const others = `---
# Source: shop/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop-%[1]d
  namespace: shop
  labels: {app.kubernetes.io/name: shop, app.kubernetes.io/instance: shop-%[1]d, helm.sh/chart: shop-1.2.3}
spec:
  replicas: 2
  selector: {matchLabels: {app.kubernetes.io/instance: shop-%[1]d}}
  template:
    metadata: {labels: {app.kubernetes.io/name: shop, app.kubernetes.io/instance: shop-%[1]d}}
    spec:
      containers:
        - name: shop # the shop itself
          image: "registry.example.org/shop:1.2.3"
          env:
            - {name: CACHE, value: "redis://demo-valkey-master:6379"}
            - {name: NUMBER, value: "%[1]d"}
          ports: [{name: http, containerPort: 8080}]
          readinessProbe: {httpGet: {path: /ready, port: http}}
          resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {memory: 128Mi}}
---
# Source: shop/templates/service.yaml
apiVersion: v1
kind: Service
metadata:
  name: shop-%[1]d
  namespace: shop
  labels: {app.kubernetes.io/name: shop, app.kubernetes.io/instance: shop-%[1]d, helm.sh/chart: shop-1.2.3}
spec:
  selector: {app.kubernetes.io/instance: shop-%[1]d}
  ports:
    - {name: http, port: 80, targetPort: http}
---
# Source: shop/templates/configmap.yaml
apiVersion: v1
kind: ConfigMap
metadata:
  name: shop-%[1]d
  namespace: shop
  labels: {app.kubernetes.io/name: shop, app.kubernetes.io/instance: shop-%[1]d, helm.sh/chart: shop-1.2.3}
data:
  shop.conf: |
    # a configuration
    listen = 8080
    path = C:\shop
    text = "a \"quoted\" text"
`

// stream writes a stream of that many objects: a release of the chart and others'
// objects, or releases of the chart only.
func stream(t *testing.T, count int, oursOnly bool) string {
	t.Helper()
	ours, err := os.ReadFile(filepath.Join(cluster.Root(t), "plugin", "postrender", "testdata", "release.yaml"))
	require.NoError(t, err)
	file, err := os.Create(filepath.Join(t.TempDir(), "stream.yaml"))
	require.NoError(t, err)
	defer file.Close()
	out := bufio.NewWriter(file)
	for objects, number := 0, 0; objects < count; number++ {
		text := fmt.Sprintf(others, number)
		if number == 0 || oursOnly {
			text = strings.ReplaceAll(string(ours), "instance: demo", fmt.Sprintf("instance: demo-%d", number))
		}
		_, err := out.WriteString(text)
		require.NoError(t, err)
		objects += strings.Count(text, "\nkind: ")
	}
	require.NoError(t, out.Flush())
	return file.Name()
}

// through sends a stream through a program, and returns how long that took and how
// much memory it had at most, in MiB.
func through(t *testing.T, name string, command *exec.Cmd) (time.Duration, float64) {
	t.Helper()
	in, err := os.Open(name)
	require.NoError(t, err)
	defer in.Close()
	command.Stdin = in
	var problems strings.Builder
	command.Stderr = &problems
	start := time.Now()
	err = command.Run()
	took := time.Since(start)
	require.NoError(t, err, problems.String())
	return took, float64(command.ProcessState.SysUsage().(*syscall.Rusage).Maxrss) / 1024
}

// TestPostRender compares post-render with a program that only reads all
// documents, and what it takes for streams of several lengths.
func TestPostRender(t *testing.T) {
	const runs = 9
	yamlcat := filepath.Join(t.TempDir(), "yamlcat")
	require.NoError(t, release.Build(yamlcat, "github.com/helm-valkey/helm-valkey/tests/bench/yamlcat"))
	changes := changingFlags(t)
	plugin := func(args ...string) func() *exec.Cmd {
		return func() *exec.Cmd { return cluster.PluginCommand(t, append([]string{"post-render"}, args...)...) }
	}
	for _, oursOnly := range []bool{false, true} {
		topic := "post-render of 10,000 objects"
		if oursOnly {
			topic += ", all of this chart"
		}
		name := stream(t, 10_000, oursOnly)
		took := inTurns(t, runs, name, func() *exec.Cmd { return exec.Command(yamlcat) }, plugin(), plugin(changes...))
		record(
			Figure{Topic: topic, What: "a program that parses and copies them, median", Value: ms(took[0]), Unit: "ms", Runs: runs},
			Figure{Topic: topic, What: "post-render, median", Value: ms(took[1]), Unit: "ms", Runs: runs},
			Figure{Topic: topic, What: "post-render / that program", Value: float64(took[1]) / float64(took[0]), Goal: "<= 1.5", Runs: runs},
			Figure{Topic: topic, What: "with a patch and digests / that program", Value: float64(took[2]) / float64(took[0]), Runs: runs},
		)
	}
	memory := map[int]float64{}
	for _, count := range []int{10_000, 100_000} {
		_, memory[count] = through(t, stream(t, count, false), plugin()())
		record(Figure{Topic: "post-render, peak memory", What: fmt.Sprintf("%d objects", count), Value: memory[count], Unit: "MiB", Runs: 1})
	}
	record(Figure{Topic: "post-render, peak memory", What: "100,000 objects / 10,000", Value: memory[100_000] / memory[10_000], Goal: "about 1", Runs: 1})
}

// inTurns sends a stream through several programs, taking turns, and returns the
// median of each.
func inTurns(t *testing.T, runs int, name string, programs ...func() *exec.Cmd) []time.Duration {
	t.Helper()
	samples := make([][]time.Duration, len(programs))
	for range runs {
		for i, program := range programs {
			took, _ := through(t, name, program())
			samples[i] = append(samples[i], took)
		}
	}
	medians := make([]time.Duration, len(programs))
	for i := range samples {
		slices.Sort(samples[i])
		medians[i] = median(samples[i])
	}
	return medians
}

// changingFlags are those for a patch of all ConfigMaps and for a lock file of all
// images.
func changingFlags(t *testing.T) []string {
	t.Helper()
	folder := t.TempDir()
	patch := "target: {kind: ConfigMap}\npatch: |\n  metadata: {annotations: {owner: {{ .Release.Name }}}}\n"
	require.NoError(t, os.WriteFile(filepath.Join(folder, "owner.yaml"), []byte(patch), 0o600))
	lock := filepath.Join(folder, "images.lock")
	require.NoError(t, os.WriteFile(lock, []byte("registry.example.org/shop:1.2.3: sha256:"+strings.Repeat("1", 64)+"\n"), 0o600))
	return []string{"--patches", folder, "--set-image-digests", lock}
}
