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
	// abortPause holds writes while an abort is followed by a look at the target, so
	// that two masters never both take them.
	abortPause = 3 * time.Second
)

// ErrNotReady is a target that mastership can't be handed to now: nothing was
// tried. ErrTakenBack is a handover that did not come to its end: the master took
// no writes for a moment and goes on.
var (
	ErrNotReady  = errors.New("the target is not ready")
	ErrTakenBack = errors.New("the handover was taken back")
)

// Run hands mastership of one server over to another, its replica, whose address
// is as the master lists it. It returns once the target is master and the other
// its replica. On ErrNotReady and ErrTakenBack the master goes on; after any other
// error the roles have to be looked up.
func Run(ctx context.Context, from, to resp.Options) error {
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
	target, err := resp.Dial(ctx, to)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotReady, err)
	}
	defer target.Close()
	if err := ready(ctx, server, target, host, port); err != nil {
		return fmt.Errorf("%w: %w", ErrNotReady, err)
	}
	timeout := strconv.FormatInt(syncWait.Milliseconds(), 10)
	if _, err := server.Do(ctx, "FAILOVER", "TO", host, port, "TIMEOUT", timeout); err != nil {
		return fmt.Errorf("start the failover: %w", err)
	}
	return watch(ctx, server, target, to.Addr)
}

// ready checks what has to hold before writes are stopped for the target's sake.
func ready(ctx context.Context, server, target *resp.Conn, host, port string) error {
	master, err := ask(ctx, server)
	if err != nil {
		return fmt.Errorf("look at the master: %w", err)
	}
	replica, err := ask(ctx, target)
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
func watch(ctx context.Context, server, target *resp.Conn, address string) error {
	ticker := time.NewTicker(nudgeEvery)
	defer ticker.Stop()
	deadline := time.Now().Add(syncWait + progressWait)
	for {
		// The target that has gone shows in what the master says next.
		_ = target.Send(ctx, "REPLCONF", "GETACK", "*")
		now, err := ask(ctx, server)
		if err != nil {
			return fmt.Errorf("look at the failover: %w", err)
		}
		if now["master_failover_state"] == "no-failover" {
			if now["role"] == "master" {
				return fmt.Errorf("%w: the target did not catch up within %s", ErrTakenBack, syncWait)
			}
			return nil
		}
		if time.Now().After(deadline) {
			return abort(ctx, server, target, address)
		}
		select {
		case <-ctx.Done():
			return abort(context.WithoutCancel(ctx), server, target, address)
		case <-ticker.C:
		}
	}
}

// abort ends a failover that does not come to its end. Aborted in the moment in
// which the target became master after all there would be two: so writes stay held
// until the target has been asked.
func abort(ctx context.Context, server, target *resp.Conn, address string) error {
	ctx, cancel := context.WithTimeout(ctx, abortPause)
	defer cancel()
	pause := strconv.FormatInt(abortPause.Milliseconds(), 10)
	commands := [][]string{{"MULTI"}, {"CLIENT", "PAUSE", pause, "WRITE"}, {"FAILOVER", "ABORT"}, {"EXEC"}}
	for _, command := range commands {
		if _, err := server.Do(ctx, command...); err != nil {
			return fmt.Errorf("abort the failover: %w", err)
		}
	}
	replica, err := ask(ctx, target)
	promoted := err == nil && replica["role"] == "master"
	if promoted {
		host, port, _ := net.SplitHostPort(address)
		if _, err := server.Do(ctx, "REPLICAOF", host, port); err != nil {
			return fmt.Errorf("follow the new master: %w", err)
		}
	}
	if _, unpause := server.Do(ctx, "CLIENT", "UNPAUSE"); unpause != nil {
		return fmt.Errorf("take writes again: %w", unpause)
	}
	if promoted {
		return nil
	}
	return fmt.Errorf("%w: the change of roles did not come to its end", ErrTakenBack)
}
