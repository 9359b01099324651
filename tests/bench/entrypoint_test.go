//go:build bench

package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

const entrypoint = "entrypoint"

func TestEntrypointSize(t *testing.T) {
	info, err := os.Stat(release.Entrypoint(t))
	require.NoError(t, err)
	record(Figure{Topic: entrypoint, What: "binary, static and stripped", Value: float64(info.Size()) / 1e6, Unit: "MB", Goal: "<= 7", Runs: 1})
}

// TestEntrypointResident measures what the entrypoint takes beside an idle server,
// while it is asked as kubelet and Prometheus ask it.
func TestEntrypointResident(t *testing.T) {
	r := release.Run(t, release.Options{Replicas: 2, Password: "secret"})
	const rounds = 100
	for range rounds {
		for _, p := range r.Pods() {
			for _, path := range []string{"/ready", "/live", "/metrics"} {
				_, _, err := p.Get(path)
				require.NoError(t, err)
			}
		}
	}
	for _, p := range r.Pods()[:2] {
		topic := "beside a " + p.Role
		record(
			Figure{Topic: entrypoint, What: "resident, idle, " + topic, Value: resident(t, p.EntrypointPID(), "VmRSS"), Unit: "MiB", Goal: "<= 10", Runs: 1},
			Figure{Topic: entrypoint, What: "of it not from the binary, " + topic, Value: resident(t, p.EntrypointPID(), "RssAnon"), Unit: "MiB", Runs: 1},
		)
	}
}

// resident is a line of /proc/PID/status in MiB.
func resident(t *testing.T, pid int, name string) float64 {
	t.Helper()
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	for line := range strings.Lines(string(content)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			kib, err := strconv.Atoi(strings.Fields(value)[0])
			require.NoError(t, err)
			return float64(kib) / 1024
		}
	}
	require.FailNow(t, "no "+name, "process %d", pid)
	return 0
}

// TestEntrypointStart measures from just before the entrypoint is executed until
// the server is. It includes the fork, and the start of the Go program that takes
// the time: an upper bound.
func TestEntrypointStart(t *testing.T) {
	const runs = 21
	cases := []struct {
		name    string
		options release.Options
		pod     func(r *release.Release) *release.Pod
	}{
		{"standalone", release.Options{Standalone: true}, func(r *release.Release) *release.Pod { return r.Master }},
		{"master whose two replicas are empty", release.Options{Replicas: 2}, func(r *release.Release) *release.Pod { return r.Master }},
		{"replica", release.Options{Replicas: 2}, func(r *release.Release) *release.Pod { return r.Replicas[0] }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			stamp := stampServer(t)
			c.options.Env = map[string]string{"SERVER": stamp}
			r := release.Run(t, c.options)
			pod := c.pod(r)
			var samples []time.Duration
			for range runs {
				require.Zero(t, pod.Terminate())
				before := len(times(t, stamp))
				start := time.Now()
				pod.Start()
				release.Eventually(t, release.Patience, "the server's start", func() error {
					if len(times(t, stamp)) == before {
						return fmt.Errorf("still %d starts", before)
					}
					return nil
				})
				samples = append(samples, times(t, stamp)[before].Sub(start))
				r.WaitInSync()
			}
			spread(entrypoint, "from its exec to the server's, "+c.name, "<= 20", time.Millisecond, samples)
		})
	}
}

// stampServer puts a program before the default engine's server that takes the
// time, and returns its path.
func stampServer(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "server")
	require.NoError(t, release.Build(path, "github.com/helm-valkey/helm-valkey/tests/bench/stamp"))
	require.NoError(t, os.WriteFile(path+".real", []byte(release.DefaultEngine(t).Server()), 0o600))
	return path
}

func times(t *testing.T, stamp string) []time.Time {
	t.Helper()
	content, err := os.ReadFile(stamp + ".times")
	if os.IsNotExist(err) {
		return nil
	}
	require.NoError(t, err)
	var all []time.Time
	for line := range strings.Lines(string(content)) {
		ns, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
		require.NoError(t, err)
		all = append(all, time.Unix(0, ns))
	}
	slices.SortFunc(all, time.Time.Compare)
	return all
}
