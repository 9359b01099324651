//go:build bench

package bench

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

const (
	proxyTopic = "proxy"
	proxyHost  = "127.77.4.1"

	directPort  = "7000"
	haproxyPort = "7001"
	oursPort    = "7002"

	// Others work on the same machine, and more so in one round than in another:
	// ratios are made within a round, and the median of them counts.
	proxyRounds = 5
)

const haproxyConfiguration = `global
  nbthread 2
  maxconn 4000
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
frontend f
  bind %s:%s
  default_backend b
backend b
  server s %s:%s
`

// TestProxyBesideHAProxy measures the write endpoint beside HAProxy and beside the
// server itself.
func TestProxyBesideHAProxy(t *testing.T) {
	haproxy, err := exec.LookPath("haproxy")
	require.NoError(t, err, "go -C ci run ./deps bench installs it")
	proxyServer(t)
	configuration := filepath.Join(t.TempDir(), "haproxy.cfg")
	text := fmt.Sprintf(haproxyConfiguration, proxyHost, haproxyPort, proxyHost, directPort)
	require.NoError(t, os.WriteFile(configuration, []byte(text), 0o600))
	background(t, haproxy, "-f", configuration, "-db")
	ours(t)
	reach(t, haproxyPort)
	for _, pipeline := range []int{1, 16} {
		measured := map[string][]run{}
		for range proxyRounds {
			for _, port := range []string{directPort, haproxyPort, oursPort} {
				for test, r := range load(t, port, pipeline) {
					measured[test+port] = append(measured[test+port], r)
				}
			}
		}
		for _, test := range []string{"SET", "GET"} {
			compare(fmt.Sprintf("%s, 50 clients, pipeline %d", test, pipeline),
				measured[test+directPort], measured[test+haproxyPort], measured[test+oursPort])
		}
	}
}

// run is one run of the load generator: commands a second, and milliseconds.
type run struct{ rate, p99 float64 }

func compare(what string, direct, haproxy, ours []run) {
	rate := func(r run) float64 { return r.rate }
	p99 := func(r run) float64 { return r.p99 }
	for _, side := range []struct {
		name string
		runs []run
	}{{"direct", direct}, {"HAProxy", haproxy}, {"ours", ours}} {
		record(
			Figure{Topic: proxyTopic, What: what + ": " + side.name, Value: middle(side.runs, rate), Unit: "1/s", Runs: proxyRounds},
			Figure{Topic: proxyTopic, What: what + ", p99: " + side.name, Value: middle(side.runs, p99), Unit: "ms", Runs: proxyRounds},
		)
	}
	record(
		Figure{Topic: proxyTopic, What: what + ": ours / HAProxy", Value: ratio(ours, haproxy, rate), Unit: "x", Goal: ">= 1", Runs: proxyRounds},
		Figure{Topic: proxyTopic, What: what + ", p99: ours / HAProxy", Value: ratio(ours, haproxy, p99), Unit: "x", Goal: "<= 1", Runs: proxyRounds},
		Figure{Topic: proxyTopic, What: what + ": ours / direct", Value: ratio(ours, direct, rate), Unit: "x", Runs: proxyRounds},
	)
}

func middle(runs []run, of func(run) float64) float64 {
	values := make([]float64, 0, len(runs))
	for _, r := range runs {
		values = append(values, of(r))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// ratio is the median of the rounds' ratios.
func ratio(a, b []run, of func(run) float64) float64 {
	ratios := make([]run, 0, len(a))
	for i := range a {
		ratios = append(ratios, run{rate: of(a[i]) / of(b[i])})
	}
	return middle(ratios, func(r run) float64 { return r.rate })
}

func load(t *testing.T, port string, pipeline int) map[string]run {
	t.Helper()
	generator := filepath.Join(filepath.Dir(release.DefaultEngine(t).Server()), "benchmark")
	count := 60_000
	if pipeline > 1 {
		count = 400_000
	}
	output, err := exec.Command(generator, "-h", proxyHost, "-p", port, "-c", "50", "-P", strconv.Itoa(pipeline),
		"-n", strconv.Itoa(count), "-t", "set,get", "-d", "16", "-r", "100000", "--csv").Output()
	require.NoError(t, err)
	rows, err := csv.NewReader(bytes.NewReader(output)).ReadAll()
	require.NoError(t, err)
	runs := map[string]run{}
	for _, row := range rows[1:] {
		rate, err := strconv.ParseFloat(row[1], 64)
		require.NoError(t, err)
		p99, err := strconv.ParseFloat(row[6], 64)
		require.NoError(t, err)
		runs[row[0]] = run{rate, p99}
	}
	require.Len(t, runs, 2)
	return runs
}

// TestProxyIdle measures what connections cost that do nothing.
func TestProxyIdle(t *testing.T) {
	const connections = 10_000
	proxyServer(t)
	pid := ours(t)
	before := resident(t, pid, "VmRSS")
	address := net.JoinHostPort(proxyHost, oursPort)
	for range connections {
		conn, err := net.Dial("tcp", address)
		require.NoError(t, err)
		defer conn.Close()
		_, err = conn.Write(resp.Append(nil, "PING"))
		require.NoError(t, err)
		answer := make([]byte, 7)
		_, err = conn.Read(answer)
		require.NoError(t, err)
	}
	after := resident(t, pid, "VmRSS")
	used := processorTime(t, pid)
	const idle = 5 * time.Second
	time.Sleep(idle)
	share := 100 * (processorTime(t, pid) - used).Seconds() / idle.Seconds()
	record(
		Figure{Topic: proxyTopic, What: "resident, no client", Value: before, Unit: "MiB", Runs: 1},
		Figure{Topic: proxyTopic, What: "memory of an idle connection, of 10,000", Value: (after - before) * (1 << 20) / connections, Unit: "bytes", Runs: 1},
		Figure{Topic: proxyTopic, What: "processor time with 10,000 idle connections", Value: share, Unit: "% of a core", Goal: "0", Runs: 1},
	)
}

// TestProxyBigValue measures the memory that a value of 256 MB takes on its way.
func TestProxyBigValue(t *testing.T) {
	const size = 256_000_000
	proxyServer(t)
	pid := ours(t)
	before := resident(t, pid, "VmRSS")
	conn, err := resp.Dial(context.Background(), resp.Options{Addr: net.JoinHostPort(proxyHost, oursPort), Timeout: time.Minute})
	require.NoError(t, err)
	defer conn.Close()
	begin := time.Now()
	_, err = conn.Do(context.Background(), "SET", "big", strings.Repeat("x", size))
	require.NoError(t, err)
	took := time.Since(begin)
	record(
		Figure{Topic: proxyTopic, What: "a value of 256 MB: memory for it", Value: resident(t, pid, "VmRSS") - before, Unit: "MiB", Runs: 1},
		Figure{Topic: proxyTopic, What: "a value of 256 MB: rate", Value: size / 1e6 / took.Seconds(), Unit: "MB/s", Runs: 1},
	)
}

// TestProxyDurability measures what it costs to wait for a replica.
func TestProxyDurability(t *testing.T) {
	proxyServer(t)
	engine := release.DefaultEngine(t)
	const replicaHost = "127.77.4.2"
	background(t, engine.Server(), "--port", directPort, "--bind", replicaHost, "--save", "", "--dir", t.TempDir(),
		"--replicaof", proxyHost, directPort, "--repl-diskless-sync-delay", "0")
	release.Eventually(t, release.Patience, "the replica is in sync", func() error {
		conn, err := resp.Dial(context.Background(), resp.Options{Addr: net.JoinHostPort(proxyHost, directPort)})
		if err != nil {
			return err
		}
		defer conn.Close()
		reply, err := conn.Do(context.Background(), "INFO", "replication")
		if err == nil && !strings.Contains(reply.Str, "state=online") {
			err = fmt.Errorf("not online")
		}
		return err
	})
	ours(t)
	const replicatedPort = "7003"
	background(t, binary(t), "-listen", net.JoinHostPort(proxyHost, replicatedPort),
		"-target", net.JoinHostPort(proxyHost, directPort), "-replicas", "1")
	reach(t, replicatedPort)
	for _, clients := range []int{1, 50, 500} {
		async, replicated := sets(t, oursPort, clients), sets(t, replicatedPort, clients)
		what := fmt.Sprintf("SET, %d clients", clients)
		record(
			Figure{Topic: proxyTopic, What: what + ": async", Value: async.rate, Unit: "1/s", Runs: 1},
			Figure{Topic: proxyTopic, What: what + ": replicated", Value: replicated.rate, Unit: "1/s", Runs: 1},
			Figure{Topic: proxyTopic, What: what + ": replicated / async", Value: replicated.rate / async.rate, Unit: "x", Runs: 1},
			Figure{Topic: proxyTopic, What: what + ", p99: replicated", Value: replicated.p99, Unit: "ms", Runs: 1},
		)
	}
}

func sets(t *testing.T, port string, clients int) run {
	t.Helper()
	generator := filepath.Join(filepath.Dir(release.DefaultEngine(t).Server()), "benchmark")
	count := min(4000*clients, 60_000)
	output, err := exec.Command(generator, "-h", proxyHost, "-p", port, "-c", strconv.Itoa(clients),
		"-n", strconv.Itoa(count), "-t", "set", "-d", "16", "-r", "100000", "--csv").Output()
	require.NoError(t, err)
	rows, err := csv.NewReader(bytes.NewReader(output)).ReadAll()
	require.NoError(t, err)
	rate, err := strconv.ParseFloat(rows[1][1], 64)
	require.NoError(t, err)
	p99, err := strconv.ParseFloat(rows[1][6], 64)
	require.NoError(t, err)
	return run{rate, p99}
}

func proxyServer(t *testing.T) {
	t.Helper()
	background(t, release.DefaultEngine(t).Server(), "--port", directPort, "--bind", proxyHost, "--save", "", "--dir", t.TempDir())
	reach(t, directPort)
}

func binary(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "proxy")
	require.NoError(t, release.Build(path, "github.com/helm-valkey/helm-valkey/tests/bench/proxy"))
	return path
}

// ours starts the write endpoint and returns its process id.
func ours(t *testing.T) int {
	t.Helper()
	pid := background(t, binary(t), "-listen", net.JoinHostPort(proxyHost, oursPort), "-target", net.JoinHostPort(proxyHost, directPort))
	reach(t, oursPort)
	return pid
}

// background runs a command until the test ends.
func background(t *testing.T, name string, args ...string) int {
	t.Helper()
	command := exec.Command(name, args...)
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
	})
	return command.Process.Pid
}

func reach(t *testing.T, port string) {
	t.Helper()
	release.Eventually(t, release.Patience, "answer at port "+port, func() error {
		conn, err := resp.Dial(context.Background(), resp.Options{Addr: net.JoinHostPort(proxyHost, port)})
		if err != nil {
			return err
		}
		defer conn.Close()
		_, err = conn.Do(context.Background(), "PING")
		return err
	})
}

// processorTime is what a process has used.
func processorTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	require.NoError(t, err)
	fields := strings.Fields(string(content[bytes.LastIndexByte(content, ')')+1:]))
	const ticksPerSecond = 100
	var ticks int
	for _, field := range fields[11:13] {
		n, err := strconv.Atoi(field)
		require.NoError(t, err)
		ticks += n
	}
	return time.Duration(ticks) * time.Second / ticksPerSecond
}
