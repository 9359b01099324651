//go:build linux

package node

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/handover"
	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
	"github.com/helm-valkey/helm-valkey/entrypoint/settings"
)

const (
	// lingerFor is how long the write endpoint goes on after the order to stop, so that
	// clients are not sent to a pod that is gone: the cluster's nodes take a moment to
	// hear that it stops.
	lingerFor = 2 * time.Second
	// forgetFor is the same where only pods that stop are left: clients are sent to all of
	// those until their probes have failed.
	forgetFor = 4 * time.Second
	// stopReserve is kept of the grace period for what comes after: the clients' leave, and
	// a snapshot.
	stopReserve = 25 * time.Second
	// seekEvery is how often a master that stops looks for an heir.
	seekEvery = 100 * time.Millisecond
	// attemptFor is how long one handover can take at worst.
	attemptFor = 9 * time.Second
)

// depart readies the pod for its end while all of it still runs: mastership goes to
// another pod, then the clients go.
func (n *Node) depart(ctx context.Context) {
	if n.proxy == nil {
		return
	}
	n.mu.Lock()
	n.leaving = true
	n.mu.Unlock()
	began := time.Now()
	n.setState(stateLeaving, "")
	r := resignation{began: began, failed: map[string]int{}, unready: map[string]time.Time{}}
	if n.resign(ctx, &r) {
		// Whoever took over may have come only just now.
		began = time.Now()
	}
	sleep(ctx, lingerFor-time.Since(began))
	n.linger(ctx, &r, began.Add(n.settings.UpdateWait))
	drain, cancel := context.WithTimeout(ctx, n.settings.ProxyHoldTimeout)
	defer cancel()
	if err := n.proxy.Drain(drain); err != nil {
		n.log.Warn("not all clients could be sent away in good order", "error", err)
	}
}

// linger goes on, as a replica and as an endpoint for writes, while this pod is needed:
// until another pod that stays is known to be ready, so that clients find it, and until
// enough replicas stay for the master to take writes. One that is master still hands
// over as soon as anybody is in sync.
func (n *Node) linger(ctx context.Context, r *resignation, until time.Time) {
	last := r.began.Add(n.settings.GracePeriod - stopReserve)
	for ctx.Err() == nil && time.Now().Before(until) && time.Now().Before(last) {
		contacts, err := n.poll(ctx)
		others := fellows(contacts)
		alone := n.reigns() && (!n.settings.DataVolume || n.settings.Persistence == settings.None)
		if alone || !n.reigns() && lead.MasterStays(others) {
			// The data would be gone with this pod; or the master would refuse writes without the
			// replicas that it needs, for as long as their successors take to come.
			until = last
		}
		if err == nil && lead.MayGo(n.settings.PodName, n.settings.MinReplicasToWrite, others) && !n.reigns() && (time.Since(r.began) >= forgetFor || lead.Stays(others)) {
			return
		}
		if n.reigns() {
			n.attempt(ctx, r, false)
		} else {
			n.setState(stateLeaving, "the other pods are not enough yet")
		}
		sleep(ctx, seekEvery)
	}
}

// reigns tells whether this pod is master.
func (n *Node) reigns() bool { return n.leads() && n.role() == peer.Master }

// fellows are all other pods as one sees them that wants to leave them. A replica is in
// sync only once the master says so, too: between its first data and its first
// acknowledgement it does not count there.
func fellows(contacts []contact) []lead.Fellow {
	var online []string
	for _, c := range contacts {
		online = append(online, c.status.Online...)
	}
	var all []lead.Fellow
	for _, c := range contacts {
		s := c.status
		host, _, _ := net.SplitHostPort(s.Address)
		all = append(all, lead.Fellow{
			Name:    c.pod(),
			Master:  s.Role == peer.Master,
			InSync:  s.Role == peer.Replica && s.LinkUp && !s.Syncing && !s.Loading && slices.Contains(online, host),
			Leaving: s.Leaving,
			Ready:   s.ReadyFor >= lingerFor,
		})
	}
	return all
}

// resignation is a master's way out: since when, and with whom it failed how often.
type resignation struct {
	began   time.Time
	failed  map[string]int
	unready map[string]time.Time
}

// unreadyFor is for how long an heir may say that it is not ready before that counts as
// a failure.
const unreadyFor = time.Second

func (r *resignation) failedWith(pod string, err error) {
	since, before := r.unready[pod]
	switch {
	case !errors.Is(err, handover.ErrNotReady) || before && time.Since(since) > unreadyFor:
		r.failed[pod]++
		delete(r.unready, pod)
	case !before:
		r.unready[pod] = time.Now()
	}
}

// resign hands mastership to another pod, if this one has it and there is any that can
// have it. It tells whether it did.
func (n *Node) resign(ctx context.Context, r *resignation) bool {
	n.look(ctx)
	if !n.reigns() {
		return false
	}
	for ctx.Err() == nil && time.Since(r.began) < n.settings.UpdateWait+2*attemptFor {
		patient := time.Since(r.began) < n.settings.UpdateWait
		switch n.attempt(ctx, r, patient) {
		case lead.HandOver:
			return true
		case lead.Stop:
			return false
		}
		sleep(ctx, seekEvery)
	}
	return false
}

// attempt looks for an heir once, and hands over to it. It answers with what was decided:
// HandOver if that is done, Stop if there is nothing to wait for.
func (n *Node) attempt(ctx context.Context, r *resignation, patient bool) lead.Action {
	contacts, err := n.poll(ctx)
	if err != nil {
		n.log.Warn("can't look for an heir", "error", err)
		return lead.Wait
	}
	decision := lead.Succession{Heirs: n.heirs(contacts, r.failed), Patient: patient}.Decide()
	n.setState(stateLeaving, decision.Reason)
	if decision.Action != lead.HandOver {
		return decision.Action
	}
	if err := n.bequeath(ctx, contacts, decision.Peer); err != nil {
		r.failedWith(decision.Peer, err)
		n.log.Warn("can't hand mastership over", "to", decision.Peer, "error", err)
	}
	n.look(ctx)
	if n.reigns() {
		return lead.Wait
	}
	return lead.HandOver
}

// bequeath hands mastership to one of the pods that were just asked.
func (n *Node) bequeath(ctx context.Context, contacts []contact, pod string) error {
	b := ballot{contacts: contacts}
	c, ok := b.contact(pod)
	if !ok {
		return errGone
	}
	ctx, cancel := context.WithTimeout(ctx, attemptFor)
	defer cancel()
	return n.handOver(ctx, heir{pod: pod, ip: c.ip, address: c.address(n.settings.PeerPort)})
}

// heirs are all other pods as a master that stops sees them.
func (n *Node) heirs(contacts []contact, failed map[string]int) []lead.Heir {
	youngest := map[string]peer.Status{}
	complete := map[string]bool{}
	mixed := map[string]bool{}
	own := n.status()
	for _, c := range append([]contact{{status: own, ok: true}}, contacts...) {
		set := setOf(c.pod())
		first, seen := youngest[set]
		if _, known := complete[set]; !known {
			complete[set] = true
		}
		switch {
		case !c.ok:
			complete[set] = false
			continue
		case !seen || c.status.Age < first.Age:
			youngest[set] = c.status
		}
		mixed[set] = mixed[set] || seen && first.Revision != c.status.Revision
		complete[set] = complete[set] && (c.status.Role == peer.Master || c.status.LinkUp)
	}
	var heirs []lead.Heir
	for _, c := range contacts {
		s, set := c.status, setOf(c.pod())
		heirs = append(heirs, lead.Heir{
			Name:    c.pod(),
			InSync:  c.ok && s.Role == peer.Replica && s.LinkUp && !s.Syncing && !s.Loading && s.Offset > 0 && (s.Replid == own.Replid || own.Role != peer.Master),
			Updated: c.ok && s.Revision == youngest[set].Revision && (mixed[set] || complete[set]),
			Leaving: s.Leaving,
			Reserve: s.Reserve,
			Home:    c.pod() == firstLabel(n.settings.Master),
			Failed:  failed[c.pod()],
			Offset:  s.Offset,
		})
	}
	return heirs
}

// setOf is the StatefulSet of a pod: its name without the ordinal.
func setOf(pod string) string {
	if i := strings.LastIndexByte(pod, '-'); i >= 0 {
		return pod[:i]
	}
	return pod
}
