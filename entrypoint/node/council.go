package node

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/conf"
	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
	"github.com/helm-valkey/helm-valkey/entrypoint/record"
	"github.com/helm-valkey/helm-valkey/entrypoint/sentinel"
)

const (
	// observeEvery is how often the Sentinels are asked what they know.
	observeEvery = 500 * time.Millisecond
	// tenure is how long a master goes on without hearing from most Sentinels. It is less
	// than they take to miss it (SENTINEL_DOWN_AFTER), so that they elect another only
	// when it has stopped.
	tenure = 1500 * time.Millisecond
	// missedFor is how long Sentinels may miss their master before the pods have them vote
	// on another: they do as much by themselves, unless they know of no replica that can be
	// master.
	missedFor = 5 * time.Second
	// homeFirst is how long the others leave it to the first of the master's pods to
	// begin where nobody holds data.
	homeFirst = 3 * time.Second
)

// observe keeps an eye on what the Sentinels know, until ctx ends.
func (n *Node) observe(ctx context.Context) {
	for ctx.Err() == nil {
		n.consult(ctx)
		n.pause(ctx, observeEvery)
	}
}

// consult asks all Sentinels what they know, and does what follows from it for this pod.
func (n *Node) consult(ctx context.Context) []sentinel.Opinion {
	asked := time.Now()
	opinions, err := n.council.Ask(ctx)
	if err != nil {
		n.log.Warn("can't ask the Sentinels", "error", err)
		return nil
	}
	seats := sentinel.Seats(opinions)
	newest, answered := seats.Newest()
	_, term, _ := n.lead()
	n.mu.Lock()
	if seats.Upholds(n.address(), term) {
		n.upheld = asked
	}
	switch misses := seats.Misses(n.quorum(seats)); {
	case !misses:
		n.missed = time.Time{}
	case n.missed.IsZero():
		n.missed = asked
	}
	n.superseded = answered && newest.Epoch > term
	later := n.superseded
	n.mu.Unlock()
	switch {
	case later:
		// Who is master says so by itself, and is found among the peers.
		n.refused()
	case n.reigns() && slices.ContainsFunc(opinions, func(o sentinel.Opinion) bool { return o.Answers && o.Epoch < term }):
		n.tellSentinels(ctx, opinions)
	}
	return opinions
}

func (n *Node) quorum(seats lead.Council) int {
	if n.settings.SentinelQuorum > 0 {
		return n.settings.SentinelQuorum
	}
	return seats.Majority()
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

func (n *Node) tellSentinels(ctx context.Context, opinions []sentinel.Opinion) {
	_, term, _ := n.lead()
	if err := n.council.Proclaim(ctx, opinions, n.address(), term); err != nil {
		n.log.Warn("not all Sentinels could be told who is master", "error", err)
	}
}

// canvassSentinels has the Sentinels vote for this pod as the one that changes the
// master, in an epoch after one that is known.
func (n *Node) canvassSentinels(ctx context.Context, after uint64) (uint64, error) {
	return n.council.Elect(ctx, n.consult(ctx), sentinel.ID(n.settings.ClusterID, n.settings.PodName), after)
}

// appeal is vote with the Sentinels' consent: what makes another master is done only in
// an epoch for which most of them have voted for this pod.
func (n *Node) appeal(ctx context.Context, b *ballot, own own) lead.Decision {
	decision := n.vote(ctx, b, own)
	if decision.Action != lead.Start && decision.Action != lead.Promote {
		return decision
	}
	if decision.Action == lead.Start && !own.position.HasData {
		switch home := firstLabel(n.settings.Master); {
		case !n.isMasterPod():
			return lead.Decision{Action: lead.Wait, Peer: home, Reason: "nobody holds data: one of the master's pods begins"}
		case n.settings.PodName != home && time.Since(b.began) < homeFirst:
			return lead.Decision{Action: lead.Wait, Peer: home, Reason: "nobody holds data: " + home + " begins"}
		}
	}
	n.inquire(ctx, b)
	opinions := n.consult(ctx)
	if obstacle := n.obstacle(b, sentinel.Seats(opinions)); obstacle != "" {
		return lead.Decision{Action: lead.Wait, Reason: obstacle}
	}
	b.asked = time.Now()
	epoch, err := n.council.Elect(ctx, opinions, sentinel.ID(n.settings.ClusterID, n.settings.PodName), n.highestTerm(b))
	if err != nil {
		return lead.Decision{Action: lead.Wait, Reason: err.Error()}
	}
	b.term = epoch
	return decision
}

// obstacle says why the Sentinels can't be asked to vote yet; empty if they can.
func (n *Node) obstacle(b *ballot, seats lead.Council) string {
	if !seats.Sits() {
		return "no majority of Sentinels answers"
	}
	newest, _ := seats.Newest()
	n.mu.Lock()
	defer n.mu.Unlock()
	leader, term := n.record.Leader, n.record.Term
	mine := leader == n.settings.PodName && n.gone || newest.Master == n.address()
	missed := !n.missed.IsZero() && time.Since(n.missed) >= missedFor
	c, answers := b.contact(leader)
	switch {
	case missed:
		return ""
	case newest.Epoch > term && newest.Master != n.address():
		return "the Sentinels know of a later master, at " + newest.Master
	case term == 0 && newest.Master == conf.Detached, mine, b.gone:
		return ""
	case answers && c.status.Role != peer.Master && time.Since(b.began) >= ownDecision:
		return ""
	case answers:
		return leader + " was master and decides who is next"
	default:
		return "the Sentinels do not miss " + leader + " yet"
	}
}

// promoted tells whether it is by the Sentinels that this pod's server became master. If
// so, it takes mastership; until that is certain, it leaves all as it is for a while.
func (n *Node) promoted(ctx context.Context, d *duties) bool {
	if d.promotedSince.IsZero() {
		d.promotedSince = time.Now()
	}
	opinions := n.consult(ctx)
	_, term, _ := n.lead()
	newest, _ := sentinel.Seats(opinions).Newest()
	epoch := n.council.Elected(ctx, opinions)
	if newest.Epoch > term && newest.Master == n.address() {
		epoch = newest.Epoch
	}
	if epoch <= term {
		return time.Since(d.promotedSince) < promotionWait
	}
	n.act.Lock()
	defer n.act.Unlock()
	n.log.Info("the Sentinels made this pod master", "epoch", epoch)
	n.heed(n.settings.PodName, epoch, n.address())
	n.look(ctx)
	n.believe()
	n.route()
	n.hasten()
	n.proclaim(ctx)
	n.save(record.Durable)
	d.promotedSince = time.Time{}
	return true
}

// promotionWait is how long after its promotion a server may wait for the Sentinels to
// say that they did it.
const promotionWait = 3 * time.Second

// severed has a master's server refuse writes while it hears too few Sentinels to know
// that there is no other, and tells whether it does. With all of its replicas beside it
// there can't be any.
func (n *Node) severed(ctx context.Context, v View, d *duties) bool {
	names, err := n.directory.Names()
	whole := err == nil && len(v.online(tenure)) >= len(names)-1
	n.mu.Lock()
	since := time.Since(n.upheld)
	n.mu.Unlock()
	d.alert = d.alert || since > observeEvery+alertEvery
	if since < tenure || whole {
		n.unfence(ctx)
		return false
	}
	n.refuseWrites(ctx)
	n.setState(stateFenced, "no majority of Sentinels answers, and not all replicas are here: writes are refused")
	return true
}

// supersededHang is how long a server may leave a PING unanswered while Sentinels know of
// a later master, before it is ended: it would take writes when it wakes.
const supersededHang = time.Second

// overtaken tells whether Sentinels know of a later master than this pod.
func (n *Node) overtaken() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.superseded
}

// enroll lets Sentinels promote this server, once it has been in sync with a master.
func (n *Node) enroll(ctx context.Context) {
	n.mu.Lock()
	due := n.settings.Sentinels() && !n.eligible && (n.linked || n.view.Role() == peer.Master)
	n.mu.Unlock()
	if !due {
		return
	}
	if _, err := n.local.Do(ctx, "CONFIG", "SET", "replica-priority", strconv.Itoa(n.settings.ReplicaPriority)); err != nil {
		n.log.Warn("Sentinels can't be allowed to promote this server", "error", err)
		return
	}
	n.mu.Lock()
	n.eligible = true
	n.mu.Unlock()
}
