package node

import (
	"context"
	"slices"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/info"
	"github.com/helm-valkey/helm-valkey/entrypoint/settings"
)

// asidePause is how long, in milliseconds, an empty master holds writes back for
// its server to be set aside.
const asidePause = "5000"

// masterDuty is what a pod does at each look whose server is master.
func (n *Node) masterDuty(ctx context.Context, d *duties) {
	v := n.lastView()
	if !d.announced && !n.settings.Standalone() {
		d.announced = true
		go n.announce(ctx)
	}
	fenced := n.settings.Hive() && n.fence(ctx, v, d) || n.settings.Sentinels() && n.severed(ctx, d)
	if !fenced {
		n.mu.Lock()
		ignored := n.ignored()
		n.mu.Unlock()
		n.setState(stateRunning, ignored)
	}
	if n.rivaled(ctx, d) {
		return
	}
	n.acquaint(ctx, v, d)
	if !n.isMasterPod() {
		return
	}
	if d.aside = n.outdone(ctx, v); d.aside {
		return
	}
	n.keep(ctx, v, d)
}

// begins makes the server master that has loaded the data with which this pod is to be
// master.
func (n *Node) begins(ctx context.Context, d *duties) {
	d.hurry = true
	if v := n.lastView(); v.Loading() {
		return
	}
	n.act.Lock()
	defer n.act.Unlock()
	if !n.leads() {
		return
	}
	_, term, _ := n.lead()
	if err := n.ascend(ctx, term); err != nil {
		n.log.Error("can't begin as master", "error", err)
		return
	}
	n.mu.Lock()
	n.beginning = false
	n.mu.Unlock()
}

func (n *Node) isBeginning() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.beginning
}

// pretender is what a pod does whose server is master while another pod leads: unless
// mastership is just being handed to it, it was made so from outside.
func (n *Node) pretender(ctx context.Context, d *duties) {
	d.hurry = true
	if n.moving() {
		return
	}
	n.refresh(ctx)
	if n.leads() {
		return
	}
	// The other may not be there to be followed: no master meanwhile.
	n.detach(ctx)
	n.follow(ctx)
}

// outdone tells whether this master holds nothing, and a peer something that this
// one never had: it could not be asked when this server started.
func (n *Node) outdone(ctx context.Context, v View) bool {
	if n.settings.Standalone() || v.HasData() || v.Loading() {
		return false
	}
	contacts := n.lastSeen()
	if !n.settings.Elects() {
		var err error
		if contacts, err = n.glance(ctx, recentHosts); err != nil {
			return false
		}
	}
	own := n.live().position
	i := slices.IndexFunc(contacts, func(c contact) bool { return c.ok && !c.status.Loading && !position(c.status).Within(own) })
	if i < 0 {
		return false
	}
	// From here on nothing is written that would be lost.
	if _, err := n.local.Do(ctx, "CLIENT", "PAUSE", asidePause, "WRITE"); err != nil {
		return false
	}
	if !n.look(ctx) || n.lastView().HasData() {
		if _, err := n.local.Do(ctx, "CLIENT", "UNPAUSE"); err != nil {
			n.log.Warn("writes are held back for a moment", "error", err)
		}
		return false
	}
	n.log.Warn("a peer holds data, this master none: its data go before", "pod", contacts[i].pod())
	return true
}

// acquaint learns the names of replicas that came later, for the metrics.
func (n *Node) acquaint(ctx context.Context, v View, d *duties) {
	if time.Since(d.asked) < askEvery {
		return
	}
	n.mu.Lock()
	stranger := slices.ContainsFunc(v.Info.Replicas(), func(r info.Replica) bool { return n.names[r.IP] == "" })
	n.mu.Unlock()
	if !stranger {
		return
	}
	d.asked = time.Now()
	if _, err := n.poll(ctx); err != nil {
		n.log.Debug("can't ask who the replicas are", "error", err)
	}
}

// keep sees to it that the data are on disk in the form that the settings ask for,
// after a start that could not load it in that form.
func (n *Node) keep(ctx context.Context, v View, d *duties) {
	if v.Loading() || v.Info.Is("rdb_bgsave_in_progress") || v.Info.Is("aof_rewrite_in_progress") || v.Info.Is("aof_rewrite_scheduled") {
		return
	}
	aof, mode := v.Info.Is("aof_enabled"), n.settings.Persistence
	var command []string
	switch {
	case mode == settings.AOF && aof:
		return
	case mode == settings.AOF:
		command = []string{"CONFIG", "SET", "appendonly", "yes"}
	case mode == settings.RDB && (d.unsaved || d.followed && !d.saved || aof && !d.saved):
		d.unsaved, d.saved = false, true
		command = []string{"BGSAVE"}
	case mode == settings.RDB && v.Info["rdb_last_bgsave_status"] != "ok":
		return
	case aof:
		command = []string{"CONFIG", "SET", "appendonly", "no"}
	case d.saved && !d.tidied:
		d.tidied = true
		n.dropAside()
		return
	default:
		return
	}
	n.log.Info("keeping the data on disk", "command", command, "persistence", n.settings.Persistence)
	if _, err := n.local.Do(ctx, command...); err != nil {
		n.log.Error("can't keep the data on disk", "command", command, "error", err)
	}
}
