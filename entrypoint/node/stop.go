//go:build linux

package node

import (
	"context"
	"errors"
	"path/filepath"
	"syscall"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/conf"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
	"github.com/helm-valkey/helm-valkey/entrypoint/rdb"
	"github.com/helm-valkey/helm-valkey/entrypoint/record"
	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
	"github.com/helm-valkey/helm-valkey/entrypoint/server"
	"github.com/helm-valkey/helm-valkey/entrypoint/settings"
)

const (
	// graceMargin is kept free at the end of the grace period, so that the record is
	// written before Kubernetes kills the pod.
	graceMargin = 2 * time.Second
	// localStop bounds a stop in which there is nothing to save.
	localStop = 15 * time.Second
	// saveRate is how many bytes of memory a server is taken to save a second when
	// it has not told yet: slow, so that it errs to the safe side.
	saveRate = 50 << 20
)

// stop ends the server because the pod ends.
func (n *Node) stop(process *server.Process, deadline time.Time) int {
	ctx, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	n.mu.Lock()
	n.leaving = true
	n.mu.Unlock()
	n.setState(stateStopping, "")
	n.look(ctx)
	v := n.lastView()
	how := n.howToStop(v, time.Until(deadline))
	n.log.Info("stopping the server", "how", how)
	n.shutdown(process, how, time.Until(deadline))
	code := process.Code()
	n.dead()
	if code == 0 && v.Role() == peer.Master && n.leads() {
		n.seal(v, how)
	}
	return code
}

// howToStop chooses whether the server saves a snapshot as it stops. Never over a
// good one with nothing, and not if there is no time to end it.
func (n *Node) howToStop(v View, left time.Duration) string {
	// One that comes back as a replica goes on from its snapshot, if it has one: from an
	// append-only file no partial resync is possible.
	joins := n.settings.Persistence == settings.AOF && n.isMasterPod() && v.Role() == peer.Replica && v.LinkUp()
	switch {
	case n.settings.Persistence != settings.RDB && !joins, !v.HasData(), v.Loading(), v.Syncing():
		return "NOSAVE"
	case saveTime(v) > left:
		n.log.Warn("no time to save a snapshot: raise terminationGracePeriodSeconds", "needed", saveTime(v).String(), "left", left.String())
		return "NOSAVE"
	default:
		return "SAVE"
	}
}

// saveTime estimates how long a snapshot takes: as long as the last one and as much
// again, or by memory.
func saveTime(v View) time.Duration {
	if last := v.Info.Int("rdb_last_bgsave_time_sec"); last >= 0 && v.Info.Int("rdb_saves") > 0 {
		return time.Duration(2*last+1) * time.Second
	}
	return time.Duration(v.Info.Int("used_memory")/saveRate+1) * time.Second
}

// shutdown ends the server by command, and by force when the time is over. Never
// by SIGTERM: the server would decide by itself whether to save.
func (n *Node) shutdown(process *server.Process, how string, within time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	go n.askToStop(ctx, process, how, within)
	select {
	case <-process.Done():
		return
	case <-ctx.Done():
	}
	n.log.Error("the server did not stop in time and is killed", "within", within.String())
	process.Signal(syscall.SIGKILL)
	<-process.Done()
}

const stopEvery = 100 * time.Millisecond

// askToStop repeats the command until the server ends: one that just started, or
// that writes its first append-only file, refuses it for a while. One that can't
// save goes without in the second half of the time.
func (n *Node) askToStop(ctx context.Context, process *server.Process, how string, within time.Duration) {
	began := time.Now()
	complained := false
	for {
		err := n.sendStop(ctx, how, within)
		var refused resp.Error
		if errors.As(err, &refused) && !complained {
			complained = true
			n.log.Warn("the server refuses to stop for now", "how", how, "error", err)
		}
		if time.Since(began) > within/2 && refused != "" {
			how = "NOSAVE"
		}
		select {
		case <-process.Done():
			return
		case <-ctx.Done():
			return
		case <-time.After(stopEvery):
		}
	}
}

// sendStop sends the command. What answers it is a refusal; else the server closes
// the connection as it ends.
func (n *Node) sendStop(ctx context.Context, how string, within time.Duration) error {
	conn, err := resp.Dial(ctx, resp.Options{Network: "unix", Addr: n.settings.ServerSocket(), Password: n.settings.Password, Timeout: within})
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Do(ctx, "SHUTDOWN", how)
	return err
}

// seal records that the data on disk are whole, if they are.
func (n *Node) seal(v View, how string) {
	var header rdb.Header
	if how == "SAVE" {
		var err error
		if header, err = rdb.ReadFile(filepath.Join(n.settings.DataDir, conf.SnapshotName)); err != nil {
			n.log.Error("the snapshot that the server just saved can't be read", "error", err)
			return
		}
	}
	n.mu.Lock()
	// Peers may be promised something until the very end.
	r := &n.record
	r.Clean = r.AOF && v.Info.Is("aof_enabled")
	if how == "SAVE" {
		r.Clean = header.Replid == r.Replid && header.Offset >= r.Offset
		r.Offset = max(r.Offset, header.Offset)
	}
	n.mu.Unlock()
	n.save(record.Durable)
}
