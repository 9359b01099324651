package node

import (
	"context"
	"syscall"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
	"github.com/helm-valkey/helm-valkey/entrypoint/server"
)

const (
	// lookEvery is how often a settled server is looked at, hiveEvery in a hive, where
	// every pod has to notice by itself that the master is gone, and hurryEvery while
	// something is about to change.
	lookEvery  = time.Second
	hiveEvery  = 500 * time.Millisecond
	hurryEvery = 20 * time.Millisecond
	// alertEvery is how often a master is looked at that may have to be fenced soon.
	alertEvery = 100 * time.Millisecond
)

// tend looks at the server again and again, and does what its role asks for. It
// returns when running ends, or true if the server is to be set aside.
func (n *Node) tend(running context.Context) (aside bool) {
	d := duties{chainedSince: time.Now()}
	linked := false
	for {
		d.hurry, d.alert = !n.glimpse(running), false
		if up := n.lastView().LinkUp(); up != linked {
			linked = up
			n.nudge(running)
			// What the master knows of the history before is needed at once.
			d.asked = time.Time{}
		}
		n.duty(running, &d)
		n.route()
		if d.aside {
			return true
		}
		wait := n.untilBeat(lookEvery)
		if n.settings.Elects() {
			wait = n.untilBeat(hiveEvery)
			if silent := n.silentIn(); silent > 0 {
				wait = min(wait, silent)
			}
		}
		switch {
		case d.hurry:
			wait = hurryEvery
		case d.alert:
			wait = alertEvery
		}
		select {
		case <-running.Done():
			return false
		case <-n.wake:
		case <-time.After(wait):
		}
	}
}

// duty does what the server's role asks for.
func (n *Node) duty(ctx context.Context, d *duties) {
	role := n.role()
	if role == peer.Replica && !n.leads() {
		d.followed = true
		n.unfence(ctx)
	} else if d.followed && role == peer.Master && n.leads() {
		d.regained()
	}
	switch {
	case n.hangs(role, d):
		n.Signal(func(p *server.Process) { p.Signal(syscall.SIGKILL) })
	case n.copies() && n.leads() && role == peer.Master:
		n.promotedByHand(ctx)
		d.hurry = true
	case n.copies() && n.leads() && role == peer.Replica:
		n.copyDuty(ctx, d)
	case role == peer.Master && n.leads():
		n.masterDuty(ctx, d)
	case role == peer.Master:
		n.pretender(ctx, d)
	case role == peer.Replica && n.leads() && n.isBeginning():
		n.begins(ctx, d)
	case role == peer.Replica && n.moving():
		// Whom to follow shows in a moment.
		d.hurry = true
	case role == peer.Replica && n.isMasterPod() && !n.settings.Elects():
		n.regain(ctx, d)
	case role == peer.Replica:
		n.replicaDuty(ctx, d)
	}
}

// duties is what tend carries from one look to the next: whether to look again
// soon, or to set the server aside; when the peers were last asked, since when the
// link is down, when the leader last answered; the vote that is under way; how often
// a handover has failed in a row; whether the peers know of this master, and whether it
// was a replica before; since when all has been quiet; whether enough replicas were in sync, and when rivals were last
// looked for; and what is still to be saved, is saved, and tidied up.
type duties struct {
	hurry, alert, aside     bool
	asked, downSince, heard time.Time
	vote                    *ballot
	failed, refused         int
	tried                   time.Time
	calmWith                string
	announced, followed     bool
	calmSince, watched      time.Time
	chainedSince            time.Time
	enough, reserve         bool
	unsaved, saved, tidied  bool
}

// regained begins anew what a master has to do once.
func (d *duties) regained() {
	*d = duties{hurry: d.hurry, unsaved: true, chainedSince: time.Now()}
}

// nudge has the master hear at once that this replica is there.
func (n *Node) nudge(ctx context.Context) {
	if err := n.local.Nudge(ctx); err != nil {
		n.log.Debug("can't nudge the server", "error", err)
	}
}

func (n *Node) hasten() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}
