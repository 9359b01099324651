//go:build linux

package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/external"
	"github.com/helm-valkey/helm-valkey/entrypoint/info"
	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
	"github.com/helm-valkey/helm-valkey/entrypoint/record"
	"github.com/helm-valkey/helm-valkey/entrypoint/settings"
)

const (
	// fencedFor bounds how long the server outside is kept from taking writes for a cutover
	// that does not come to its end.
	fencedFor = 10 * time.Second
	// closeBehind is how many bytes may be missing when it is fenced.
	closeBehind = 1 << 20
	// stillFor is how long nobody may write to a server that is not fenced.
	stillFor = time.Second
	// catchUpEvery is how often this server is asked how far it is.
	catchUpEvery = 5 * time.Millisecond
	// ownPause, in milliseconds, holds back writes of clients that know this very server until
	// it is on disk that it is master.
	ownPause = "10000"
	undoFor  = 5 * time.Second
	// shareFor bounds the wait for the own replicas.
	shareFor = 3 * time.Second
)

// Cutover makes this pod master of a release that follows a server outside. Before that no
// write is acknowledged there any more, and all that were are here. On an error the release
// follows as before, and that server takes writes as before.
func (n *Node) Cutover(ctx context.Context, o peer.Order) error {
	if !n.cutting.TryLock() {
		return errors.New("the release is being promoted already")
	}
	defer n.cutting.Unlock()
	if _, term, _ := n.lead(); term > 0 && n.status().Origin != "" {
		// It is done: whoever asked did not hear of it.
		return nil
	}
	if err := n.mayCutOver(); err != nil {
		return err
	}
	if n.settings.External == "" && o.Fence != peer.FenceGone {
		return errors.New("no value names the server that the data come from: set externalMaster again, or promote with --source-is-gone")
	}
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	source := n.newSource()
	defer source.Close()
	switch o.Fence {
	case peer.FenceGone:
		return n.cutOverAlone(ctx, source)
	case peer.FenceNone:
		if _, err := n.whenClose(ctx, source); err != nil {
			return err
		}
		return n.succeed(ctx, source, stillFor)
	case peer.FenceSource:
		return n.cutOverFenced(ctx, source)
	default:
		return fmt.Errorf("unknown fence %q: this is an older release of the entrypoint", o.Fence)
	}
}

func (n *Node) mayCutOver() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.leaving:
		return fmt.Errorf("%s stops: try again when it is back", n.settings.PodName)
	case n.copying() && n.record.Leader != n.settings.PodName:
		return fmt.Errorf("%s leads this release: promote that pod", n.record.Leader)
	case n.copying() && n.process == nil:
		return fmt.Errorf("no server runs: %s: %s", n.state, n.reason)
	case n.copying():
		return nil
	default:
		return errors.New("this release has a master of its own, and follows none outside")
	}
}

// cutOverFenced has the server outside refuse writes first.
func (n *Node) cutOverFenced(ctx context.Context, source *external.Source) (err error) {
	state, err := n.whenClose(ctx, source)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, fencedFor)
	defer cancel()
	n.log.Info("fencing the server outside", "address", source.Address())
	release := state.Release
	defer func() {
		after, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoFor)
		defer cancel()
		undo, what := source.Release, "let its clients go on"
		if err != nil {
			undo, what = source.Lift, "take writes as before"
		}
		if undone := undo(after, release); undone != nil && err != nil {
			err = errors.Join(err, fmt.Errorf("and %s could not be told to %s: promote again when it answers: %w", source.Address(), what, undone))
		}
	}()
	err = source.Fence(ctx, release)
	switch {
	case isRefusal(err):
		return fmt.Errorf("%s can't be kept from taking writes: %w: give the user the right to it; or stop all that write to it, and promote with --no-fence", source.Address(), err)
	case err != nil:
		return fmt.Errorf("%s does not answer: %w", source.Address(), err)
	}
	if state, err = source.Look(ctx); err == nil && !state.Guarded {
		err = fmt.Errorf("%s takes writes however few replicas it has: set its min-slaves-max-lag to 10", source.Address())
	}
	if err != nil {
		return err
	}
	return n.succeed(ctx, source, 0)
}

// succeed takes what is still missing, and goes on as master.
func (n *Node) succeed(ctx context.Context, source *external.Source, still time.Duration) error {
	if err := n.catchUp(ctx, source, still); err != nil {
		return err
	}
	if err := n.share(ctx); err != nil {
		return err
	}
	return n.crown(ctx)
}

// whenClose waits until this server is in sync with the one outside but for a moment, and
// its data are on disk.
func (n *Node) whenClose(ctx context.Context, source *external.Source) (external.State, error) {
	var last error
	for {
		state, err := source.Look(ctx)
		if err == nil {
			err = n.equals(ctx, state)
		}
		if err == nil {
			return state, nil
		}
		if ctx.Err() == nil || last == nil {
			// What the deadline cut off says less than what was answered before.
			last = err
		}
		select {
		case <-ctx.Done():
			return state, fmt.Errorf("not in sync with %s: %w", source.Address(), last)
		case <-time.After(alertEvery):
		}
	}
}

// equals tells why this server could not go on in place of the one outside.
func (n *Node) equals(ctx context.Context, outside external.State) error {
	if problem := outside.Problem(n.release); problem != "" {
		return errors.New(problem)
	}
	if !n.look(ctx) {
		return errors.New("the own server does not answer")
	}
	v := n.lastView()
	switch missing := outside.Offset - v.Info.Int("slave_repl_offset"); {
	case v.Syncing() || v.Loading():
		return errors.New("its data are still being taken in")
	case !v.LinkUp():
		return errors.New("there is no link to it")
	case v.Info["master_replid"] != outside.Replid:
		return errors.New("its history is another one than that of the data here")
	case missing > closeBehind:
		return fmt.Errorf("%d bytes are missing", missing)
	default:
		return n.kept(ctx, v)
	}
}

// kept tells why a server that died now would lose what it took in. What is to be in memory
// only is with a replica, if there is to be one.
func (n *Node) kept(ctx context.Context, v View) error {
	switch n.settings.Persistence {
	case settings.AOF:
		if !v.Info.Is("aof_enabled") || v.Info.Is("aof_rewrite_in_progress") || v.Info.Is("aof_rewrite_scheduled") || v.Info["aof_last_write_status"] != "ok" {
			return errors.New("the append-only file is not whole yet")
		}
	case settings.RDB:
		if v.Info.Is("rdb_bgsave_in_progress") || v.Info["rdb_last_bgsave_status"] != "ok" || v.Info.Int("rdb_last_bgsave_time_sec") < 0 {
			return errors.New("no snapshot is saved yet")
		}
	default:
		names, err := n.directory.Names()
		if err != nil || len(names) < 2 {
			return err
		}
		if copies, _ := n.duplicates(ctx, v); copies == 0 {
			return errors.New("no replica has the data yet, and none are kept on disk")
		}
	}
	return nil
}

// duplicates are the pods that replicate from this one, and one of them that has less than
// this server had; empty if there is none.
func (n *Node) duplicates(ctx context.Context, v View) (copies int, behind string) {
	contacts, err := n.poll(ctx)
	if err != nil {
		return 0, ""
	}
	for _, c := range contacts {
		s := c.status
		if !c.ok || s.Role != peer.Replica || !s.LinkUp || s.Syncing || s.Replid != v.Info["master_replid"] {
			continue
		}
		copies++
		if s.Offset < applied(v.Info) {
			behind = c.pod()
		}
	}
	return copies, behind
}

// share waits until the pods that replicate from this one have all that it has: it may be
// lost as soon as it is master.
func (n *Node) share(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, shareFor)
	defer cancel()
	n.look(ctx)
	v := n.lastView()
	for {
		_, behind := n.duplicates(ctx, v)
		if ctx.Err() != nil {
			return fmt.Errorf("%s does not catch up with this pod: %w", cmp.Or(behind, "a replica"), ctx.Err())
		}
		if behind == "" {
			return nil
		}
		sleep(ctx, catchUpEvery)
	}
}

// catchUp waits until this server has all that the one outside had when it was asked, and
// nobody has written there since then, for a while at least.
func (n *Node) catchUp(ctx context.Context, source *external.Source, still time.Duration) error {
	before, err := source.Look(ctx)
	for err == nil {
		if err = n.overtake(ctx, before); err != nil {
			break
		}
		sleep(ctx, still)
		var now external.State
		if now, err = source.Look(ctx); err == nil && now.Changes == before.Changes && now.Replid == before.Replid {
			return nil
		}
		if still == 0 && err != nil && ctx.Err() == nil {
			// It was fenced when it was asked: all that it ever acknowledged is here.
			return nil
		}
		before = now
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s takes writes still, or this server does not catch up with it: %w", source.Address(), err)
	}
	return err
}

// overtake waits until this server is as far as the one outside was.
func (n *Node) overtake(ctx context.Context, outside external.State) error {
	for {
		fields, err := n.local.Info(ctx, "replication")
		switch {
		case err != nil:
			return fmt.Errorf("look at the own server: %w", err)
		case fields["master_replid"] != outside.Replid:
			return errors.New("the history there is another one than that of the data here")
		case fields["role"] == "slave" && applied(fields) >= outside.Offset:
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("%d bytes are missing: %w", outside.Offset-applied(fields), ctx.Err())
		}
		sleep(ctx, catchUpEvery)
	}
}

// applied is how far a replica's data reach.
func applied(fields info.Info) int64 { return fields.Int("slave_repl_offset") }

// cutOverAlone goes on without the server outside, with what has come from there.
func (n *Node) cutOverAlone(ctx context.Context, source *external.Source) error {
	n.look(ctx)
	v := n.lastView()
	if n.settings.External != "" {
		state, err := source.Look(ctx)
		lost := err == nil && !state.Loading && !state.HasData && v.HasData() && !v.LinkUp()
		if (err == nil || isRefusal(err)) && !lost {
			return fmt.Errorf("%s is not gone: it answers; promote without --source-is-gone", source.Address())
		}
	}
	n.mu.Lock()
	copied := n.record.Replid != ""
	n.mu.Unlock()
	switch {
	case !copied:
		return errors.New("this release was never in sync with it, and holds nothing")
	case v.Loading() || v.Syncing():
		return errors.New("data are still being taken in or loaded")
	}
	return n.crown(ctx)
}

// crown makes this server master of the release's first term. Nobody's write is acknowledged
// before it is on disk that it is: whoever comes back without that follows the server
// outside again.
func (n *Node) crown(ctx context.Context) error {
	n.act.Lock()
	defer n.act.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := n.mayCutOver(); err != nil {
		return err
	}
	// From here on it is brought to its end, whoever waits for it.
	ctx = context.WithoutCancel(ctx)
	for _, command := range [][]string{{"CLIENT", "PAUSE", ownPause, "WRITE"}, {"REPLICAOF", "NO", "ONE"}} {
		if _, err := n.local.Do(ctx, command...); err != nil {
			return fmt.Errorf("become master: %w", err)
		}
	}
	term := lead.ElectionTerm(0)
	n.heed(n.settings.PodName, term, n.address())
	if err := n.write(record.Durable); err != nil {
		return n.abdicate(ctx, err)
	}
	n.logInToPeers(ctx)
	if _, err := n.local.Do(ctx, "CLIENT", "UNPAUSE"); err != nil {
		n.log.Warn("writes are held back for a moment", "error", err)
	}
	n.accede(ctx, term)
	n.log.Info("promoted", "term", term, "outside", n.settings.External)
	return nil
}

// abdicate follows the server outside again after all: it could not be written down that
// this release has a master. It is called with act held.
func (n *Node) abdicate(ctx context.Context, cause error) error {
	n.mu.Lock()
	n.record.Term = 0
	n.mu.Unlock()
	return errors.Join(cause, n.detachLocked(ctx))
}
