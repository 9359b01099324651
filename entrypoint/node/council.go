//go:build linux

package node

import (
	"context"
	"slices"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
	"github.com/helm-valkey/helm-valkey/entrypoint/sentinel"
)

// observeEvery is how often a master asks the Sentinels what they know: it has to hear
// within lead.Tenure that they hear it. Other pods do rarely.
const (
	observeEvery  = lead.Tenure / 6
	observeRarely = time.Second
)

// observe keeps an eye on what the Sentinels know, until ctx ends. It is on time for the
// end of a master's tenure: somebody else may be elected soon after.
func (n *Node) observe(ctx context.Context) {
	for ctx.Err() == nil {
		if !n.reigns() {
			n.consult(ctx)
			n.pause(ctx, observeRarely)
			continue
		}
		n.sever(ctx)
		within, cancel := n.withinTenure(ctx)
		n.consult(within)
		n.pause(within, observeEvery)
		cancel()
	}
}

// withinTenure is ctx until a tenure that lasts comes to its end.
func (n *Node) withinTenure(ctx context.Context) (context.Context, context.CancelFunc) {
	if !n.tenured() {
		return context.WithCancel(ctx)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return context.WithDeadline(ctx, n.upheld.Add(lead.Tenure))
}

// session is what the Sentinels said when.
type session struct {
	at      time.Time
	verdict lead.Verdict
}

// consult asks all Sentinels what they know, if there are any, and does what follows from
// it for this pod.
func (n *Node) consult(ctx context.Context) []sentinel.Opinion {
	if n.council == nil {
		return nil
	}
	asked := time.Now()
	opinions, err := n.council.Ask(ctx)
	if err != nil {
		n.log.Warn("can't ask the Sentinels", "error", err)
		return nil
	}
	seats := sentinel.Seats(opinions)
	newest, _ := seats.Newest()
	_, term, _ := n.lead()
	reigns := n.reigns()
	n.mu.Lock()
	if asked.Before(n.session.at) {
		// Others were quicker.
		n.mu.Unlock()
		return opinions
	}
	if seats.Upholds(n.announced(), term) && asked.After(n.upheld) {
		n.upheld = asked
	}
	astray := reigns && slices.ContainsFunc(seats, func(s lead.Seat) bool { return s.Answers && s.Epoch == term && s.Master != n.announced() })
	switch misses := seats.Misses(n.settings.SentinelQuorum); {
	case !misses:
		n.missed = time.Time{}
	case n.missed.IsZero():
		n.missed = time.Now()
	}
	n.session = session{asked, lead.Verdict{Sits: seats.Sits(), Epoch: newest.Epoch, Astray: astray}}
	n.mu.Unlock()
	switch {
	case newest.Epoch > term:
		// Who is master says so by itself, and is found among the peers.
		n.refused()
	case reigns && slices.ContainsFunc(opinions, func(o sentinel.Opinion) bool { return o.Answers && o.Epoch < term }):
		if err := n.council.Proclaim(ctx, opinions, n.announced(), term); err != nil {
			n.log.Warn("not all Sentinels could be told who is master", "error", err)
		}
	}
	return opinions
}

// verdict is what the Sentinels last said together; nil without any. It is called with mu
// held.
func (n *Node) verdict() *lead.Verdict {
	if n.council == nil {
		return nil
	}
	v := n.session.verdict
	if time.Since(n.session.at) > lead.Tenure {
		// It may long be otherwise.
		v.Sits = false
	}
	if !n.missed.IsZero() {
		v.Missed = time.Since(n.missed)
	}
	return &v
}

// awaited tells whether an election waits for the Sentinels to miss the master.
func (n *Node) awaited() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.council != nil && n.missed.IsZero()
}

// proclaim tells the Sentinels at once that this pod is master, if there are any.
func (n *Node) proclaim(ctx context.Context) {
	if n.council == nil {
		return
	}
	n.mu.Lock()
	// Most of them voted for it only just now.
	n.upheld = time.Now()
	n.mu.Unlock()
	go n.consult(context.WithoutCancel(ctx))
}

// canvassSentinels has the Sentinels vote for this pod as the one that changes the
// master, in an epoch after one that is known.
func (n *Node) canvassSentinels(ctx context.Context, after uint64) (uint64, error) {
	return n.council.Elect(ctx, n.consult(ctx), sentinel.ID(n.settings.ClusterID, n.settings.PodName), after)
}

// tenured tells whether most Sentinels have said lately that they hear this master, and
// know of none after it.
func (n *Node) tenured() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return time.Since(n.upheld) < lead.Tenure && n.session.verdict.Epoch <= n.record.Term
}

// severed has a master's server refuse writes while it hears too few Sentinels to know
// that there is no other, and tells whether it does. Meanwhile it looks often, to go on as
// soon as it may.
func (n *Node) severed(ctx context.Context, d *duties) bool {
	n.severing.Lock()
	defer n.severing.Unlock()
	d.alert = d.alert || !n.tenured()
	switch {
	case !n.reigns():
		return false
	case n.undisputed():
		n.unfence(ctx)
		return false
	}
	n.refuseWrites(ctx)
	n.setState(stateFenced, "no majority of Sentinels answers, and not all replicas are here: writes are refused")
	return true
}

// sever has the server refuse writes if severed would.
func (n *Node) sever(ctx context.Context) {
	n.severing.Lock()
	defer n.severing.Unlock()
	if n.reigns() && !n.undisputed() {
		n.refuseWrites(ctx)
	}
}

// undisputed tells whether this master knows that there is no other.
func (n *Node) undisputed() bool { return n.tenured() || n.whole() }

// whole tells whether all pods acknowledge what this master writes that could elect
// another, or be it: each that is listed, and each that was found beside those. Who elects
// another leaves this one first.
func (n *Node) whole() bool {
	names, err := n.directory.Names()
	n.mu.Lock()
	contacts, online := n.seen.contacts, n.view.online(lead.Tenure)
	n.mu.Unlock()
	if err != nil || len(contacts) < len(names)-1 {
		return false
	}
	return !slices.ContainsFunc(contacts, func(c contact) bool {
		return !slices.ContainsFunc(c.host.Addresses, func(address string) bool { return slices.Contains(online, address) })
	})
}
