package proxy_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/handover"
	"github.com/helm-valkey/helm-valkey/entrypoint/proxy"
	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
	"github.com/helm-valkey/helm-valkey/tests/writer"
)

func TestHoldThenPoint(t *testing.T) {
	s := start(t)
	e := front(t, s, proxy.Options{})
	u := e.dial()
	e.Hold()
	time.Sleep(20 * time.Millisecond)
	u.send("SET", "k", "v")
	time.Sleep(50 * time.Millisecond)
	require.True(t, s.do("GET", "k").Null)
	require.NoError(t, e.Point(s.target()))
	require.Equal(t, "OK", text(u.read()))
}

func TestHoldTimeoutSaysThatTheCommandDidNotRun(t *testing.T) {
	s := start(t)
	e := front(t, s, proxy.Options{HoldTimeout: 100 * time.Millisecond})
	u, v := e.dial(), e.dial()
	v.says("OK", "MULTI")
	e.Hold()
	time.Sleep(20 * time.Millisecond)
	u.raw("SET k v\r\nGET k\r\n*2\r\n$3\r\nGE")
	require.Contains(t, text(u.read()), "the command was not run")
	require.Contains(t, text(u.read()), "the command was not run")
	v.send("SET", "k", "v")
	v.gone()
	require.NoError(t, e.Point(s.target()))
	u.raw("T\r\n$1\r\nk\r\n")
	require.Equal(t, "(null)", text(u.read()))
}

func TestNoMasterYet(t *testing.T) {
	e := serve(t, proxy.Options{HoldTimeout: 50 * time.Millisecond})
	u := e.dial()
	require.Contains(t, text(u.do("PING")), "MASTERDOWN")
	// Nobody listens there: the owner is told, and clients wait.
	require.NoError(t, e.Point(proxy.Target{Network: "tcp", Address: "127.77.1.1:1"}))
	require.Contains(t, text(u.do("PING")), "MASTERDOWN")
	require.Positive(t, e.refused.Load())
}

func TestRefusedCommandsRunOnTheNextMaster(t *testing.T) {
	old, next := start(t), start(t)
	e := front(t, old, proxy.Options{})
	u, own := e.dial(), e.dial()
	u.says("PONG", "PING")
	own.says("OK", "SELECT", "2")
	old.do("REPLICAOF", "127.0.0.1", "1")
	u.raw(strings.Repeat("*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n*2\r\n$3\r\nGET\r\n$1\r\nn\r\n", 50))
	own.send("SET", "k", "v")
	eventually(t, "the owner is told", func() error {
		if e.refused.Load() == 0 {
			return io.ErrNoProgress
		}
		return nil
	})
	require.NoError(t, e.Point(next.target()))
	for n := range 50 {
		require.Equal(t, fmt.Sprint(n+1), text(u.read()))
		require.Equal(t, fmt.Sprint(n+1), text(u.read()))
	}
	require.Equal(t, "OK", text(own.read()))
	own.says("v", "GET", "k")
	u.says("(null)", "GET", "k")
	require.Positive(t, e.Stats().Replayed)
}

func TestStateSurvivesAMove(t *testing.T) {
	old, next := startWithPassword(t), startWithPassword(t)
	e := serve(t, proxy.Options{Password: "secret"})
	require.NoError(t, e.Point(old.target()))
	u, three := e.dial(), e.dial()
	u.says("OK", "AUTH", "secret")
	u.says("OK", "SELECT", "5")
	u.says("OK", "CLIENT", "SETNAME", "me")
	require.EqualValues(t, '%', three.do("HELLO", "3", "AUTH", "default", "secret", "SETNAME", "three").Kind)
	require.NoError(t, e.Point(next.target()))
	u.says("OK", "SET", "k", "v")
	u.says("me", "CLIENT", "GETNAME")
	require.Contains(t, text(u.do("CLIENT", "INFO")), " db=5 ")
	three.says("three", "CLIENT", "GETNAME")
	require.EqualValues(t, '_', three.do("GET", "nothing").Kind)
}

func TestWhatCannotBeMovedIsClosed(t *testing.T) {
	for name, prepare := range map[string][][]string{
		"transaction":  {{"MULTI"}, {"SET", "a", "b"}},
		"watch":        {{"WATCH", "a"}},
		"subscription": {{"SUBSCRIBE", "a"}},
		"monitor":      {{"MONITOR"}},
		"tracking":     {{"HELLO", "3"}, {"CLIENT", "TRACKING", "ON"}},
	} {
		t.Run(name, func(t *testing.T) {
			old, next := start(t), start(t)
			e := front(t, old, proxy.Options{})
			u, blocked := e.dial(), e.dial()
			for _, command := range prepare {
				u.do(command...)
			}
			blocked.says("0", "LLEN", "l")
			blocked.send("BLPOP", "l", "0")
			time.Sleep(20 * time.Millisecond)
			require.NoError(t, e.Point(next.target()))
			u.gone()
			blocked.gone()
		})
	}
}

func TestCommandOfUnknownFateIsNotRepeated(t *testing.T) {
	old, next := start(t), start(t)
	e := front(t, old, proxy.Options{})
	u, idle := e.dial(), e.dial()
	u.says("OK", "SET", "k", "v")
	idle.says("OK", "CLIENT", "SETNAME", "idle")
	old.freeze()
	u.send("INCR", "n")
	time.Sleep(50 * time.Millisecond)
	old.kill()
	u.gone()
	require.NoError(t, e.Point(next.target()))
	idle.says("idle", "CLIENT", "GETNAME")
	require.True(t, next.do("GET", "n").Null)
}

// hand moves mastership by the server's own failover, as the entrypoint does.
func hand(t testing.TB, from, to *server) {
	t.Helper()
	err := handover.Run(context.Background(), resp.Options{Addr: from.address}, resp.Options{Addr: to.address}, handover.Steps{Begin: func() {}})
	require.NoError(t, err)
}

func TestHandoversUnderLoad(t *testing.T) {
	for name, durability := range map[string]proxy.Durability{
		"async":      {},
		"replicated": {Replicas: 1, Timeout: time.Second},
	} {
		t.Run(name, func(t *testing.T) { handovers(t, durability) })
	}
}

func handovers(t *testing.T, durability proxy.Durability) {
	a, b := start(t), start(t)
	b.follow(a)
	e := front(t, a, proxy.Options{Durability: durability})
	options := writer.Defaults(e.address)
	options.Writers, options.Pause, options.Wait = 8, 200*time.Microsecond, 0
	load := writer.Start(context.Background(), options)
	const moves = 20
	for range moves {
		time.Sleep(60 * time.Millisecond)
		hand(t, a, b)
		require.NoError(t, e.Point(b.target()))
		a.follow(b)
		a, b = b, a
	}
	ledger := load.Stop()
	summary := ledger.Summary()
	t.Logf("%d writes, longest gap %s, %+v", summary.Acknowledged, summary.LongestGap, e.Stats())
	require.Empty(t, summary.Errors)
	finding, err := writer.Verify(context.Background(), a.address, "", ledger)
	require.NoError(t, err)
	require.Zero(t, finding.Lost, finding.Examples)
	require.Zero(t, finding.Wrong, finding.Examples)
}

// TestPipelinesRunOnceAndInOrder: each client counts its own key up in pipelines,
// while mastership moves. A command that ran twice, or not at all, or out of order
// shows in the numbers.
func TestPipelinesRunOnceAndInOrder(t *testing.T) {
	a, b := start(t), start(t)
	b.follow(a)
	e := front(t, a, proxy.Options{Threads: 2})
	const clients, depth = 16, 8
	var stop atomic.Bool
	var done sync.WaitGroup
	last := make([]int, clients)
	for n := range clients {
		u := e.dial()
		if n%4 == 0 {
			u.says("OK", "SELECT", "0") // has an upstream of its own
		}
		key := fmt.Sprint("count", n)
		pipeline := strings.Repeat(string(resp.Append(nil, "INCR", key))+string(resp.Append(nil, "GET", key)), depth)
		done.Go(func() {
			for !stop.Load() {
				if _, err := u.Write([]byte(pipeline)); err != nil {
					t.Error(err)
					return
				}
				for i := range 2 * depth {
					reply, err := resp.Read(u.r)
					last[n] += (i + 1) % 2
					if got := text(reply); err != nil || got != fmt.Sprint(last[n]) {
						t.Errorf("client %d: %q, %v instead of %d", n, got, err, last[n])
						return
					}
				}
				time.Sleep(time.Millisecond)
			}
		})
	}
	const moves = 15
	for range moves {
		time.Sleep(50 * time.Millisecond)
		hand(t, a, b)
		require.NoError(t, e.Point(b.target()))
		a.follow(b)
		a, b = b, a
	}
	stop.Store(true)
	done.Wait()
	for n, want := range last {
		require.Equal(t, fmt.Sprint(want), a.do("GET", fmt.Sprint("count", n)).Str)
	}
	t.Logf("%+v", e.Stats())
	require.Zero(t, e.Stats().Unknown)
	require.Positive(t, e.Stats().Replayed)
}
