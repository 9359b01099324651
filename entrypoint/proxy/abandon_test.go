package proxy_test

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/proxy"
	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// silent checks that the proxy has closed the connection without another byte.
func (u *user) silent() {
	u.t.Helper()
	got, _ := io.ReadAll(u.r)
	require.Empty(u.t, string(got))
}

func TestAbandon(t *testing.T) {
	s := start(t)
	e := front(t, s, proxy.Options{})
	shared, own, idle, named, transaction := e.dial(), e.dial(), e.dial(), e.dial(), e.dial()
	idle.says("OK", "SET", "k", "v")
	own.says("OK", "SELECT", "0")
	named.says("OK", "CLIENT", "SETNAME", "me")
	transaction.says("OK", "MULTI")
	s.freeze()
	e.passes(func() { shared.send("INCR", "n") })
	e.passes(func() { own.send("INCR", "n") })
	e.Abandon()
	idle.send("SET", "k", "w")
	named.send("CLIENT", "GETNAME")
	// The server answers what nobody waits for any more.
	s.thaw()
	shared.silent()
	own.silent()
	transaction.silent()
	require.EqualValues(t, 2, e.Stats().Unknown)
	require.EqualValues(t, 1, e.Stats().Broken)
	require.Equal(t, "2", s.do("GET", "n").Str)
	require.Equal(t, "v", s.do("GET", "k").Str)
	require.Zero(t, e.Stats().Upstreams)
	require.Zero(t, e.refused.Load())
	require.NoError(t, e.Point(s.target()))
	require.Equal(t, "OK", text(idle.read()))
	require.Equal(t, "me", text(named.read()))
	idle.says("w", "GET", "k")
}

func TestAbandonKeepsWhatWasNotSent(t *testing.T) {
	s, next := start(t), start(t)
	e := serve(t, proxy.Options{})
	require.NoError(t, e.Point(proxy.Target{Network: "unix", Address: s.socket()}))
	e.shares(1)
	before, behind := e.dial(), e.dial()
	s.freeze()
	// More than the socket takes, and less than the proxy keeps.
	pipeline := strings.Repeat(fmt.Sprintf("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$20000\r\n%s\r\n", strings.Repeat("v", 20_000)), 40)
	e.passes(func() { before.raw(pipeline) })
	eventually(t, "the whole pipeline is taken", func() error {
		if n := e.Stats().Commands; n < 40 {
			return fmt.Errorf("%d commands", n)
		}
		return nil
	})
	e.passes(func() { behind.send("INCR", "n") })
	e.Abandon()
	before.silent()
	s.thaw()
	require.NoError(t, e.Point(next.target()))
	require.Equal(t, "1", text(behind.read()))
	require.True(t, s.do("GET", "n").Null)
}

func TestAbandonWithRepliesHeld(t *testing.T) {
	master, replica, e := durable(t, release.DefaultEngine(t))
	u, reader := e.dial(), e.dial()
	reader.says("(null)", "GET", "k")
	replica.freeze()
	defer replica.thaw()
	e.passes(func() { u.send("SET", "k", "v") })
	eventually(t, "the write is done", func() error {
		if master.do("GET", "k").Null {
			return io.ErrNoProgress
		}
		return nil
	})
	e.Abandon()
	u.silent()
	require.NoError(t, e.Point(master.target()))
	reader.says("v", "GET", "k")
}

// While the lead changes at random, nobody is told anything but what is true.
func TestAbandonUnderLoad(t *testing.T) {
	a, b := start(t), start(t)
	e := front(t, a, proxy.Options{Threads: 2})
	users := make([]*user, 20)
	for n := range users {
		users[n] = e.dial()
	}
	for round := range 30 {
		target := a
		if round%2 == 1 {
			target = b
		}
		for n, u := range users {
			u.send("SET", fmt.Sprint("key", n), fmt.Sprint(round))
		}
		e.Abandon()
		require.NoError(t, e.Point(target.target()))
		for n, u := range users {
			reply, err := u.reply()
			if err != nil {
				users[n] = e.dial()
				continue
			}
			require.Equal(t, "OK", text(reply))
			u.says("OK", "SET", fmt.Sprint("key", n), fmt.Sprint(round))
			require.Equal(t, fmt.Sprint(round), target.do("GET", fmt.Sprint("key", n)).Str)
		}
	}
	t.Logf("%+v", e.Stats())
}

func TestServerThatNeverAnswers(t *testing.T) {
	hung, next := start(t), start(t)
	hung.freeze()
	for name, address := range map[string]string{"stopped": hung.address, "dropped on the way": blackHole(t)} {
		t.Run(name, func(t *testing.T) {
			e := front(t, next, proxy.Options{HoldTimeout: patience})
			u, own := e.dial(), e.dial()
			own.says("OK", "CLIENT", "SETNAME", "me")
			require.NoError(t, e.Point(proxy.Target{Network: "tcp", Address: address}))
			u.send("GET", "nothing")
			own.send("CLIENT", "GETNAME")
			eventually(t, "the owner is told", func() error {
				if e.refused.Load() == 0 {
					return io.ErrNoProgress
				}
				return nil
			})
			e.Abandon()
			require.NoError(t, e.Point(next.target()))
			require.Equal(t, "(null)", text(u.read()))
			require.Equal(t, "me", text(own.read()))
		})
	}
}

func TestOwnerIsToldAFewTimesASecond(t *testing.T) {
	e := serve(t, proxy.Options{HoldTimeout: patience})
	begin := time.Now()
	require.NoError(t, e.Point(proxy.Target{Network: "tcp", Address: "127.77.1.1:1"}))
	for range 50 {
		u := e.dial()
		u.send("SELECT", "0")
	}
	eventually(t, "the owner is told again", func() error {
		// Owners may answer at once, always the same.
		require.NoError(t, e.Point(proxy.Target{Network: "tcp", Address: "127.77.1.1:1"}))
		if e.refused.Load() < 3 {
			return io.ErrNoProgress
		}
		return nil
	})
	require.LessOrEqual(t, e.refused.Load(), 2+int64(time.Since(begin)/(250*time.Millisecond)))
}
