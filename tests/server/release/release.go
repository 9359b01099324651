//go:build linux

// Package release runs one release of the chart as real processes on loopback,
// without Kubernetes: a master's pod and its replicas', each the real entrypoint
// with a real server, in its own directories, at its own address 127.x.y.z.
//
// Hosts files stand for the DNS. The package never restarts a container by
// itself: a test sees what the kubelet would see, and decides.
package release

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
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
	PIDNamespace   bool   // the entrypoint is process 1, as in a container
	Moves          bool   // mastership moves: every pod has a write endpoint, and it never goes back by itself
	Hive           string // policy of a hive; implies Moves and Network
	Sentinels      int    // how many Sentinels decide; implies Moves
	SentinelVolume bool   // they have volumes
	Masters        int    // pods of the master's StatefulSet; default 1, more with Sentinels only
	Network        bool   // pods have network namespaces of their own, and can be cut off each other
}

const (
	fullname      = "hv"
	namespaceName = "test"
	domain        = ".svc.cluster.local"

	readyService = fullname + "-ready." + namespaceName + domain
)

// Release is a master's pod, its replicas', and the DNS between them. Masters are all
// pods of the master's StatefulSet, Master the first of them.
type Release struct {
	TB        testing.TB
	Options   Options
	Master    *Pod
	Masters   []*Pod
	Replicas  []*Pod
	Sentinels []*Pod

	dir       string
	network   *network   // nil: all on loopback
	endpoints *endpoints // nil where mastership does not move
	http      *http.Client

	mu    sync.Mutex
	names map[string][]string // host name to addresses
	ready []string            // addresses of pods that are ready
	dns   bool                // false: no name is known to anybody
}

// New lays a release out and registers its end with the test. Nothing runs yet.
func New(tb testing.TB, options Options) *Release {
	tb.Helper()
	options.complete(tb)
	// Not TempDir of the test: its path is too long for a Unix socket.
	dir, err := os.MkdirTemp("", "hv-")
	require.NoError(tb, err)
	r := &Release{TB: tb, Options: options, dir: dir, names: map[string][]string{}, dns: true}
	tb.Cleanup(r.end)
	r.http = &http.Client{Transport: &http.Transport{
		DialContext:       func(ctx context.Context, _, address string) (net.Conn, error) { return r.Dial(ctx, address) },
		DisableKeepAlives: true,
	}}
	if options.Network {
		r.network, err = newNetwork()
		require.NoError(tb, err)
	}
	r.write("password", options.Password+"\n")
	r.Configure(options.Configuration)
	for ordinal := range options.Masters {
		r.Masters = append(r.Masters, r.pod("master", ordinal, true))
	}
	r.Master = r.Masters[0]
	for ordinal := range options.Replicas {
		r.Replicas = append(r.Replicas, r.pod("replica", ordinal, options.ReplicaVolumes))
	}
	for ordinal := range options.Sentinels {
		r.Sentinels = append(r.Sentinels, r.pod("sentinel", ordinal, options.SentinelVolume))
	}
	r.WritePeers()
	if options.Moves {
		r.endpoints = newEndpoints(r)
	}
	return r
}

// Run is New, Start and WaitInSync.
func Run(tb testing.TB, options Options) *Release {
	tb.Helper()
	r := New(tb, options)
	r.Start()
	if options.Sentinels > 0 {
		r.WaitWatched()
	} else {
		r.WaitInSync()
	}
	return r
}

// complete fills in what follows from other options, and what none says.
func (o *Options) complete(tb testing.TB) {
	tb.Helper()
	if o.Engine.Name == "" {
		o.Engine = DefaultEngine(tb)
	}
	if o.BootstrapWait == 0 {
		o.BootstrapWait = time.Minute
	}
	if o.Persistence == "" {
		o.Persistence = "none"
	}
	if o.Hive != "" {
		o.Moves, o.Network = true, true
	}
	if o.Sentinels > 0 {
		o.Moves, o.Network = true, true
	}
	o.Masters = max(o.Masters, 1)
}

// Start starts every pod at once.
func (r *Release) Start() {
	r.TB.Helper()
	for _, p := range r.all() {
		p.Create()
	}
}

// Pods returns all pods of servers, the master's first.
func (r *Release) Pods() []*Pod { return slices.Concat(r.Masters, r.Replicas) }

func (r *Release) all() []*Pod { return slices.Concat(r.Masters, r.Replicas, r.Sentinels) }

// Leader returns the pod that is master, by its own word, and that of its server.
func (r *Release) Leader() *Pod {
	r.TB.Helper()
	var leader *Pod
	Eventually(r.TB, Patience, "a single master", func() (err error) {
		leader, err = r.master()
		return err
	})
	return leader
}

// Others are all pods but some.
func (r *Release) Others(except ...*Pod) []*Pod {
	return slices.DeleteFunc(r.Pods(), func(p *Pod) bool { return slices.Contains(except, p) })
}

// AddReplica lays out one more replica's pod, not started, and leaves the file
// of peers as it is.
func (r *Release) AddReplica() *Pod {
	p := r.pod("replica", len(r.Replicas), r.Options.ReplicaVolumes)
	r.mu.Lock()
	defer r.mu.Unlock()
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
	lines.Reset()
	for _, p := range r.Sentinels {
		fmt.Fprintln(&lines, p.Host)
	}
	r.write("sentinels", lines.String())
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
	require.NoError(r.TB, r.writeAllHosts())
}

// SetDNS makes the DNS answer for all pods, or for none.
func (r *Release) SetDNS(answers bool) {
	r.TB.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dns = answers
	require.NoError(r.TB, r.writeAllHosts())
}

// listReady makes the DNS answer for the Service of pods that are ready.
func (r *Release) listReady(addresses []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ready = addresses
	if err := r.writeAllHosts(); err != nil {
		r.TB.Errorf("list the pods that are ready: %v", err)
	}
}

// writeAllHosts is called with mu held.
func (r *Release) writeAllHosts() error {
	for _, viewer := range r.all() {
		if err := viewer.writeHosts(); err != nil {
			return err
		}
	}
	return nil
}

// hosts renders the DNS as one pod sees it, in the form of hosts(5). A headless
// Service has the addresses of its pods.
func (r *Release) hosts(hidden map[string]bool) string {
	var lines strings.Builder
	if !r.dns {
		return ""
	}
	for _, address := range r.ready {
		fmt.Fprintf(&lines, "%s\t%s\n", address, readyService)
	}
	for _, name := range slices.Sorted(maps.Keys(r.names)) {
		if hidden[name] {
			continue
		}
		_, service, _ := strings.Cut(name, ".")
		for _, address := range r.names[name] {
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
		Host:    fmt.Sprintf("%s.%s-%s-headless.%s%s", name, fullname, component, namespaceName, domain),
		Role:    component,
		Volume:  volume,
		Env:     map[string]string{},
		dir:     filepath.Join(r.dir, name),
		hidden:  map[string]bool{},
	}
	for _, dir := range []string{p.Data(), p.run()} {
		require.NoError(r.TB, os.MkdirAll(dir, 0o750))
	}
	require.NoError(r.TB, p.writeHosts())
	if r.network != nil {
		require.NoError(r.TB, r.network.add(name))
	}
	return p
}

func (r *Release) write(name, content string) {
	r.TB.Helper()
	require.NoError(r.TB, replaceFile(filepath.Join(r.dir, name), content))
}

// end is the release's last act: everything that it started ends, and a failed
// test gets to see what the pods said.
func (r *Release) end() {
	if r.TB.Failed() {
		for _, p := range r.all() {
			p.describe()
		}
	}
	for _, p := range r.all() {
		p.KillIfRunning()
	}
	if r.endpoints != nil {
		r.endpoints.close()
	}
	if r.network != nil {
		r.network.close()
	}
	if err := os.RemoveAll(r.dir); err != nil {
		r.TB.Errorf("remove %s: %v", r.dir, err)
	}
}

// replaceFile writes a file as the kubelet does: readers see the old content or
// the new one, never a part.
func replaceFile(path, content string) error {
	temporary := path + ".new"
	if err := os.WriteFile(temporary, []byte(content), 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}
