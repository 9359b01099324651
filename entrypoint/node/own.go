//go:build linux

package node

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/helm-valkey/helm-valkey/entrypoint/conf"
	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
	"github.com/helm-valkey/helm-valkey/entrypoint/rdb"
	"github.com/helm-valkey/helm-valkey/entrypoint/record"
	"github.com/helm-valkey/helm-valkey/entrypoint/settings"
)

// own is what a pod knows of its own data. fromAOF tells that they are those of
// the append-only file, damaged that a server can't load them. Recent and current
// are as in lead.Input.
type own struct {
	position        lead.Position
	recent, current bool
	fromAOF         bool
	damaged         bool
}

// onDisk reads how far the data in the data directory reach.
func (n *Node) onDisk() own {
	n.takeUp()
	n.mu.Lock()
	r := n.record
	damaged := n.damaged
	n.mu.Unlock()
	o := own{recent: r.Replid != "" && r.BootID == n.bootID, damaged: damaged}
	if n.loadsAOF(r) {
		o.fromAOF = true
		o.position = lead.Position{HasData: true}
		if r.AOF || r.Clean {
			o.position.Term = r.Synced
		}
		// A machine that went down may have lost the end of the file.
		if !damaged && (r.Clean || r.AOF && o.recent) {
			o.current = true
			o.position.Whole = r.Clean
			o.position.Replid, o.position.Offset, o.position.History = r.Replid, r.Offset, r.History
		}
		return o
	}
	header, err := rdb.ReadFile(filepath.Join(n.settings.DataDir, conf.SnapshotName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return o
	case err != nil:
		n.log.Error("the snapshot can't be read; peers' data go before it", "error", err)
		o.position, o.damaged = lead.Position{HasData: true}, true
		return o
	case damaged:
		o.position = lead.Position{HasData: true}
		return o
	}
	o.current = r.Synced == r.Term && header.Replid != "" && header.Replid == r.Replid && header.Offset >= r.Offset
	o.position = lead.Position{
		HasData: header.HasData, Whole: r.Clean && o.current,
		Replid: header.Replid, Offset: header.Offset, History: r.Before(header.Replid),
	}
	if o.current {
		// An older snapshot is of an earlier mastership, for all that is known.
		o.position.Term = r.Synced
	}
	return o
}

// tellDisk has a replica say what is on its disk until its server does: whoever looks for
// the next master need not wait for a server that died and is started again only later.
// Data of unknown age are not told of, and have to be waited for.
func (n *Node) tellDisk() {
	own := n.onDisk()
	if own.damaged {
		n.putAway()
		return
	}
	if own.position.HasData && own.position.Replid == "" {
		return
	}
	n.mu.Lock()
	n.disk = &own.position
	n.mu.Unlock()
}

// snapshotOnDisk is how far the snapshot in the data directory reaches, whatever else
// is there.
func (n *Node) snapshotOnDisk() lead.Position {
	header, err := rdb.ReadFile(filepath.Join(n.settings.DataDir, conf.SnapshotName))
	if err != nil {
		return lead.Position{}
	}
	return lead.Position{HasData: header.HasData, Replid: header.Replid, Offset: header.Offset}
}

// loadsAOF tells whether the newest data on disk are those of the append-only
// file. After a change of the persistence mode they are still in the other form,
// and a server started in the new one would begin without them.
func (n *Node) loadsAOF(r record.Record) bool {
	switch r.Files {
	case settings.AOF:
	case "":
		if n.settings.Persistence != settings.AOF {
			return false
		}
	default:
		return false
	}
	return n.hasAOF()
}

// beginsWithAOF tells whether a master starts with the append-only file on. One with
// other data on disk loads those first; and so does one beside whose files there are
// append-only ones from before, which nobody asked for any more.
func (n *Node) beginsWithAOF(own own) bool {
	return own.fromAOF || n.settings.Persistence == settings.AOF && !own.position.HasData && !n.hasAOF()
}

func (n *Node) hasAOF() bool {
	for _, name := range []string{conf.AppendDir, conf.AppendFile} {
		if _, err := os.Stat(filepath.Join(n.settings.DataDir, name)); err == nil {
			return true
		}
	}
	return false
}

// setAside moves a snapshot out of the way of a server that will take in all data
// from a peer: it would load it first, only to throw it away, and then take the
// slower way through the disk, because it is not empty.
func (n *Node) setAside() {
	n.rename(conf.SnapshotName, conf.AsideName)
}

// takeUp brings a snapshot back that was set aside, unless a newer one was saved.
func (n *Node) takeUp() {
	if _, err := os.Stat(filepath.Join(n.settings.DataDir, conf.SnapshotName)); err == nil {
		n.dropAside()
		return
	}
	n.rename(conf.AsideName, conf.SnapshotName)
}

// dropAside removes a snapshot that was set aside: newer data are on disk. One with
// writes that those lack is kept.
func (n *Node) dropAside() {
	n.mu.Lock()
	unmerged := n.unmerged
	n.unmerged = nil
	n.mu.Unlock()
	if unmerged != nil {
		if err := n.preserve(conf.AsideName, unmerged.Replid, unmerged.Offset); err != nil {
			n.log.Error("an old snapshot with writes of its own stays where it is", "error", err)
		}
		return
	}
	err := os.Remove(filepath.Join(n.settings.DataDir, conf.AsideName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		n.log.Error("can't remove an old snapshot", "error", err)
	}
}

// rename renames a file in the data directory, if it is there.
func (n *Node) rename(from, to string) bool {
	dir := n.settings.DataDir
	err := os.Rename(filepath.Join(dir, from), filepath.Join(dir, to))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		n.log.Error("can't rename a snapshot", "error", err)
		return false
	}
	return true
}

// putAway renames a snapshot that can't be loaded: a server loads what is there also
// when it starts as a replica. It is kept for those who want to look into it.
func (n *Node) putAway() {
	if !n.rename(conf.SnapshotName, conf.SnapshotName+".damaged") {
		return
	}
	n.mu.Lock()
	n.damaged = false
	n.mu.Unlock()
}

// refuses tells of a server that ended by itself whether it was for the data: it
// had listened, which comes after all else that may be wrong, and never answered.
func (n *Node) refuses(code int) bool {
	if n.role() != peer.None && !n.lastView().Loading() {
		return false
	}
	_, err := os.Stat(n.settings.ServerSocket())
	return err == nil && code == 1
}

// live is the same of the data that the running server holds. It does not know
// which replicas of the pod that was master meanwhile were in sync.
func (n *Node) live() own {
	s := n.status()
	n.mu.Lock()
	r := n.record
	n.mu.Unlock()
	return own{
		current:  r.Synced == r.Term && r.Replid == s.Replid,
		position: position(s),
	}
}
