//go:build linux

package node

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/conf"
	"github.com/helm-valkey/helm-valkey/entrypoint/engine"
	"github.com/helm-valkey/helm-valkey/entrypoint/external"
	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
	"github.com/helm-valkey/helm-valkey/entrypoint/record"
)

// A release that takes over the data of a server outside has no master of its own, and its
// term is 0, until that is cut over: its master's pod is a replica of that server, and the
// others are replicas of the master's pod. Who knows of a later term knows that it is over,
// and never follows that server again.

// copies tells whether this release takes its data from a server outside.
func (n *Node) copies() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.copying()
}

// copying is copies with mu held.
func (n *Node) copying() bool {
	return n.record.Term == 0 && (n.settings.External != "" || n.record.Source != "")
}

// outside is the server that the data come from. It is called with mu held.
func (n *Node) outside() string {
	if n.record.Source != "" {
		return n.record.Source
	}
	return n.settings.External
}

// readOnly is why a release without a master of its own takes no writes; empty if it has
// one. It is called with mu held.
func (n *Node) readOnly() string {
	if !n.copying() {
		return ""
	}
	return fmt.Sprintf("this release still follows %s, and takes no writes until it is promoted (helm valkey promote)", n.outside())
}

// ignored is why a release does not follow the server outside that its values name; empty if
// they name none, or that one was followed and left. It is called with mu held.
func (n *Node) ignored() string {
	if n.settings.External == "" || n.record.Source == n.settings.External {
		return ""
	}
	return n.settings.External + " is not followed: this release has data of its own, and takes writes"
}

// admit decides how the server starts of the pod that leads a release which is to follow a
// server outside.
func (n *Node) admit(ctx context.Context) (conf.Start, error) {
	own := n.onDisk()
	n.setState(stateGuarding, "asking all peers what they hold")
	source := n.newSource()
	defer source.Close()
	b := newBallot()
	for wait := firstWait; ; wait = min(2*wait, lastWait) {
		decision := n.admission(ctx, b, own)
		if decision.Action == lead.Join && n.settings.External != "" {
			decision = n.feasible(ctx, source, decision)
		}
		if ctx.Err() != nil {
			return conf.Start{}, ctx.Err()
		}
		switch decision.Action {
		case lead.Start:
			return n.guard(ctx)
		case lead.Join:
			n.log.Info("following a server outside", "address", n.settings.External, "reason", decision.Reason)
			return n.startCopy(own), nil
		default:
			n.undecided(ctx, b, decision)
		}
		sleep(ctx, wait)
	}
}

func (n *Node) admission(ctx context.Context, b *ballot, own own) lead.Decision {
	contacts, err := n.poll(ctx)
	if err != nil {
		return lead.Decision{Action: lead.Wait, Reason: err.Error()}
	}
	b.contacts = contacts
	n.mu.Lock()
	r := n.record
	n.mu.Unlock()
	in := lead.Admission{
		Source: n.settings.External, Copied: r.Source,
		// A copy that was never in sync may have left empty files.
		HasData: own.position.HasData && (r.Source == "" || r.Replid != ""),
		Patient: time.Since(b.began) < n.settings.BootstrapWait,
	}
	for _, c := range contacts {
		// A pod that does not exist holds nothing, unless its volume does.
		c.host.Absent = c.host.Absent && !n.settings.ReplicaVolumes
		p := candidate(c, nil)
		p.Term = c.status.Term
		if c.status.External != nil {
			p.Copied = c.status.External.Address
		}
		in.Peers = append(in.Peers, p)
	}
	return in.Decide()
}

// feasible is a decision to follow the server outside, unless that says of itself that it
// can't be followed: to try all the same would cost it a snapshot each time.
func (n *Node) feasible(ctx context.Context, source *external.Source, decision lead.Decision) lead.Decision {
	state, err := source.Look(ctx)
	if err != nil {
		// Whatever keeps it from answering may pass.
		return decision
	}
	if problem := state.Problem(n.release); problem != "" {
		return lead.Decision{Action: lead.Hold, Reason: source.Address() + " can't be followed: " + problem}
	}
	return decision
}

// startCopy is how the server starts that follows one outside: with what it has, which is a
// copy, in whichever form is the newest.
func (n *Node) startCopy(own own) conf.Start {
	if own.damaged {
		n.putAway()
	}
	n.mu.Lock()
	if n.settings.External != "" {
		n.record.Source = n.settings.External
	}
	n.record.Leader = n.settings.PodName
	n.mu.Unlock()
	n.save(record.Durable)
	start := conf.Start{Source: n.settings.External, AppendOnly: n.beginsWithAOF(own), Outside: true}
	if start.Source == "" || own.position.HasData {
		// Whether to follow it shows only when it was asked.
		start.Source = conf.Detached
	}
	return start
}

// sourceAddress is what the server replicates from: nobody, if the values do not name the one
// outside any more; nor, when the link to that was lost at down, until it has shown that it is
// there and holds data. One that lost them in a crash would have them lost here, too.
func (n *Node) sourceAddress(v View, down time.Time) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	s := n.survey
	switch {
	case n.settings.External == "":
		return conf.Detached
	case v.LinkUp(), v.Syncing(), !v.HasData():
		return n.settings.External
	case s.lost(), !s.good.After(down):
		return conf.Detached
	default:
		// It may well be silent for a while: it makes a snapshot for this one.
		return n.settings.External
	}
}

func (n *Node) newSource() *external.Source {
	s := n.settings
	return external.At(s.External, s.ExternalUsername, s.ExternalPassword)
}

// copyDuty is what the master's pod does at each look while it follows a server outside.
func (n *Node) copyDuty(ctx context.Context, d *duties) {
	v := n.lastView()
	n.believe()
	n.mu.Lock()
	outside, problem, reason := n.outside(), n.survey.problem(n.release), n.readOnly()
	lost := n.survey.lost() && v.HasData()
	n.mu.Unlock()
	up := v.LinkUp() && !v.Syncing()
	d.alert = true
	switch {
	case n.settings.External == "":
		reason = fmt.Sprintf("this release was not promoted, and its values do not name %s any more, which it followed: set externalMaster again, or promote it without that server (helm valkey promote --source-is-gone)", outside)
	case v.Syncing() || v.Loading():
		reason = "taking in the data of " + outside
	case !up && lost:
		reason = outside + " holds nothing any more, and is not followed: promote this release without it (helm valkey promote --source-is-gone), or delete its volumes to follow it all the same"
	case !up:
		reason = "no link to " + outside + problem
	default:
		if !d.followed {
			// What came until now may be nowhere but in memory.
			d.unsaved, d.saved = true, false
			go n.announce(ctx)
		}
		n.keep(ctx, v, d)
	}
	if up || d.downSince.IsZero() {
		d.downSince = time.Now()
	}
	d.followed = up
	n.setState(stateFollowing, reason)
	n.followOutside(ctx, n.sourceAddress(v, d.downSince))
}

// followOutside points the server at the one outside, or at nobody, if it is not.
func (n *Node) followOutside(ctx context.Context, source string) {
	n.act.Lock()
	defer n.act.Unlock()
	if v := n.lastView(); !n.copies() || v.Role() != peer.Replica || v.Source() == source {
		return
	}
	host, port, err := net.SplitHostPort(source)
	if err == nil {
		_, err = n.local.Do(ctx, "REPLICAOF", host, port)
	}
	if err != nil {
		n.log.Error("can't follow the server outside", "address", source, "error", err)
		return
	}
	n.look(ctx)
}

// promotedByHand takes note that somebody made the server a master behind this process'
// back, while it followed one outside. What it took since then must not be thrown away.
func (n *Node) promotedByHand(ctx context.Context) {
	n.act.Lock()
	defer n.act.Unlock()
	if n.look(ctx); !n.copies() || n.role() != peer.Master {
		return
	}
	n.log.Warn("the server was made master by hand: nothing keeps the one outside from taking writes as well", "outside", n.settings.External)
	n.logInToPeers(ctx)
	n.accede(ctx, lead.ElectionTerm(0))
}

// logInToPeers has the server use the release's own password, for when it is a replica of
// another pod.
func (n *Node) logInToPeers(ctx context.Context) {
	for _, pair := range [][2]string{{"masteruser", ""}, {"masterauth", n.settings.Password}} {
		if _, err := n.local.Do(ctx, "CONFIG", "SET", pair[0], pair[1]); err != nil {
			n.log.Error("can't set how the server logs in to its peers", "directive", pair[0], "error", err)
		}
	}
}

// survey is what the server outside last said of itself, or why it said nothing, and when it
// last said that it holds data.
type survey struct {
	at    time.Time
	good  time.Time
	state external.State
	err   error
}

// lost tells whether the server answers, and has nothing.
func (s survey) lost() bool {
	return !s.at.IsZero() && s.err == nil && !s.state.Loading && !s.state.HasData
}

// problem is what keeps a server of a release from following it, as the end of a sentence.
func (s survey) problem(own engine.Release) string {
	problem := s.state.Problem(own)
	if s.err != nil {
		problem = s.err.Error()
	}
	if problem == "" {
		return ""
	}
	return ": " + problem
}

// surveyOutside asks the server outside how it is, until ctx ends or the release has a
// master of its own.
func (n *Node) surveyOutside(ctx context.Context) {
	source := n.newSource()
	defer source.Close()
	for ctx.Err() == nil && n.copies() {
		state, err := source.Look(ctx)
		n.mu.Lock()
		now := survey{at: time.Now(), good: n.survey.good, state: state, err: err}
		if err == nil && state.HasData && !state.Loading {
			now.good = now.at
		}
		n.survey = now
		n.mu.Unlock()
		n.pause(ctx, lookEvery)
	}
}

// external is how this pod stands to the server outside; nil once the release has a master
// of its own. It is called with mu held.
func (n *Node) external() *peer.External {
	if !n.copying() {
		return nil
	}
	e := &peer.External{Address: n.outside()}
	if n.record.Leader != n.settings.PodName {
		return e
	}
	v := n.view
	e.LinkUp = v.Role() == peer.Replica && v.LinkUp() && !v.Syncing()
	if e.LinkUp {
		e.Lag = max(0, n.survey.state.Offset-v.Info.Int("slave_repl_offset"))
	}
	e.Problem = strings.TrimPrefix(n.survey.problem(n.release), ": ")
	return e
}
