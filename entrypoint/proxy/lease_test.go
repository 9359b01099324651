package proxy_test

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/proxy"
)

func TestFrozenForLongerThanItsLease(t *testing.T) {
	const lease = 2 * time.Second
	s := start(t)
	h := startHelper(t, s, lease)
	h.warm()
	waits, late, idle := h.dial(), h.dial(), h.dial()
	for _, u := range []*user{waits, late, idle} {
		u.says("OK", "SET", "k", "v")
	}
	s.freeze()
	h.passes(func() { waits.send("INCR", "n") })
	sent, _ := h.count()
	h.freeze()
	s.thaw()
	// The answer is there for the proxy to read, and a command for it to send.
	eventually(t, "the server has done it", func() error {
		if s.do("GET", "n").Null {
			return io.ErrNoProgress
		}
		return nil
	})
	late.send("SET", "k", "late")
	time.Sleep(lease + lease/4)
	h.thaw()
	waits.silent()
	h.line("refused")
	now, _ := h.count()
	require.Equal(t, sent, now)
	require.Equal(t, "v", s.do("GET", "k").Str)
	h.tell("point")
	require.Equal(t, "OK", text(late.read()))
	idle.says("late", "GET", "k")
}

func TestFrozenForLessThanItsLease(t *testing.T) {
	s := start(t)
	h := startHelper(t, s, time.Minute)
	h.warm()
	u := h.dial()
	s.freeze()
	h.passes(func() { u.send("INCR", "n") })
	h.freeze()
	s.thaw()
	h.thaw()
	require.Equal(t, "1", text(u.read()))
}

// A lease that has run out is not renewed, and Point for the same target is not taken
// for going on.
func TestLeaseRunsOut(t *testing.T) {
	const lease = time.Second
	s := start(t)
	local := proxy.Target{Network: "unix", Address: s.socket()}
	e := serve(t, proxy.Options{Lease: lease, HoldTimeout: patience})
	require.NoError(t, e.Point(local))
	u, waits := e.dial(), e.dial()
	s.freeze()
	e.passes(func() { waits.send("INCR", "n") })
	// Nothing happens, and still it is noticed.
	waits.silent()
	s.thaw()
	eventually(t, "the owner is told", func() error {
		if e.refused.Load() == 0 {
			return io.ErrNoProgress
		}
		return nil
	})
	e.Renew()
	u.send("SET", "k", "v")
	time.Sleep(lease / 4)
	require.True(t, s.do("GET", "k").Null)
	require.NoError(t, e.Point(local))
	require.Equal(t, "OK", text(u.read()))
}

func TestOtherServersAreNotLeased(t *testing.T) {
	const lease = 50 * time.Millisecond
	s := start(t)
	e := front(t, s, proxy.Options{Lease: lease})
	u := e.dial()
	u.says("OK", "SET", "k", "v")
	time.Sleep(2 * lease)
	u.says("v", "GET", "k")
	require.Zero(t, e.refused.Load())
}
