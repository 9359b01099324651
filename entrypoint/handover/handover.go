// Package handover moves mastership from a server to one of its replicas without
// losing a write: the server's own FAILOVER, made fast.
//
// FAILOVER holds writes until the target has acknowledged the last of them, which
// replicas do once a second; asked with REPLCONF GETACK they do it at once.
package handover

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/conf"
	"github.com/helm-valkey/helm-valkey/entrypoint/info"
	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
)

const (
	nudgeEvery = 5 * time.Millisecond
	// syncWait bounds how long writes are held for the target to catch up; after it
	// the server gives up by itself and goes on as master.
	syncWait = 3 * time.Second
	// progressWait bounds the change of roles itself, which the server never ends.
	progressWait = 3 * time.Second
	// lostWait is how long the target may be unreachable while roles change.
	lostWait = 500 * time.Millisecond
	askEvery = 50 * time.Millisecond
	// abortPause holds writes while an abort is followed by a look at the target, so
	// that two masters never both take them.
	abortPause = 3 * time.Second
)

// ErrNotReady is a target that mastership can't be handed to now: nothing was
// tried. ErrTakenBack is a handover that did not come to its end: the master took
// no writes for a moment and goes on. ErrUnknown is one whose target can't be asked any
// more whether it became master: the server follows nobody, holds all data, and takes
// no writes until it is told what to be.
var (
	ErrNotReady  = errors.New("the target is not ready")
	ErrTakenBack = errors.New("the handover was taken back")
	ErrUnknown   = errors.New("the target can't be asked whether it is master")
)

// Steps are called on the way: Begin when all is ready, just before the master holds
// writes; Void when the target did not become master, before the master takes writes
// again. Unless it succeeds the target might become master later on.
type Steps struct {
	Begin func()
	Void  func(ctx context.Context) error
}

// Run hands mastership of one server over to another, its replica, whose address
// is as the master lists it. It returns once the target is master and the other its replica. On
// ErrNotReady and ErrTakenBack the master goes on; after any other error the roles have
// to be looked up.
func Run(ctx context.Context, from, to resp.Options, steps Steps) error {
	host, port, err := net.SplitHostPort(to.Addr)
	if err != nil {
		return fmt.Errorf("hand over to %q: %w", to.Addr, err)
	}
	server, err := resp.Dial(ctx, from)
	if err != nil {
		return fmt.Errorf("%w: reach the master: %w", ErrNotReady, err)
	}
	defer server.Close()
	// This is the login that the master itself will need as a replica: with a wrong
	// password both servers would be replicas of each other for ever.
	target := &target{options: to}
	defer target.close()
	if err := ready(ctx, server, target, host, port); err != nil {
		return fmt.Errorf("%w: %w", ErrNotReady, err)
	}
	steps.Begin()
	timeout := strconv.FormatInt(syncWait.Milliseconds(), 10)
	if _, err := server.Do(ctx, "FAILOVER", "TO", host, port, "TIMEOUT", timeout); err != nil {
		return fmt.Errorf("%w: start the failover: %w", ErrNotReady, err)
	}
	return watch(ctx, server, target, steps)
}

// target is the server that is to be master. Its connection is made anew when it
// breaks: what ends it may be the end of the target, or of the connection alone.
type target struct {
	options resp.Options
	conn    *resp.Conn
	lost    time.Time
}

func (t *target) close() {
	if t.conn != nil {
		t.conn.Close()
		t.conn = nil
	}
}

func (t *target) with(ctx context.Context, use func(*resp.Conn) error) error {
	if t.conn == nil {
		conn, err := resp.Dial(ctx, t.options)
		if err != nil {
			t.missed()
			return err
		}
		t.conn = conn
	}
	if err := use(t.conn); err != nil {
		t.close()
		t.missed()
		return err
	}
	t.lost = time.Time{}
	return nil
}

func (t *target) missed() {
	if t.lost.IsZero() {
		t.lost = time.Now()
	}
}

func (t *target) nudge(ctx context.Context) error {
	return t.with(ctx, func(conn *resp.Conn) error { return conn.Send(ctx, "REPLCONF", "GETACK", "*") })
}

func (t *target) ask(ctx context.Context) (fields info.Info, err error) {
	err = t.with(ctx, func(conn *resp.Conn) (err error) {
		fields, err = ask(ctx, conn)
		return err
	})
	return fields, err
}

// ready checks what has to hold before writes are stopped for the target's sake.
func ready(ctx context.Context, server *resp.Conn, target *target, host, port string) error {
	master, err := ask(ctx, server)
	if err != nil {
		return fmt.Errorf("look at the master: %w", err)
	}
	replica, err := target.ask(ctx)
	if err != nil {
		return fmt.Errorf("look at the target: %w", err)
	}
	switch {
	case master["role"] != "master":
		return errors.New("this server is no master")
	case !listed(master, host, port):
		return fmt.Errorf("%s is no replica in sync with this master", net.JoinHostPort(host, port))
	case replica["master_link_status"] != "up" || replica.Is("master_sync_in_progress") || replica.Is("loading"):
		return errors.New("its link to this master is not up")
	case replica["master_replid"] != master["master_replid"]:
		return errors.New("it follows another history")
	case replica.Int("master_repl_offset") <= 0:
		return errors.New("it holds nothing of this history")
	}
	return nil
}

func listed(master info.Info, host, port string) bool {
	for _, r := range master.Replicas() {
		if r.IP == host && r.Port == port && r.State == "online" && r.Lag <= 1 {
			return true
		}
	}
	return false
}

func ask(ctx context.Context, conn *resp.Conn) (info.Info, error) {
	value, err := conn.Do(ctx, "INFO")
	if err != nil {
		return nil, err
	}
	return info.Parse(value.Str), nil
}

// watch nudges the target until the roles have changed, or failover has ended
// otherwise.
func watch(ctx context.Context, server *resp.Conn, target *target, steps Steps) error {
	ticker := time.NewTicker(nudgeEvery)
	defer ticker.Stop()
	deadline := time.Now().Add(syncWait + progressWait)
	for {
		// The target that has gone shows in what the master says next, or not at all:
		// as a replica of it this server would wait for ever.
		gone := target.nudge(ctx) != nil && time.Since(target.lost) > lostWait
		now, err := ask(ctx, server)
		switch {
		case err != nil && ctx.Err() != nil:
			return abort(context.WithoutCancel(ctx), server, target, steps)
		case err != nil:
			return fmt.Errorf("look at the failover: %w", err)
		}
		if now["master_failover_state"] == "no-failover" {
			switch {
			case now["role"] == "master":
				return fmt.Errorf("%w: the target did not catch up within %s", ErrTakenBack, syncWait)
			case net.JoinHostPort(now["master_host"], now["master_port"]) != target.options.Addr:
				return errors.New("the server was made a replica of another meanwhile")
			default:
				return nil
			}
		}
		if gone || time.Now().After(deadline) {
			return abort(ctx, server, target, steps)
		}
		select {
		case <-ctx.Done():
			return abort(context.WithoutCancel(ctx), server, target, steps)
		case <-ticker.C:
		}
	}
}

// abort ends a failover that does not come to its end. Aborted in the moment in
// which the target became master after all there would be two: so writes stay held
// until the target has been asked.
func abort(ctx context.Context, server *resp.Conn, target *target, steps Steps) error {
	ctx, cancel := context.WithTimeout(ctx, abortPause)
	defer cancel()
	pause := strconv.FormatInt(2*abortPause.Milliseconds(), 10)
	commands := [][]string{{"MULTI"}, {"CLIENT", "PAUSE", pause, "WRITE"}, {"FAILOVER", "ABORT"}, {"EXEC"}}
	for _, command := range commands {
		if _, err := server.Do(ctx, command...); err != nil {
			return fmt.Errorf("abort the failover: %w", err)
		}
	}
	replica, err := target.ask(ctx)
	for err != nil && ctx.Err() == nil {
		time.Sleep(askEvery)
		replica, err = target.ask(ctx)
	}
	ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), abortPause)
	defer cancel()
	if err == nil && replica["role"] != "master" {
		err = steps.Void(ctx)
	}
	follow := ""
	switch {
	case err != nil:
		follow = conf.Detached
	case replica["role"] == "master":
		follow = target.options.Addr
	}
	if follow != "" {
		host, port, _ := net.SplitHostPort(follow)
		if _, err := server.Do(ctx, "REPLICAOF", host, port); err != nil {
			return fmt.Errorf("leave mastership: %w", err)
		}
	}
	if _, unpause := server.Do(ctx, "CLIENT", "UNPAUSE"); unpause != nil {
		return fmt.Errorf("take writes again: %w", unpause)
	}
	switch follow {
	case "":
		return fmt.Errorf("%w: the change of roles did not come to its end", ErrTakenBack)
	case conf.Detached:
		return fmt.Errorf("%w: %w", ErrUnknown, err)
	default:
		return nil
	}
}
