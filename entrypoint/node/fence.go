//go:build linux

package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/conf"
	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
)

// unreachable is a number of replicas that no master has: one that needs them refuses
// every write.
const unreachable = "1000000"

// fence has the master's server refuse writes while too few replicas acknowledge them,
// and tells whether it does. The server does so by itself, but looks only once a second.
func (n *Node) fence(ctx context.Context, v View, d *duties) bool {
	good := len(v.online(n.settings.MinReplicasMaxLag)) >= n.settings.MinReplicasToWrite
	// The lag is told in seconds: from here on it may be over at any moment.
	d.alert = d.enough && len(v.online(time.Second)) < n.settings.MinReplicasToWrite
	switch {
	case good:
		d.enough = true
		n.unfence(ctx)
	case d.enough:
		n.refuseWrites(ctx)
		n.setState(stateFenced, "too few replicas acknowledge: writes are refused")
		return true
	}
	return false
}

// refuseWrites has the server refuse writes.
func (n *Node) refuseWrites(ctx context.Context) {
	n.mu.Lock()
	fenced := n.fenced
	n.mu.Unlock()
	if fenced {
		return
	}
	if _, err := n.local.Do(ctx, "CONFIG", "SET", "min-replicas-to-write", unreachable); err != nil {
		n.log.Error("can't fence the server", "error", err)
		return
	}
	n.log.Warn("fenced: writes are refused")
	n.mu.Lock()
	n.fenced = true
	n.mu.Unlock()
}

// unfence takes the fence away.
func (n *Node) unfence(ctx context.Context) {
	n.mu.Lock()
	fenced := n.fenced
	n.mu.Unlock()
	if !fenced {
		return
	}
	if _, err := n.local.Do(ctx, "CONFIG", "SET", "min-replicas-to-write", strconv.Itoa(n.settings.MinReplicasToWrite)); err != nil {
		n.log.Error("can't take the fence away", "error", err)
		return
	}
	n.log.Info("writes are taken again")
	n.mu.Lock()
	n.fenced = false
	n.mu.Unlock()
}

// trace follows how far the writes of this master reach: its offset grows by what it
// tells its replicas once a second, too, which is no data. As a replica it gave up all
// of its own. It is called with mu held.
func (n *Node) trace(v View) {
	switch {
	case v.Role() == peer.Master:
		changes := v.Info["rdb_changes_since_last_save"] + " " + v.Info["rdb_last_save_time"]
		if n.apart && n.changes == changes {
			// All of it is in a file.
			return
		}
		n.apart = false
		offset := v.Info.Int("master_repl_offset")
		if n.written != nil && n.changes == changes && n.written.Replid == v.Info["master_replid"] {
			offset = n.written.Offset
		}
		n.changes = changes
		n.written = &lead.Position{HasData: v.HasData(), Replid: v.Info["master_replid"], Offset: offset, History: n.record.History}
	case v.LinkUp():
		n.written = nil
	}
}

// watchEvery is how often a master of a hive looks at its peers.
const watchEvery = time.Second

// rivaled looks for a master of a later term, and follows it. It tells whether it did.
func (n *Node) rivaled(ctx context.Context, d *duties) bool {
	if n.settings.Standalone() {
		n.believe()
		return false
	}
	if n.settings.Elects() {
		return n.reign(ctx, d)
	}
	if since := time.Since(d.watched); since < doubtEvery || since < askEvery && !n.doubtful() {
		return false
	}
	d.watched = time.Now()
	contacts, err := n.poll(ctx)
	if err != nil {
		n.log.Warn("can't look for other masters", "error", err)
		return false
	}
	found := sighting{time.Now(), contacts}
	rival := n.outlook(found)
	if c, ok := found.ballot().contact(rival.Peer); ok && rival.Action == lead.Join && n.follows(c.status) {
		n.yield(ctx, d, c)
		return true
	}
	_, term, _ := n.lead()
	for _, c := range contacts {
		s := c.status
		switch {
		case !c.ok || s.Term <= term:
		case s.Leader == n.settings.PodName:
			// A handover to this pod was counted for more here than there.
			n.setLead(s.Leader, s.Term, n.address())
			d.announced = false
			return true
		case s.Role != peer.Master:
			// Somebody was made master while this one was away, and is away now.
			n.setLead(s.Leader, s.Term, "")
			d.hurry = true
			return true
		}
	}
	n.believe()
	return false
}

// reign does what the peers of a master of a hive make necessary, by what they last
// said.
func (n *Node) reign(ctx context.Context, d *duties) bool {
	n.mu.Lock()
	seen := n.seen
	n.mu.Unlock()
	if !seen.at.After(d.watched) {
		return false
	}
	d.watched = seen.at
	decision := n.outlook(seen)
	switch decision.Action {
	case lead.Join:
		if c, ok := seen.ballot().contact(decision.Peer); ok {
			n.yield(ctx, d, c)
			return true
		}
	case lead.Canvass:
		n.log.Warn("this master has to be elected anew", "reason", decision.Reason)
		n.reaffirm(ctx, d)
	default:
		if n.confirmed(seen.contacts) {
			n.believe()
		}
	}
	return false
}

// terms are the latest one that this pod knows a master of, and that it has promised.
func (n *Node) terms() (term, promised uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.record.Term, n.record.Promised
}

// confirmed tells whether as many pods as a master needs say that they follow this one,
// in its term: after a doubt, what this server's replicas once acknowledged is no proof.
func (n *Node) confirmed(contacts []contact) bool {
	if n.settings.Sentinels() && !n.tenured() {
		return false
	}
	_, term, _ := n.lead()
	followers := 0
	for _, c := range contacts {
		if c.ok && c.status.Leader == n.settings.PodName && c.status.Term == term && c.status.Promised <= term && c.status.LinkUp {
			followers++
		}
	}
	return followers >= n.settings.MinReplicasToWrite
}

// reaffirm makes this pod master of a term that nobody has promised to another: some
// wanted one while they did not hear it, and follow no earlier term any more.
func (n *Node) reaffirm(ctx context.Context, d *duties) {
	b := newBallot()
	decision := n.campaign(ctx, b, n.live)
	switch decision.Action {
	case lead.Start:
		n.act.Lock()
		defer n.act.Unlock()
		if n.valid(b) {
			n.setLead(n.settings.PodName, b.term, n.address())
			d.announced = false
		}
	case lead.Promote:
		if err := n.promote(ctx, b, decision.Peer); err != nil {
			n.log.Warn("can't promote", "pod", decision.Peer, "error", err)
		}
	default:
		n.log.Warn("peers want another master, and there is none", "action", decision.Action, "reason", decision.Reason)
	}
}

// errNotSaved keeps a master from dropping data that are nowhere else.
var errNotSaved = errors.New("writes of this master that no other has can't be saved")

// yield gives way to a master of a later term.
func (n *Node) yield(ctx context.Context, d *duties, c contact) {
	d.hurry = true
	n.log.Warn("another pod is master of a later term", "pod", c.pod(), "term", c.status.Term)
	n.act.Lock()
	n.cutOff()
	n.refuseWrites(ctx)
	n.act.Unlock()
	if err := n.saveDivergence(ctx, c.status); err != nil {
		n.setState(stateFenced, err.Error())
		n.log.Error("not following the later master yet", "pod", c.pod(), "error", err)
		return
	}
	if _, promised := n.terms(); promised > c.status.Term {
		// It may not follow this one before that is elected anew, but is no master either.
		n.setLead(c.pod(), c.status.Term, "")
		n.detach(ctx)
		return
	}
	n.join(c)
	n.follow(ctx)
	n.unfence(ctx)
}

// saveDivergence saves the data set before another master's replaces it, if this
// server took writes that the other lacks.
func (n *Node) saveDivergence(ctx context.Context, later peer.Status) error {
	if n.role() == peer.None {
		return nil
	}
	if !n.look(ctx) {
		return fmt.Errorf("%w: the server does not answer", errNotSaved)
	}
	n.mu.Lock()
	written := n.written
	n.mu.Unlock()
	if written == nil || written.Within(position(later)) {
		return nil
	}
	if err := n.snapshot(ctx); err != nil {
		return fmt.Errorf("%w: %w", errNotSaved, err)
	}
	if err := n.preserve(conf.SnapshotName, written.Replid, written.Offset); err != nil {
		return err
	}
	n.mu.Lock()
	n.written, n.apart = nil, true
	n.mu.Unlock()
	return nil
}

// preserve keeps a snapshot under a name of its own.
func (n *Node) preserve(file, replid string, offset int64) error {
	name := fmt.Sprintf("diverged-%s-%d.rdb", replid, offset)
	from, to := filepath.Join(n.settings.DataDir, file), filepath.Join(n.settings.DataDir, name)
	if err := os.Rename(from, to); err != nil {
		return fmt.Errorf("%w: %w", errNotSaved, err)
	}
	n.log.Error("writes of this pod are in no other: they were saved before they are dropped", "file", to)
	n.mu.Lock()
	n.diverged++
	n.mu.Unlock()
	return nil
}

// snapshot has the server save its data, and waits for it.
func (n *Node) snapshot(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 3*saveTime(n.lastView())+localStop)
	defer cancel()
	before := n.lastView().Info["rdb_saves"]
	if _, err := n.local.Do(ctx, "BGSAVE"); err != nil && !isRefusal(err) {
		return err
	}
	for ctx.Err() == nil {
		sleep(ctx, hurryEvery)
		n.look(ctx)
		v := n.lastView()
		switch {
		case v.Info.Is("rdb_bgsave_in_progress"):
		case v.Info["rdb_last_bgsave_status"] != "ok":
			return errors.New("the snapshot failed: see the server's log")
		case v.Info["rdb_saves"] != before:
			return nil
		default:
			if _, err := n.local.Do(ctx, "BGSAVE"); err != nil && !isRefusal(err) {
				return err
			}
		}
	}
	return ctx.Err()
}
