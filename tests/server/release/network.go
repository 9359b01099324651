//go:build linux

package release

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"

	"github.com/stretchr/testify/require"
)

// Cut is what becomes of packets on a way that is cut.
type Cut string

// A cut cable or a broken switch drops packets; a firewall may answer for them.
const (
	Drop   Cut = "drop"
	Reject Cut = "meta l4proto tcp reject with tcp reset"
)

// network gives each pod of a release a network namespace of its own, with a link to
// a bridge in one more, so that the ways between pods can be cut. Clients, and this
// process, are where the bridge is: they reach every pod, whatever is cut between
// pods.
type network struct {
	hub  *namespace
	pods map[string]*namespace // by the pods' names

	mu   sync.Mutex
	last int               // number of the address given out last
	cuts map[way]Cut       // that are in force
	at   map[string]string // addresses by the pods' names
}

// way is one from pod to pod, by their names.
type way struct{ from, to string }

const bridge = `link set lo up
link add name bridge type bridge
addr add 10.0.0.1/16 dev bridge
link set bridge up
`

func newNetwork() (*network, error) {
	hub, err := newNamespace()
	if err != nil {
		return nil, err
	}
	n := &network{hub: hub, pods: map[string]*namespace{}, cuts: map[way]Cut{}, at: map[string]string{}}
	return n, hub.run(bridge, "ip", "-batch", "-")
}

// add gives a pod its namespace.
func (n *network) add(pod string) error {
	ns, err := newNamespace()
	if err != nil {
		return err
	}
	link := fmt.Sprintf("pod%d", len(n.pods))
	n.pods[pod] = ns
	if err := n.hub.run(fmt.Sprintf(`link add name %s type veth peer name eth0 netns %s
link set %s master bridge
link set %s up
`, link, ns.path(), link, link), "ip", "-batch", "-"); err != nil {
		return err
	}
	return ns.run("link set lo up\nlink set eth0 up\n", "ip", "-batch", "-")
}

// move gives a pod a new address, which nobody had before.
func (n *network) move(pod string) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.last++
	n.at[pod] = fmt.Sprintf("10.0.%d.%d", 1+n.last/200, 1+n.last%200)
	err := n.pods[pod].run("addr flush dev eth0\naddr add "+n.at[pod]+"/16 dev eth0\n", "ip", "-batch", "-")
	if err == nil {
		err = n.apply(slices.Collect(maps.Keys(n.pods))...)
	}
	return n.at[pod], err
}

// cut sets what becomes of packets on some ways; "" lets them through.
func (n *network) cut(how Cut, ways ...way) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	var touched []string
	for _, w := range ways {
		if how == "" {
			delete(n.cuts, w)
		} else {
			n.cuts[w] = how
		}
		if !slices.Contains(touched, w.to) {
			touched = append(touched, w.to)
		}
	}
	return n.apply(touched...)
}

// apply writes the rules of pods, where packets arrive.
func (n *network) apply(pods ...string) error {
	for _, pod := range pods {
		var rules strings.Builder
		rules.WriteString("table inet cut\ndelete table inet cut\ntable inet cut {\nchain input {\ntype filter hook input priority 0\n")
		for w, how := range n.cuts {
			if w.to == pod && n.at[w.from] != "" {
				fmt.Fprintf(&rules, "ip saddr %s %s\n", n.at[w.from], how)
			}
		}
		rules.WriteString("}\n}\n")
		if err := n.pods[pod].run(rules.String(), "nft", "-f", "-"); err != nil {
			return err
		}
	}
	return nil
}

func (n *network) close() {
	for _, ns := range n.pods {
		ns.close()
	}
	n.hub.close()
}

// Dial opens a connection as a client's.
func (r *Release) Dial(ctx context.Context, address string) (conn net.Conn, err error) {
	err = r.asClient(func() (err error) {
		conn, err = (&net.Dialer{}).DialContext(ctx, "tcp", address)
		return err
	})
	return conn, err
}

// asClient runs work where clients are.
func (r *Release) asClient(work func() error) error {
	if r.network == nil {
		return work()
	}
	return r.network.hub.do(work)
}

// inside runs work where the pod is.
func (p *Pod) inside(work func() error) error {
	if p.release.network == nil {
		return work()
	}
	return p.release.network.pods[p.Name].do(work)
}

// Cut cuts the way from a pod to others, in this direction alone.
func (p *Pod) Cut(how Cut, others ...*Pod) {
	p.release.TB.Helper()
	var ways []way
	for _, other := range others {
		ways = append(ways, way{p.Name, other.Name})
	}
	p.release.cut(how, ways...)
}

// Isolate cuts a pod off all others, in both directions.
func (r *Release) Isolate(how Cut, p *Pod) {
	r.TB.Helper()
	r.Part(how, p)
}

// Part cuts the network in two: these pods, and all others.
func (r *Release) Part(how Cut, side ...*Pod) {
	r.TB.Helper()
	var ways []way
	for _, p := range side {
		for _, other := range r.all() {
			if !slices.Contains(side, other) {
				ways = append(ways, way{p.Name, other.Name}, way{other.Name, p.Name})
			}
		}
	}
	r.cut(how, ways...)
}

// Mend ends the cuts between two pods.
func (r *Release) Mend(p, other *Pod) {
	r.TB.Helper()
	r.cut("", way{p.Name, other.Name}, way{other.Name, p.Name})
}

// Heal ends every cut.
func (r *Release) Heal() {
	r.TB.Helper()
	r.network.mu.Lock()
	ways := slices.Collect(maps.Keys(r.network.cuts))
	r.network.mu.Unlock()
	r.cut("", ways...)
}

func (r *Release) cut(how Cut, ways ...way) {
	r.TB.Helper()
	require.NotNil(r.TB, r.network, "the release has no network of its own")
	require.NoError(r.TB, r.network.cut(how, ways...))
}
