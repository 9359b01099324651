package proxy_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
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
	err := handover.Run(context.Background(), resp.Options{Addr: from.address}, resp.Options{Addr: to.address})
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

// TestNobodyGetsAnothersBytes has many clients, each with keys and values of its
// own, while targets change at random and connections to them are killed.
func TestNobodyGetsAnothersBytes(t *testing.T) {
	servers := []*server{start(t), start(t), start(t)}
	e := serve(t, proxy.Options{Threads: 2, HoldTimeout: time.Second})
	require.NoError(t, e.Point(servers[0].target()))
	var stop atomic.Bool
	var done sync.WaitGroup
	var exchanged, broken atomic.Int64
	for n := range 40 {
		done.Go(func() {
			random := rand.New(rand.NewPCG(uint64(n), 1))
			for !stop.Load() {
				if err := talk(e.address, n, random, &stop, &exchanged); err != nil {
					broken.Add(1)
					if strings.Contains(err.Error(), "foreign") {
						t.Errorf("client %d: %v", n, err)
						stop.Store(true)
					}
				}
			}
		})
	}
	random := rand.New(rand.NewPCG(7, 7))
	for begin := time.Now(); time.Since(begin) < 4*time.Second && !stop.Load(); {
		time.Sleep(time.Duration(random.IntN(30)) * time.Millisecond)
		s := servers[random.IntN(len(servers))]
		switch random.IntN(20) {
		case 19:
			s.kill()
			s.run()
		case 0, 1, 2, 3, 4:
			e.Hold()
			time.Sleep(time.Duration(random.IntN(10)) * time.Millisecond)
			require.NoError(t, e.Point(s.target()))
		case 5, 6, 7, 8, 9:
			_, _ = s.try("CLIENT", "KILL", "TYPE", "normal")
		case 10, 11, 12, 13, 14:
			_, _ = s.try("REPLICAOF", "127.0.0.1", "1")
			time.Sleep(time.Duration(random.IntN(10)) * time.Millisecond)
			_, _ = s.try("REPLICAOF", "NO", "ONE")
			require.NoError(t, e.Point(s.target()))
		default:
			require.NoError(t, e.Point(s.target()))
		}
	}
	stop.Store(true)
	done.Wait()
	t.Logf("%d replies, %d connections ended, %+v", exchanged.Load(), broken.Load(), e.Stats())
	require.Greater(t, exchanged.Load(), int64(1000))
}

// talk is one connection of a client that only ever echoes its own tag, in commands
// of all kinds and pipelines of any length.
func talk(address string, n int, random *rand.Rand, stop *atomic.Bool, exchanged *atomic.Int64) error {
	conn, err := resp.Dial(context.Background(), resp.Options{Addr: address, Timeout: 3 * time.Second})
	if err != nil {
		return err
	}
	defer conn.Close()
	tag := fmt.Sprintf("client-%d", n)
	ctx := context.Background()
	for round := 0; !stop.Load(); round++ {
		value := fmt.Sprintf("%s:%d:", tag, round)
		switch random.IntN(12) {
		case 0:
			value += strings.Repeat("x", 50_000)
		case 1:
			value += strings.Repeat("y", 3000)
		case 2:
			if _, err := conn.Do(ctx, "SELECT", "0"); err != nil {
				return err
			}
		case 3:
			if random.IntN(5) == 0 {
				_ = conn.Send(ctx, "ECHO", value)
				return nil // leaves with a command under way
			}
		}
		for _, command := range [][]string{{"ECHO", value}, {"SET", tag, value, "GET"}, {"GET", tag}} {
			reply, err := conn.Do(ctx, command...)
			if err != nil {
				if strings.HasPrefix(err.Error(), "MASTERDOWN") {
					continue
				}
				return err
			}
			got := reply.Str
			if command[0] == "ECHO" && got != value {
				return fmt.Errorf("foreign: ECHO %.40q gave %.40q", value, got)
			}
			if got != "" && got != "OK" && !strings.HasPrefix(got, tag+":") {
				return fmt.Errorf("foreign: %s gave %.40q", command[0], got)
			}
			exchanged.Add(1)
		}
	}
	return nil
}
