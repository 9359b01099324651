//go:build linux

package node

import (
	"cmp"
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
	"github.com/helm-valkey/helm-valkey/entrypoint/settings"
)

// contact is what came of asking one peer. Without an answer, Status is zero.
type contact struct {
	host   peer.Host
	ip     string
	status peer.Status
	ok     bool
}

func (c contact) pod() string {
	if c.ok {
		return c.status.Pod
	}
	return c.host.Pod()
}

// address is where the peer's server is reached.
func (c contact) address(port int) string {
	if c.status.Address != "" {
		return c.status.Address
	}
	return net.JoinHostPort(c.ip, strconv.Itoa(port))
}

// poll asks all peers at once for their status.
func (n *Node) poll(ctx context.Context) ([]contact, error) {
	hosts, err := n.hosts(ctx, 0)
	if err != nil {
		return nil, err
	}
	return n.reachAll(ctx, hosts, n.peers.Status), nil
}

// recentHosts is how old the peers' addresses may be where there is no time to look them
// up again.
const recentHosts = 2 * time.Second

// glance is poll in haste: nobody is waited for long, and names are looked up only when
// that was last done longer ago than maxAge.
func (n *Node) glance(ctx context.Context, maxAge time.Duration) ([]contact, error) {
	hosts, err := n.hosts(ctx, maxAge)
	if err != nil {
		return nil, err
	}
	return n.reachAll(ctx, hosts, n.peers.Glance), nil
}

// hosts looks all peers up, unless that was done within maxAge. One whose name can't be
// looked up is taken to be where it was: who answers there says by itself who it is.
func (n *Node) hosts(ctx context.Context, maxAge time.Duration) ([]peer.Host, error) {
	n.mu.Lock()
	last := n.found
	n.mu.Unlock()
	// That a pod does not exist may be over the next moment.
	if time.Since(last.at) < maxAge && !slices.ContainsFunc(last.hosts, func(h peer.Host) bool { return h.Absent }) {
		n.mu.Lock()
		defer n.mu.Unlock()
		return n.withMates(slices.Clone(last.hosts)), nil
	}
	if maxAge > 0 {
		haste, cancel := context.WithTimeout(ctx, lookupHaste)
		defer cancel()
		ctx = haste
	}
	at := time.Now()
	hosts, err := n.directory.Hosts(ctx)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, host := range hosts {
		switch {
		case host.Name == "":
		case len(host.Addresses) > 0:
			n.known[host.Name] = host.Addresses
		case !host.Absent:
			hosts[i].Addresses = n.known[host.Name]
		}
	}
	n.found = finding{at, slices.Clone(hosts)}
	return n.withMates(hosts), nil
}

// withMates adds the replicas of which the master spoke last and that no name leads to:
// names can be denied to pods that exist. It is called with mu held.
func (n *Node) withMates(hosts []peer.Host) []peer.Host {
	if !n.settings.Elects() {
		return hosts
	}
	for _, mate := range n.mates {
		named := slices.ContainsFunc(hosts, func(h peer.Host) bool { return slices.Contains(h.Addresses, mate) })
		if mate != n.settings.PodIP && !named {
			hosts = append(hosts, peer.Host{Addresses: []string{mate}, Absent: true})
		}
	}
	return hosts
}

// lookupHaste is how long names are looked up where there is no time.
const lookupHaste = 300 * time.Millisecond

// finding are the peers as they were last looked up.
type finding struct {
	at    time.Time
	hosts []peer.Host
}

// question is how a peer at an IP address is asked for its status.
type question func(ctx context.Context, ip string) (peer.Status, error)

// straggle is how long the last to answer is waited for when all others have: it may be
// the one that is lost.
const straggle = 150 * time.Millisecond

func (n *Node) reachAll(ctx context.Context, hosts []peer.Host, ask question) []contact {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	contacts := make([]contact, len(hosts))
	answers := make(chan bool, len(hosts))
	for i, host := range hosts {
		go func() {
			contacts[i] = n.reach(ctx, host, ask)
			answers <- contacts[i].ok
		}()
	}
	silent := 0
	for left := len(hosts); left > 0; left-- {
		if !<-answers {
			silent++
		}
		if left == 2 && silent == 0 && n.settings.Elects() {
			time.AfterFunc(straggle, cancel)
		}
	}
	// An address that only a Service listed may be this pod's own, or one whose
	// pod has answered under its name.
	contacts = slices.DeleteFunc(contacts, func(c contact) bool { return c.pod() == n.settings.PodName })
	n.mu.Lock()
	defer n.mu.Unlock()
	// One that the master once spoke of and that is silent may long be another's address:
	// it counts under its name.
	answered := map[string]bool{}
	for _, c := range contacts {
		answered[c.pod()] = answered[c.pod()] || c.ok
	}
	contacts = slices.DeleteFunc(contacts, func(c contact) bool {
		return !c.ok && (answered[c.pod()] || c.host.Name == "" && c.host.Absent)
	})
	for _, c := range contacts {
		if c.ok {
			n.names[c.ip] = c.pod()
		}
	}
	return contacts
}

func (n *Node) reach(ctx context.Context, host peer.Host, ask question) contact {
	c := contact{host: host}
	for _, ip := range host.Addresses {
		status, err := ask(ctx, ip)
		switch {
		case err != nil:
			n.log.Debug("a peer does not answer", "peer", host.Name, "address", ip, "error", err)
			continue
		case host.Name != "" && status.Pod != host.Pod():
			n.log.Debug("another pod answers for a peer", "peer", host.Name, "address", ip, "pod", status.Pod)
			continue
		}
		c.ip, c.status, c.ok = ip, status, true
		return c
	}
	return c
}

// ballot is one run of asking until there is a decision. The rest is of elections: the
// term that is asked for, and when all were last asked; where the master was that is not heard any more, since when
// its address refuses, and whether it has ended; and the addresses that are listed as ready.
type ballot struct {
	began    time.Time
	contacts []contact
	term     uint64
	asked    time.Time
	source   string
	refused  time.Time
	gone     bool
	ready    []string
}

func newBallot() *ballot { return &ballot{began: time.Now()} }

// settleWait bounds the wait for a peer that still believes its master to be
// there: the kernel tells it of a server's death at once, of a node's never.
const settleWait = time.Second

// vote asks all peers once and decides.
func (n *Node) vote(ctx context.Context, b *ballot, own own) lead.Decision {
	contacts, err := n.poll(ctx)
	if err != nil {
		return lead.Decision{Action: lead.Wait, Reason: err.Error()}
	}
	b.contacts = contacts
	n.mu.Lock()
	online := slices.Clone(n.record.Online)
	n.mu.Unlock()
	in := lead.Input{
		Self: own.position, Recent: own.recent, Current: own.current,
		Patient:    time.Since(b.began) < n.settings.BootstrapWait,
		Settled:    time.Since(b.began) >= settleWait,
		StartEmpty: n.settings.EmptyMaster == settings.Start,
	}
	for _, c := range contacts {
		// A pod that does not exist holds nothing, unless its volume does.
		c.host.Absent = c.host.Absent && !n.settings.ReplicaVolumes
		in.Peers = append(in.Peers, candidate(c, online))
	}
	return lead.Decide(in)
}

// candidate is a peer as decisions see it. A master counts as one as long as it
// takes itself for the leader. One whose server has not yet read its
// volume, and that does not know either what is on it, counts as silent.
func candidate(c contact, online []string) lead.Peer {
	// One that only a Service listed, and that says nothing, has no other name.
	name := cmp.Or(c.pod(), strings.Join(c.host.Addresses, ","))
	p := lead.Peer{Name: name, Answer: lead.Unknown, InSync: slices.ContainsFunc(c.host.Addresses, func(a string) bool { return slices.Contains(online, a) })}
	s := c.status
	switch {
	case c.host.Absent && !c.ok:
		p.Answer = lead.Absent
	case !c.ok, s.Loading && !s.Syncing, s.Role == peer.None && s.DataVolume && !s.OnDisk:
	default:
		p.Answer = lead.Known
	}
	p.Master = s.Role == peer.Master && s.Leader == s.Pod
	p.Settling = s.Role == peer.None && !s.OnDisk || s.Syncing || s.Role == peer.Replica && s.LinkUp
	p.Position = position(s)
	return p
}

func position(s peer.Status) lead.Position {
	return lead.Position{HasData: s.HasData, Term: s.Synced, Replid: s.Replid, Offset: s.Offset, History: s.History}
}

func (b *ballot) contact(pod string) (contact, bool) {
	i := slices.IndexFunc(b.contacts, func(c contact) bool { return c.ok && c.pod() == pod })
	if i < 0 {
		return contact{}, false
	}
	return b.contacts[i], true
}

// highestTerm is the highest that any pod knows of.
func (n *Node) highestTerm(b *ballot) uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	term := max(n.record.Term, n.record.Promised)
	for _, c := range b.contacts {
		term = max(term, c.status.Term, c.status.Promised)
	}
	return term
}

// decide asks all peers, and has them promise where that is needed.
func (n *Node) decide(ctx context.Context, b *ballot, own func() own) lead.Decision {
	term, promised := n.terms()
	var decision lead.Decision
	if n.settings.Elects() {
		decision = n.campaign(ctx, b, own)
		promised = max(promised, b.term)
	} else {
		decision = n.vote(ctx, b, own())
	}
	if now, next := n.terms(); now != term || next > promised {
		return lead.Decision{Action: lead.Wait, Reason: "there is news of another master meanwhile"}
	}
	return decision
}

// nextTerm is that of the master which a decision makes.
func (n *Node) nextTerm(b *ballot) uint64 {
	if n.settings.Elects() {
		return b.term
	}
	return lead.ElectionTerm(n.highestTerm(b))
}

var errGone = errors.New("the peer has gone meanwhile")

// promote makes a peer master, and tells the others.
func (n *Node) promote(ctx context.Context, b *ballot, pod string) error {
	c, ok := b.contact(pod)
	if !ok {
		return errGone
	}
	order := peer.Order{Term: n.nextTerm(b), Leader: pod, Address: c.address(n.settings.PeerPort), From: n.settings.PodName}
	if n.settings.Elects() {
		n.act.Lock()
		valid := n.valid(b)
		if valid && n.role() == peer.Master {
			// It takes writes still, and another holds what it lacks.
			_, term, _ := n.lead()
			n.setLead(pod, term, "")
			valid = n.detachLocked(ctx) == nil
		}
		n.act.Unlock()
		if !valid {
			return errGone
		}
	}
	if _, err := n.peers.Promote(ctx, c.ip, order); err != nil {
		return err
	}
	n.log.Info("promoted", "pod", pod, "term", order.Term, "offset", c.status.Offset)
	for _, other := range b.contacts {
		if other.ok && other.pod() != pod {
			go n.tell(context.WithoutCancel(ctx), other, order)
		}
	}
	return nil
}

// announce tells all peers that this pod is master.
func (n *Node) announce(ctx context.Context) {
	n.broadcast(ctx, n.proclamation())
}

// proclamation is the order to follow this pod, which is master.
func (n *Node) proclamation() peer.Order {
	s := n.status()
	return peer.Order{
		Term: s.Term, Leader: s.Leader, Address: s.Address, From: s.Pod, Empty: !s.HasData,
		Begin: s.Begin, BeginOf: s.BeginOf,
	}
}

// broadcast tells all peers whom to follow, and returns when they have heard of it.
func (n *Node) broadcast(ctx context.Context, order peer.Order) {
	contacts, err := n.glance(ctx, recentHosts)
	if err != nil {
		n.log.Warn("can't tell the peers who is master", "error", err)
		return
	}
	var all sync.WaitGroup
	for _, c := range contacts {
		if c.ok && c.pod() != order.Leader {
			all.Go(func() { n.tell(ctx, c, order) })
		}
	}
	all.Wait()
}

// tell passes an order on. Who misses it asks by itself within seconds.
func (n *Node) tell(ctx context.Context, c contact, order peer.Order) {
	if _, err := n.peers.Follow(ctx, c.ip, order); err != nil {
		n.log.Warn("a peer does not follow", "peer", c.pod(), "leader", order.Leader, "term", order.Term, "error", err)
	}
}
