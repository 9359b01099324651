//go:build linux

package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/conf"
	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
	"github.com/helm-valkey/helm-valkey/entrypoint/record"
	"github.com/helm-valkey/helm-valkey/entrypoint/settings"
)

const (
	// canvassEvery is how often the peers are asked again while an old master may still
	// take writes.
	canvassEvery = 100 * time.Millisecond
	// canvassFor bounds one campaign.
	canvassFor = lead.FenceWait + 3*time.Second
	// commitment is how long a pod waits to hear again from the one that has its promise.
	commitment = 1500 * time.Millisecond
	// freshness is how old the answers may be on which an election is acted.
	freshness = time.Second
	// ownDecision is how long a master whose server died may take to find the next one
	// before others do it for it.
	ownDecision = 2 * time.Second
	// impatience is after how many times the fence's wait the policy available goes on
	// without pods that do not answer.
	impatience = 3
)

// campaign is how a pod of a hive that hears no master finds or makes one: it sounds
// the others, has them promise, and elects. It does not act on the outcome; who is to
// start or to promote does so in term b.term, and only while that is still promised to
// this pod.
func (n *Node) campaign(ctx context.Context, b *ballot, own func() own) lead.Decision {
	reigns := n.reigns()
	contacts, err := n.glance(ctx, recentHosts)
	if err != nil {
		return lead.Decision{Action: lead.Wait, Reason: err.Error()}
	}
	b.contacts = contacts
	n.inquire(ctx, b)
	n.consult(ctx)
	decision := n.hive(b, own().position).Sound()
	if decision.Action != lead.Canvass {
		return decision
	}
	if n.moving() || n.committed() || n.reigns() != reigns {
		return lead.Decision{Action: lead.Wait, Reason: "another pod is about to be master"}
	}
	if b.term, err = n.electionTerm(ctx, b); err != nil {
		return lead.Decision{Action: lead.Wait, Reason: err.Error()}
	}
	if err := n.Canvass(ctx, peer.Order{Term: b.term, From: n.settings.PodName}); err != nil {
		return lead.Decision{Action: lead.Wait, Reason: err.Error()}
	}
	n.log.Info("canvassing", "term", b.term)
	deadline := time.Now().Add(canvassFor)
	for {
		if decision, ok := n.canvass(ctx, b, own); ok || time.Now().After(deadline) || ctx.Err() != nil {
			return decision
		}
		sleep(ctx, canvassEvery)
	}
}

// canvass asks all that answered for their promise, and elects. It is not over while
// an old master may still take writes.
func (n *Node) canvass(ctx context.Context, b *ballot, own func() own) (lead.Decision, bool) {
	order := peer.Order{Term: b.term, From: n.settings.PodName}
	answered := slices.DeleteFunc(slices.Clone(b.contacts), func(c contact) bool { return !c.ok })
	if !b.refused.IsZero() && !b.gone {
		n.inquire(ctx, b)
	}
	n.consult(ctx)
	b.asked = time.Now()
	var all sync.WaitGroup
	refusals := make([]error, len(answered))
	for i, c := range answered {
		all.Go(func() { answered[i].status, refusals[i] = n.peers.Canvass(ctx, c.ip, order) })
	}
	all.Wait()
	for i, err := range refusals {
		if err != nil {
			return lead.Decision{Action: lead.Wait, Peer: answered[i].pod(), Reason: answered[i].host.Name + " gives no promise: " + err.Error()}, true
		}
	}
	if !n.pledged(b.term) {
		return lead.Decision{Action: lead.Wait, Reason: "another pod was promised a later term"}, true
	}
	for _, c := range answered {
		for i := range b.contacts {
			if b.contacts[i].ok && b.contacts[i].ip == c.ip {
				b.contacts[i].status = c.status
			}
		}
	}
	decision := n.hive(b, own().position).Elect()
	if decision.Action != lead.Wait && n.joined(ctx, b) {
		return lead.Decision{Action: lead.Wait, Reason: "a pod came meanwhile that was not asked"}, true
	}
	if decision.Action == lead.Wait {
		n.setState(stateElecting, "waiting until the old master can take no writes")
		return decision, false
	}
	return decision, true
}

// electionTerm is the term that a campaign is for: where there are Sentinels, one for
// which most of them have voted for this pod.
func (n *Node) electionTerm(ctx context.Context, b *ballot) (uint64, error) {
	if n.settings.Sentinels() {
		return n.canvassSentinels(ctx, n.highestTerm(b))
	}
	return lead.ElectionTerm(n.highestTerm(b)), nil
}

// joined tells whether a pod is there now that did not exist when the campaign began: it
// may have followed the old master meanwhile.
func (n *Node) joined(ctx context.Context, b *ballot) bool {
	hosts, err := n.hosts(ctx, time.Nanosecond)
	if err != nil {
		return true
	}
	return slices.ContainsFunc(hosts, func(h peer.Host) bool {
		return !h.Absent && len(h.Addresses) > 0 && !slices.ContainsFunc(b.contacts, func(c contact) bool {
			return !c.host.Absent && (c.host.Name == h.Name && h.Name != "" || slices.Contains(c.host.Addresses, h.Addresses[0]))
		})
	})
}

// pledged tells whether a term is promised to this very pod, and nobody became master
// in it.
func (n *Node) pledged(term uint64) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.record.Promised == term && n.record.Candidate == n.settings.PodName && n.record.Term < term
}

// valid tells whether an election can still be acted on: this process may have been
// frozen since.
func (n *Node) valid(b *ballot) bool {
	return n.pledged(b.term) && time.Since(b.asked) < freshness
}

// Canvass promises a term to the pod that asks: from here on this pod follows no
// master of an earlier one.
func (n *Node) Canvass(ctx context.Context, o peer.Order) error {
	n.act.Lock()
	defer n.act.Unlock()
	if !n.settings.Elects() {
		return fmt.Errorf("%s takes part in no election: neither hive nor Sentinel is on there", n.settings.PodName)
	}
	answers := n.look(ctx)
	own := o.From == n.settings.PodName
	n.mu.Lock()
	leads := n.record.Leader == n.settings.PodName && n.view.Role() == peer.Master
	standing := lead.Standing{
		Term: n.record.Term, Leader: n.record.Leader, Promised: n.record.Promised, Candidate: n.record.Candidate,
		Master: leads && !own, Hears: n.hearing(),
	}
	refusal := standing.Refusal(o.Term, o.From)
	switch {
	case own && n.leaving:
		refusal = "it stops"
	case n.process != nil && !answers:
		// It could not be made to leave its master.
		refusal = "its server does not answer"
	}
	renewed := n.record.Promised == o.Term
	stays := leads || standing.Hears
	if refusal == "" {
		n.record.Promised, n.record.Candidate = o.Term, o.From
		n.intent = intent{}
		n.asked = time.Now()
	}
	role, source := n.view.Role(), n.view.Source()
	n.mu.Unlock()
	if refusal != "" {
		return fmt.Errorf("%s does not promise term %d to %s: %s", n.settings.PodName, o.Term, o.From, refusal)
	}
	if !renewed {
		n.save(record.Durable)
	}
	if stays {
		// The master itself wants to be elected anew: it goes on meanwhile.
		return nil
	}
	if !renewed {
		n.cutOff()
	}
	if role == peer.Replica && source != conf.Detached {
		return n.detachLocked(ctx)
	}
	return nil
}

// committed tells whether this pod has promised a term to another, which asked only
// just now: the field is left to that one.
func (n *Node) committed() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.record.Promised > n.record.Term && n.record.Candidate != n.settings.PodName && time.Since(n.asked) < commitment
}

// hive is what an election rests on as of the last answers.
func (n *Node) hive(b *ballot, own lead.Position) lead.Hive {
	n.mu.Lock()
	defer n.mu.Unlock()
	leader := n.record.Leader
	mates := n.mates
	if leader == n.settings.PodName {
		mates = n.record.Online
	}
	h := lead.Hive{
		Policy: lead.Policy(n.settings.HivePolicy), Self: n.settings.PodName, Home: firstLabel(n.settings.Master),
		Leader: leader, Term: n.record.Term, Promised: n.record.Promised, Need: n.settings.MinReplicasToWrite,
		Quiet: n.quietFor(), Idle: n.process == nil, Reserve: n.settings.Reserve(), Own: own,
		Settled:  time.Since(b.began) >= ownDecision,
		Patient:  time.Since(b.began) < impatience*lead.FenceWait,
		Reigns:   leader == n.settings.PodName && n.view.Role() == peer.Master,
		Gone:     leader == n.settings.PodName && n.gone || b.gone,
		Council:  n.verdict(),
		Starting: !n.linked && time.Since(n.born) < n.settings.BootstrapWait,
		Volumes:  n.settings.ReplicaVolumes,
	}
	strangers := slices.ContainsFunc(b.ready, func(address string) bool {
		return address != n.settings.PodIP && !slices.ContainsFunc(b.contacts, func(c contact) bool { return c.ok && c.ip == address })
	})
	if n.settings.Sentinels() {
		h.Policy = lead.Safe
		if n.settings.EmptyMaster == settings.Start {
			h.Policy = lead.Available
		}
	}
	for _, c := range b.contacts {
		p := candidate(c, mates)
		s := c.status
		if s.Role == peer.None {
			// A server that does not answer may be anything. Without one, the pod says what
			// the files hold.
			p.Answer = lead.Unknown
			if s.OnDisk {
				p.Answer = lead.Known
			} else if c.host.Absent {
				p.Answer = lead.Absent
			}
		}
		p.Term, p.Leader, p.Promised = s.Term, s.Leader, s.Promised
		p.Hears, p.Idle, p.Quiet, p.Reserve = s.Hears, s.OnDisk, s.Quiet, s.Reserve
		// Whose an address is that is ready and did not answer, nobody can say.
		p.Listed = strangers
		if s.Syncing || s.Loading {
			// What it holds is not whole, and it will not keep it.
			p.Position.HasData = false
		}
		if p.Name == leader && c.ok && s.Role != peer.Master && c.address(n.settings.PeerPort) == b.source {
			h.Gone = true
		}
		h.Peers = append(h.Peers, p)
	}
	return h
}

// inquire finds out what no pod says by itself: whether somebody at the address of a
// master that does not answer says that nobody is there any more; and, where that
// counts, who is listed as ready.
func (n *Node) inquire(ctx context.Context, b *ballot) {
	leader, _, source := n.lead()
	if b.source == "" {
		b.source = source
	}
	if _, answers := b.contact(leader); !answers && leader != n.settings.PodName && !b.gone {
		switch {
		case !n.refusedAt(ctx, b.source):
			b.refused = time.Time{}
		case b.refused.IsZero():
			b.refused = time.Now()
		}
		b.gone = !b.refused.IsZero() && time.Since(b.refused) >= refusedFor
	}
	if lead.Policy(n.settings.HivePolicy) != lead.Available {
		return
	}
	b.ready = nil
	for _, name := range n.settings.ReadyServices {
		host := n.directory.Lookup(ctx, name)
		if len(host.Addresses) == 0 && !host.Absent {
			// It may list all of them.
			for _, c := range b.contacts {
				b.ready = append(b.ready, c.host.Addresses...)
			}
		}
		b.ready = append(b.ready, host.Addresses...)
	}
}

// refusedAt tells of a master's address that its machine is there and nobody listens:
// the link to it was closed, and both of its ports refuse.
func (n *Node) refusedAt(ctx context.Context, address string) bool {
	host, port, err := net.SplitHostPort(address)
	if err != nil || n.lastView().LinkUp() {
		return false
	}
	dialer := net.Dialer{Timeout: refusalWait}
	for _, port := range []string{port, strconv.Itoa(n.settings.PeerControlPort)} {
		conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(host, port))
		if err == nil {
			conn.Close()
		}
		if !errors.Is(err, syscall.ECONNREFUSED) {
			return false
		}
	}
	return true
}

const (
	refusalWait = 300 * time.Millisecond
	// refusedFor is for how long a master's address has to refuse before that counts as
	// its end. A firewall can refuse, too; but it ends the links to the replicas as well,
	// and a master notices that at the latest when it next has something to say to them,
	// which it has each second.
	refusedFor = 1200 * time.Millisecond
)
