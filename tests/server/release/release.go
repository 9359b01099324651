// Package release runs one release of the chart as real processes on loopback,
// without Kubernetes: a master's pod and its replicas', each the real entrypoint
// with a real server, in its own directories, at its own address 127.x.y.z.
//
// Hosts files stand for the DNS. The package never restarts a container by
// itself: a test sees what the kubelet would see, and decides.
package release

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Options is how a release is set up. The zero value is a master alone on the
// default engine, without persistence and authentication.
type Options struct {
	Engine         Engine
	Standalone     bool // no peers at all, rather than a master that may get replicas
	Replicas       int
	Persistence    string // aof, rdb or none
	ReplicaVolumes bool
	Password       string
	BootstrapWait  time.Duration // default a minute: longer than any test may wait by accident
	Configuration  string        // of the server, for every pod
	Env            map[string]string
	PIDNamespace   bool // the entrypoint is process 1, as in a container
}

const (
	fullname  = "hv"
	namespace = "test"
	domain    = ".svc.cluster.local"
)

// Release is a master's pod, its replicas', and the DNS between them.
type Release struct {
	TB       testing.TB
	Options  Options
	Master   *Pod
	Replicas []*Pod

	dir string

	mu    sync.Mutex
	names map[string][]string // host name to addresses
}

// New lays a release out and registers its end with the test. Nothing runs yet.
func New(tb testing.TB, options Options) *Release {
	tb.Helper()
	if options.Engine.Name == "" {
		options.Engine = DefaultEngine(tb)
	}
	if options.BootstrapWait == 0 {
		options.BootstrapWait = time.Minute
	}
	if options.Persistence == "" {
		options.Persistence = "none"
	}
	// Not TempDir of the test: its path is too long for a Unix socket.
	dir, err := os.MkdirTemp("", "hv-")
	require.NoError(tb, err)
	r := &Release{TB: tb, Options: options, dir: dir, names: map[string][]string{}}
	tb.Cleanup(r.end)
	r.write("password", options.Password+"\n")
	r.Configure(options.Configuration)
	r.Master = r.pod("master", 0, true)
	for ordinal := range options.Replicas {
		r.Replicas = append(r.Replicas, r.pod("replica", ordinal, options.ReplicaVolumes))
	}
	r.WritePeers()
	return r
}

// Run is New, Start and WaitInSync.
func Run(tb testing.TB, options Options) *Release {
	tb.Helper()
	r := New(tb, options)
	r.Start()
	r.WaitInSync()
	return r
}

// Start starts every pod at once.
func (r *Release) Start() {
	r.TB.Helper()
	for _, p := range r.Pods() {
		p.Create()
	}
}

// Pods returns all pods, the master's first.
func (r *Release) Pods() []*Pod {
	return append([]*Pod{r.Master}, r.Replicas...)
}

// AddReplica lays out one more replica's pod, not started, and leaves the file
// of peers as it is.
func (r *Release) AddReplica() *Pod {
	p := r.pod("replica", len(r.Replicas), r.Options.ReplicaVolumes)
	r.Replicas = append(r.Replicas, p)
	return p
}

// WritePeers writes the file of expected pods, as the chart's ConfigMap has it.
func (r *Release) WritePeers() {
	r.TB.Helper()
	var lines strings.Builder
	for _, p := range r.Pods() {
		fmt.Fprintln(&lines, p.Host)
	}
	r.write("peers", lines.String())
}

// Configure replaces the server's configuration, for pods that start later.
func (r *Release) Configure(configuration string) {
	r.TB.Helper()
	r.write("valkey.conf", configuration+"\n")
}

// Publish makes the DNS answer for a pod with these addresses; none: NXDOMAIN.
func (r *Release) Publish(p *Pod, addresses ...string) {
	r.TB.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(addresses) == 0 {
		delete(r.names, p.Host)
	} else {
		r.names[p.Host] = addresses
	}
	for _, viewer := range r.Pods() {
		viewer.writeHosts(r.names)
	}
}

// hosts renders the DNS as one pod sees it, in the form of hosts(5). A headless
// Service has the addresses of its pods.
func hosts(names map[string][]string, hidden map[string]bool) string {
	var lines strings.Builder
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if hidden[name] {
			continue
		}
		_, service, _ := strings.Cut(name, ".")
		for _, address := range names[name] {
			fmt.Fprintf(&lines, "%s\t%s %s\n", address, name, service)
		}
	}
	return lines.String()
}

func (r *Release) pod(component string, ordinal int, volume bool) *Pod {
	name := fmt.Sprintf("%s-%s-%d", fullname, component, ordinal)
	p := &Pod{
		release: r,
		Name:    name,
		Host:    fmt.Sprintf("%s.%s-%s-headless.%s%s", name, fullname, component, namespace, domain),
		Role:    component,
		Volume:  volume,
		Env:     map[string]string{},
		dir:     filepath.Join(r.dir, name),
		hidden:  map[string]bool{},
	}
	for _, dir := range []string{p.Data(), p.run()} {
		require.NoError(r.TB, os.MkdirAll(dir, 0o750))
	}
	p.writeHosts(nil)
	return p
}

func (r *Release) write(name, content string) {
	r.TB.Helper()
	replaceFile(r.TB, filepath.Join(r.dir, name), content)
}

// end is the release's last act: everything that it started ends, and a failed
// test gets to see what the pods said.
func (r *Release) end() {
	if r.TB.Failed() {
		for _, p := range r.Pods() {
			p.describe()
		}
	}
	for _, p := range r.Pods() {
		p.KillIfRunning()
	}
	if err := os.RemoveAll(r.dir); err != nil {
		r.TB.Errorf("remove %s: %v", r.dir, err)
	}
}

// replaceFile writes a file as the kubelet does: readers see the old content or
// the new one, never a part.
func replaceFile(tb testing.TB, path, content string) {
	tb.Helper()
	temporary := path + ".new"
	require.NoError(tb, os.WriteFile(temporary, []byte(content), 0o600))
	require.NoError(tb, os.Rename(temporary, path))
}
