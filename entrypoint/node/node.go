// Package node is one pod's life: it decides what the server starts as, runs it,
// keeps it pointed at the master, moves mastership, and stops it.
//
// A life goes prepare, serve, and around again when the server dies. What the server
// starts as is decided in guard.go; what a pod does while it runs is chosen in tend.go
// and stands in master.go, regain.go and replica.go; what its peers may ask of it in
// orders.go, and how mastership is handed on in handing.go. How it leaves is in
// depart.go and stop.go, how clients reach the master through it in route.go. Where
// every pod may elect a master, hearing.go, campaign.go and fence.go add how; where
// Sentinels decide, council.go does. One that follows a server outside is in external.go, how it is
// promoted in cutover.go.
package node

import (
	"context"
	"io"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/conf"
	"github.com/helm-valkey/helm-valkey/entrypoint/engine"
	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
	"github.com/helm-valkey/helm-valkey/entrypoint/proxy"
	"github.com/helm-valkey/helm-valkey/entrypoint/record"
	"github.com/helm-valkey/helm-valkey/entrypoint/sentinel"
	"github.com/helm-valkey/helm-valkey/entrypoint/server"
	"github.com/helm-valkey/helm-valkey/entrypoint/settings"
)

// States of a pod, as its status names them.
const (
	stateGuarding    = "guarding"
	stateHolding     = "holding"
	stateRunning     = "running"
	stateJoining     = "joining"
	stateHandingOver = "handing-over"
	stateElecting    = "electing"
	stateFenced      = "fenced"
	stateFollowing   = "following"
	stateLeaving     = "leaving"
	stateStopping    = "stopping"
	stateBackingOff  = "backing-off"
)

// Node is one pod.
type Node struct {
	settings  settings.Settings
	release   engine.Release
	binary    string
	log       *slog.Logger
	stdout    io.Writer
	directory peer.Directory
	peers     *peer.Client
	key       peer.Key
	local     *server.Local
	file      *record.File
	bootID    string
	// proxy is the write endpoint; nil if there is none.
	proxy *proxy.Proxy
	// council are the Sentinels; nil if there are none.
	council *sentinel.Council
	born    time.Time

	// act is held while roles change, so that there is one change at a time.
	act sync.Mutex
	// saving is held while the record is written, routing while the write endpoint is
	// pointed, so that the last to decide where to is the last to do it.
	saving, routing sync.Mutex
	// wake cuts the wait for the next look short.
	wake chan struct{}

	mu      sync.Mutex
	record  record.Record
	state   string
	reason  string
	process *server.Process
	view    View
	// looked is when the server was last asked for everything.
	looked time.Time
	// source is where the leader's server is reached, as it said itself.
	source string
	// names are the pods behind the addresses that answered, found the peers as they were
	// last looked up, known the addresses that each name last had.
	names     map[string]string
	found     finding
	known     map[string][]string
	handovers map[string]int
	restarts  int
	// readySince is since when the kubelet has been told that this pod is ready, probed
	// whether anybody ever asked.
	readySince time.Time
	probed     bool
	// leaving is set when the pod is to stop, and intent while mastership is being
	// handed over.
	leaving bool
	intent  intent
	// offered is the latest term that this pod wanted to hand over for.
	offered uint64
	// doubt is set when the write endpoint found that the master is none, or was frozen
	// itself: nothing goes there before the peers were asked. alive is when this process
	// last took note that it runs.
	doubt bool
	alive time.Time
	// routed is where the write endpoint was last pointed to; none while it holds. It is
	// told again each second: what it does by itself this node need not know.
	routed   proxy.Target
	routedAt time.Time
	// heard is when the master was last heard of, quiet since when this server has
	// acknowledged nothing to one, mates who was in sync with it then.
	heard, quiet time.Time
	// noted is set when the record was written in this run of the server.
	noted bool
	// pointed is when the server was last told whom to follow.
	pointed time.Time
	// linked is set when this run of the server has been in sync with a master.
	linked bool
	// misled is set while the master says that it is none.
	misled bool
	mates  []string
	// asked is when the pod that this one has promised to last asked for it.
	asked time.Time
	// seen is what the peers last said to this pod as master, in a hive.
	seen sighting
	// written is a position that no write is beyond which this server took as master, and
	// that no other master is known to have; changes is the server's own count by which it
	// shows that there were more. apart is set when all of them were saved to a file.
	written  *lead.Position
	changes  string
	apart    bool
	fenced   bool
	diverged int
	// gone is set while it is certain that no server of this pod's name runs that was
	// master. appointed is the term for which a peer named this pod while none ran.
	gone      bool
	appointed uint64
	// beginning is set while the server loads the data with which it is to be master.
	beginning bool
	// upheld is when most Sentinels last had nothing against this pod as master, missed
	// since when a quorum of them does not hear theirs, and session what they last said.
	upheld, missed time.Time
	session        session
	// severing is held by who decides whether the Sentinels' silence stops writes.
	severing sync.Mutex
	// unmerged is how far a snapshot reaches that was set aside, and that has writes the
	// master lacks.
	unmerged *lead.Position
	// disk is how far the data on disk reach, while a server's start is prepared.
	disk *lead.Position
	// damaged is set when a server ended because it can't load the data on disk.
	damaged bool
	// survey is what the server outside last said that this release is to follow, and cutting
	// is held while it is left.
	survey  survey
	cutting sync.Mutex
}

// New makes a node. The server's own log goes to stdout.
func New(s settings.Settings, binary string, release engine.Release, log *slog.Logger, stdout io.Writer) *Node {
	key := peer.NewKey(s.ClusterID, s.Password)
	n := &Node{
		settings: s, release: release, binary: binary, log: log, stdout: stdout,
		directory: peer.Directory{Self: s.PodName, PeersFile: s.PeersFile, Services: s.PeerServices, HostsFile: s.HostsFile},
		peers:     peer.NewClient(key, s.PeerControlPort),
		key:       key,
		local:     server.NewLocal(s.ServerSocket(), s.Password),
		file:      record.In(s.DataDir),
		bootID:    record.BootID(),
		wake:      make(chan struct{}, 1),
		born:      time.Now(),
		quiet:     time.Now(),
		state:     stateGuarding,
		names:     map[string]string{},
		known:     map[string][]string{},
		handovers: map[string]int{},
	}
	if s.Sentinels() {
		n.council = &sentinel.Council{
			Client: sentinel.NewClient(s.SentinelName, s.Password), ClusterID: s.ClusterID,
			File: s.SentinelsFile, Port: s.SentinelPort, Lookup: n.directory.Lookup,
		}
	}
	return n
}

// Key signs what this node says to its peers.
func (n *Node) Key() peer.Key { return n.key }

// A server that dies this often within this time is not restarted in place again:
// its pod ends, and Kubernetes shows it.
const (
	maxDeaths   = 5
	deathWindow = time.Minute
)

// Run lives until ctx ends or the server can't be kept alive, and returns the exit
// code.
func (n *Node) Run(ctx context.Context) int {
	if n.settings.External != "" && n.isMasterPod() {
		go n.surveyOutside(ctx)
	}
	var deaths []time.Time
	for {
		start, err := n.prepare(ctx)
		// Who is master is decided at once; only the server's own restart waits.
		n.backOff(ctx, deaths)
		if ctx.Err() != nil {
			return 0
		}
		if err != nil {
			n.log.Error("can't prepare the server's start", "error", err)
			return 1
		}
		code, ended := n.serve(ctx, start)
		switch ended {
		case stopped:
			return code
		case setAside:
			continue
		}
		deaths = append(deaths, time.Now())
		for time.Since(deaths[0]) > deathWindow {
			deaths = deaths[1:]
		}
		if len(deaths) >= maxDeaths {
			n.log.Error("the server died too often; giving up, so that Kubernetes restarts the pod with a growing delay", "deaths", len(deaths), "within", deathWindow.String(), "code", code)
			return code
		}
		n.mu.Lock()
		n.restarts++
		n.mu.Unlock()
		n.log.Warn("the server died; it is started again in place", "code", code, "deaths", len(deaths))
	}
}

// backOff waits before a restart: not at all after the first death, then twice as
// long each time.
func (n *Node) backOff(ctx context.Context, deaths []time.Time) {
	if len(deaths) < 2 {
		return
	}
	delay := 500*time.Millisecond<<(len(deaths)-2) - time.Since(deaths[len(deaths)-1])
	if delay > 0 {
		n.setState(stateBackingOff, "the server died "+strconv.Itoa(len(deaths))+" times within "+deathWindow.String())
		sleep(ctx, delay)
	}
}

// Remember takes up the record of the data, before anybody can ask for it or change it.
// One that can't be read is as none: all that is then known of the data is what they say
// themselves.
func (n *Node) Remember() {
	r, err := n.file.Load()
	if err != nil {
		n.log.Warn("going on without the record of the data", "error", err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.record = r
	// On the same machine, up since then, the server ended with the process before.
	n.gone = r.Leader == n.settings.PodName && r.BootID != "" && r.BootID == n.bootID
	if n.record.Leader == "" {
		n.record.Leader = firstLabel(n.settings.Master)
	}
	if n.settings.Standalone() {
		n.record.Leader = n.settings.PodName
	}
}

// prepare decides what the server starts as. It returns when that is certain, or
// ctx ends.
func (n *Node) prepare(ctx context.Context) (conf.Start, error) {
	if n.settings.Role == settings.Replica && !(n.settings.Elects() && n.leads()) {
		n.tellDisk()
		return conf.Start{Source: n.firstSource(ctx), AppendOnly: n.settings.Persistence == settings.AOF}, nil
	}
	if n.copies() {
		return n.admit(ctx)
	}
	return n.guard(ctx)
}

// Signal passes a signal on to the server, if one runs.
func (n *Node) Signal(pass func(*server.Process)) {
	n.mu.Lock()
	process := n.process
	n.mu.Unlock()
	if process != nil {
		pass(process)
	}
}

// Owns tells whether pid is the server's.
func (n *Node) Owns(pid int) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.process != nil && n.process.Pid == pid
}

func (n *Node) setState(state, reason string) {
	n.mu.Lock()
	if n.leaving && state != stateStopping && state != stateHandingOver {
		// What it does meanwhile is to be seen from the reason.
		state = stateLeaving
	}
	changed := n.state != state || n.reason != reason
	n.state, n.reason = state, reason
	n.mu.Unlock()
	if changed {
		n.log.Info("state", "state", state, "reason", reason)
	}
}

func (n *Node) role() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.view.Role()
}

// lead is who is master as far as this node knows, in which term, and where that
// pod's server is reached.
func (n *Node) lead() (leader string, term uint64, source string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.record.Leader, n.record.Term, n.source
}

func (n *Node) leads() bool {
	leader, _, _ := n.lead()
	return leader == n.settings.PodName
}

// setLead takes note of a change of mastership, on disk before anything follows
// from it.
func (n *Node) setLead(leader string, term uint64, source string) {
	if n.heed(leader, term, source) {
		n.save(record.Durable)
	}
}

// heed takes note of a change of mastership in memory, and tells whether it is one. It is
// for moments in which clients wait: who calls it saves the record soon. What a crash of
// the machine would lose of it meanwhile the other pods know.
func (n *Node) heed(leader string, term uint64, source string) (changed bool) {
	n.mu.Lock()
	changed = n.record.Leader != leader || n.record.Term != term
	n.record.Leader, n.record.Term, n.source = leader, term, source
	n.misled = n.misled && !changed
	if n.intent.term <= term {
		n.intent = intent{}
	}
	n.mu.Unlock()
	if changed {
		n.log.Info("master", "leader", leader, "term", term, "address", source)
	}
	return changed
}

// address is where this pod's own server is reached by its peers.
func (n *Node) address() string {
	return n.at(n.settings.PodIP)
}

// announced is where Sentinels tell clients that it is.
func (n *Node) announced() string { return n.at(n.settings.AnnounceHost) }

// at is the server's port at a host; empty without one.
func (n *Node) at(host string) string {
	if host == "" {
		return ""
	}
	return net.JoinHostPort(host, strconv.Itoa(n.settings.Port))
}

func firstLabel(host string) string {
	label, _, _ := strings.Cut(host, ".")
	return label
}

// pause sleeps for about d, until the next beat of that length.
func (n *Node) pause(ctx context.Context, d time.Duration) { sleep(ctx, n.untilBeat(d)) }

// untilBeat is how long it is until the next multiple of d in this pod's life. What an
// idle pod does from time to time it does all at once: waking up costs more than the work.
func (n *Node) untilBeat(d time.Duration) time.Duration { return d - time.Since(n.born)%d }

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
