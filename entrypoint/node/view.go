package node

import (
	"context"
	"errors"
	"maps"
	"net"
	"strings"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/info"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
	"github.com/helm-valkey/helm-valkey/entrypoint/record"
	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
	"github.com/helm-valkey/helm-valkey/entrypoint/settings"
)

// View is the last look at the server. Info is nil until it first answered. At is
// when that was, Started when it was started.
type View struct {
	Info    info.Info
	At      time.Time
	Started time.Time
}

// Role is the server's: master, replica, or none before it first answered.
func (v View) Role() string {
	switch v.Info["role"] {
	case "master":
		return peer.Master
	case "slave":
		return peer.Replica
	default:
		return peer.None
	}
}

// LinkUp tells of a replica whether it replicates right now.
func (v View) LinkUp() bool { return v.Info["master_link_status"] == "up" }

// Syncing tells of a replica whether it takes in a full sync.
func (v View) Syncing() bool { return v.Info.Is("master_sync_in_progress") }

// Loading tells whether the server loads data and can't say yet what it holds.
func (v View) Loading() bool { return v.Info.Is("loading") || v.Info.Is("async_loading") }

// HasData tells whether anything is in the data set: keys, or functions.
func (v View) HasData() bool {
	return v.Info.Keys() > 0 || v.Info.Int("number_of_functions") > 0
}

// Source is the address that a replica replicates from.
func (v View) Source() string {
	return net.JoinHostPort(v.Info["master_host"], v.Info["master_port"])
}

// with is what was seen before, with the fields of a section as they are now. Those
// that are not told any more are gone.
func (v View) with(section info.Info) info.Info {
	all := maps.Clone(v.Info)
	if all == nil {
		return section
	}
	for name := range all {
		if strings.HasPrefix(name, "slave") || strings.HasPrefix(name, "master_") {
			delete(all, name)
		}
	}
	maps.Copy(all, section)
	return all
}

// online are the addresses of replicas in sync, at most lag behind.
func (v View) online(lag time.Duration) []string {
	var addresses []string
	for _, r := range v.Info.Replicas() {
		if r.State == "online" && time.Duration(r.Lag)*time.Second <= lag {
			addresses = append(addresses, r.IP)
		}
	}
	return addresses
}

// look asks the server how it is and keeps what it says. It is false when the
// server gave no answer.
func (n *Node) look(ctx context.Context) bool { return n.lookAt(ctx, everything) }

// everything is what INFO says when no section is named.
const everything = "default"

// glimpse is look for what may change from one moment to the next: where it stands in
// replication. All else stays as it was seen last, unless that is too long ago.
func (n *Node) glimpse(ctx context.Context) bool {
	n.mu.Lock()
	due := time.Since(n.looked) >= lookEvery || n.view.Info == nil
	n.mu.Unlock()
	if due {
		return n.look(ctx)
	}
	return n.lookAt(ctx, "replication")
}

func (n *Node) lookAt(ctx context.Context, section string) bool {
	n.mu.Lock()
	asked := n.process
	n.mu.Unlock()
	fields, err := n.local.Info(ctx, section)
	if err != nil {
		if !resp.IsCode(err, "LOADING") && !errors.Is(err, context.Canceled) {
			n.log.Debug("the server does not answer", "error", err)
		}
		return false
	}
	n.mu.Lock()
	if asked == nil || n.process != asked {
		// The server that said so has ended, and another may run by now.
		n.mu.Unlock()
		return false
	}
	before := n.view
	if section == everything {
		n.looked = time.Now()
	} else {
		fields = before.with(fields)
	}
	n.view.Info, n.view.At = fields, time.Now()
	n.attend(before, n.view)
	if section == everything {
		n.trace(n.view)
	}
	if section == everything || n.settings.Persistence != settings.AOF {
		// How far the append-only file reaches is in another section.
		n.note()
	}
	n.mu.Unlock()
	n.save(record.Cached)
	return true
}

// save is write where nothing can be done about a failure but to say so.
func (n *Node) save(durability record.Durability) {
	if err := n.write(durability); err != nil {
		n.log.Error("can't keep the record of the data", "error", err)
	}
}

// write writes the record as it is by then: several may want to at once, and none
// may put an older one in the place of a newer.
func (n *Node) write(durability record.Durability) error {
	n.saving.Lock()
	defer n.saving.Unlock()
	n.mu.Lock()
	r := n.record
	n.mu.Unlock()
	return n.file.Save(r, durability)
}

// note takes what the last look says of the data into the record. It is called
// with mu held.
//
// A replica without its link may be anywhere: what it last said with it stands.
func (n *Node) note() {
	v := n.view
	if v.Loading() || v.Role() == peer.Replica && (!v.LinkUp() || v.Syncing()) {
		return
	}
	n.noted = true
	r := &n.record
	offset := v.Info.Int("master_repl_offset")
	if n.settings.Persistence == settings.AOF {
		// Once whole it stays so through later rewrites, which add to it meanwhile.
		rewriting := v.Info.Is("aof_rewrite_in_progress") || v.Info.Is("aof_rewrite_scheduled")
		r.AOF = v.Info.Is("aof_enabled") && v.Info["aof_last_write_status"] == "ok" && (r.AOF || !rewriting)
		if v.Info.Int("aof_buffer_length") > 0 && v.Info["master_replid"] == r.Replid {
			// Held back while the disk is busy: the file does not reach this far yet.
			offset = r.Offset
		}
	}
	leads := r.Leader == n.settings.PodName
	switch {
	case v.Role() == peer.Master && leads:
		if r.BeginOf != r.Term {
			r.Begin, r.BeginOf = offset, r.Term
		}
		r.Synced = r.Term
	case v.Role() == peer.Replica && !leads && v.Source() == n.source && r.BeginOf == r.Term && offset >= r.Begin:
		r.Synced = r.Term
	}
	r.At(v.Info["master_replid"], offset, v.Info["master_replid2"], v.Info.Int("second_repl_offset")-1)
	r.BootID, r.Clean = n.bootID, false
	switch {
	case r.AOF:
		r.Files = settings.AOF
	case !v.Info.Is("aof_enabled") && n.settings.Persistence != settings.AOF:
		r.Files = settings.RDB
	}
	r.Online = nil
	switch {
	case v.Role() == peer.Master:
		r.Online = v.online(n.settings.MaxLag)
	case n.settings.Elects():
		r.Online = n.mates
	}
}

// Status is what this pod says of itself, after a fresh look. In a hive, where all ask
// all the time, the last one of its own is fresh enough.
func (n *Node) Status(ctx context.Context) peer.Status {
	if !n.settings.Elects() || time.Since(n.lastView().At) > hiveEvery+hurryEvery {
		n.look(ctx)
	}
	return n.status()
}

// status is the same from the last look.
func (n *Node) status() peer.Status {
	n.mu.Lock()
	defer n.mu.Unlock()
	v := n.view
	s := peer.Status{
		Pod: n.settings.PodName, Role: v.Role(), State: n.state, Reason: n.reason,
		Term: n.record.Term, Leader: n.record.Leader, Address: n.address(), Announced: n.announced(),
		Engine: n.release.Engine, Release: n.release.Version(), DataVolume: n.settings.DataVolume,
		Persistence: n.settings.Persistence,
		Keys:        v.Info.Keys(), HasData: v.HasData(), LinkUp: v.LinkUp(), Syncing: v.Syncing(), Loading: v.Loading(),
		Replid: v.Info["master_replid"], Offset: v.Info.Int("master_repl_offset"),
		Replid2: v.Info["master_replid2"], SecondOffset: v.Info.Int("second_repl_offset"),
		Synced: n.record.Synced,
		Begin:  n.record.Begin, BeginOf: n.record.BeginOf,
		Promised: n.record.Promised, Candidate: n.record.Candidate,
		Hears: n.hearing(), Quiet: n.quietFor(),
		Leaving: n.leaving, Reserve: n.settings.Reserve(), Revision: n.settings.Revision, Age: time.Since(n.born),
	}
	s.ReadyFor = n.readyFor()
	if s.External = n.external(); s.External == nil {
		s.Origin = n.record.Source
	}
	switch {
	case v.Role() == peer.Master:
		s.Online = v.online(n.settings.MaxLag)
	case n.process == nil && n.disk != nil:
		s.OnDisk = true
		s.HasData, s.Replid, s.Offset, s.Synced = n.disk.HasData, n.disk.Replid, n.disk.Offset, n.disk.Term
		s.History = n.disk.History
		return s
	}
	if v.Role() == peer.Replica && !v.LinkUp() && v.Info.Is("aof_enabled") && n.record.Replid != "" && n.record.Replid != s.Replid {
		// Loaded from an append-only file the server goes by an id that it made up.
		s.Replid, s.Offset = n.record.Replid, n.record.Offset
	}
	if !n.noted && v.Role() == peer.Replica && !v.LinkUp() && (s.Replid != n.record.Replid || s.Offset < n.record.Offset) {
		// Loaded from files that are older than the record.
		s.Synced = 0
	}
	if s.Replid == n.record.Replid {
		s.History = n.record.History
	} else if s.SecondOffset > 0 {
		s.History = []record.Fork{{Replid: s.Replid2, End: s.SecondOffset - 1}}
		if s.Replid2 == n.record.Replid {
			s.History = append(s.History, n.record.History...)
		}
	}
	return s
}
