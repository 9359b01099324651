//go:build linux

package node

import (
	"context"
	"net"
	"slices"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
)

// listenEvery is how often a pod asks its master's entrypoint how it is.
const listenEvery = 500 * time.Millisecond

// listen keeps an ear on the master, in a hive, until ctx ends. The server's own word
// would be too coarse: it counts in seconds.
func (n *Node) listen(ctx context.Context) {
	for ctx.Err() == nil {
		leader, _, source := n.lead()
		if host, _, err := net.SplitHostPort(source); err == nil && leader != n.settings.PodName && !n.hears(listenEvery) {
			n.listenTo(ctx, leader, host)
		}
		n.pause(ctx, listenEvery)
	}
}

func (n *Node) listenTo(ctx context.Context, leader, ip string) {
	s, err := n.peers.Glance(ctx, ip)
	switch {
	case err != nil || s.Pod != leader:
	case s.Role == peer.Master && s.Leader == leader:
		n.hear(s.Online)
	default:
		n.mu.Lock()
		n.misled = true
		n.mu.Unlock()
	}
}

// sighting is what the peers said when.
type sighting struct {
	at       time.Time
	contacts []contact
}

// watch asks all peers how they are each second while this pod is master, in a hive,
// until ctx ends. It stands beside the duties, which a pod that does not answer must not
// hold up.
func (n *Node) watch(ctx context.Context) {
	age := recentHosts
	for ctx.Err() == nil {
		if n.reigns() {
			at := time.Now()
			contacts, err := n.glance(ctx, age)
			if err == nil {
				n.see(sighting{at, contacts})
			}
			age = recentHosts
			if err == nil && !slices.ContainsFunc(contacts, func(c contact) bool { return !c.ok }) {
				age = steadyHosts
			}
		}
		n.pause(ctx, watchEvery)
	}
}

// steadyHosts is how old the peers' addresses may be while all of them answer there.
const steadyHosts = 10 * time.Second

// see keeps what the peers said for the master's duties, and calls for them at once if
// it is not what a master expects.
func (n *Node) see(s sighting) {
	n.mu.Lock()
	n.seen = s
	n.mu.Unlock()
	if n.doubtful() || n.outlook(s).Action != lead.Start {
		n.hasten()
	}
}

// lastSeen is what the peers last said to this pod as master of a hive.
func (n *Node) lastSeen() []contact {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.seen.contacts
}

// outlook is what a master is to do about what its peers said.
func (n *Node) outlook(s sighting) lead.Decision {
	return n.hive(s.ballot(), n.live().position).Reign()
}

func (s sighting) ballot() *ballot {
	b := newBallot()
	b.contacts = s.contacts
	return b
}

func (n *Node) hear(online []string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.heard, n.misled = time.Now(), false
	if online != nil {
		n.mates = online
	}
}

// hears tells whether the master was heard of within a time.
func (n *Node) hears(within time.Duration) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return !n.misled && time.Since(n.heard) < within
}

// hearing tells whether this pod has a master that it hears. It is called with mu held.
func (n *Node) hearing() bool {
	return n.record.Leader != n.settings.PodName && !n.misled && time.Since(n.heard) < n.settings.HiveSilence
}

// attend takes from a look at the server what it says of its master. It is called with
// mu held.
func (n *Node) attend(before, now View) {
	if now.Role() != peer.Replica || !now.LinkUp() {
		if n.quiet.IsZero() {
			n.quiet = time.Now()
		}
		if before.LinkUp() {
			// A peer's question may have brought this to light.
			n.hasten()
		}
		return
	}
	n.quiet = time.Time{}
	n.linked = n.linked || !now.Syncing()
	// A master that has nothing to say sends a PING each second.
	spoke := now.Info["slave_read_repl_offset"] != before.Info["slave_read_repl_offset"] || now.Info["master_repl_offset"] != before.Info["master_repl_offset"]
	switch {
	case !before.LinkUp():
		n.heard = now.At
	case spoke && before.At.After(n.heard):
		// It may have been right after the look before.
		n.heard = before.At
	}
}

// silentIn is how long it is until the master has been silent for too long.
func (n *Node) silentIn() time.Duration {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.settings.HiveSilence - time.Since(n.heard)
}

// quietFor is how long ago this server last acknowledged anything to a master. It is
// called with mu held.
func (n *Node) quietFor() time.Duration {
	if n.quiet.IsZero() {
		return 0
	}
	return time.Since(n.quiet)
}

// hangExtra is for how much longer than for Sentinels a server has to be silent for its own
// pod to end it: that is not taken back.
const hangExtra = 500 * time.Millisecond

// hangs tells whether this pod's server, which is master, has to be ended because it
// does not answer and another could serve in its place.
func (n *Node) hangs(role string, d *duties) bool {
	if !n.settings.Elects() || role != peer.Master || !d.hurry {
		return false
	}
	v := n.lastView()
	patience := n.settings.HiveHang
	if n.settings.Sentinels() {
		patience = n.settings.SentinelDownAfter + hangExtra
	}
	if v.Loading() || len(v.online(n.settings.MinReplicasMaxLag)) < max(1, n.settings.MinReplicasToWrite) || time.Since(v.At) < patience {
		return false
	}
	n.log.Error("the server does not answer; ending it, so that a replica can be master", "for", time.Since(v.At).Round(time.Millisecond).String())
	return true
}
