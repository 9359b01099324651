package proxy_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/proxy"
	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

func TestEveryEngine(t *testing.T) {
	for _, engine := range release.Engines(t) {
		t.Run(engine.Name, func(t *testing.T) {
			s := startEngine(t, engine)
			e := front(t, s, proxy.Options{})
			u := e.dial()
			u.says("OK", "SET", "k", "v")
			u.says("v", "GET", "k")
			u.says("(null)", "GET", "nothing")
			require.Equal(t, 1, e.Stats().Upstreams)
			u.says("OK", "SELECT", "3")
			u.says("(null)", "GET", "k")
			u.says("OK", "MULTI")
			u.says("QUEUED", "SET", "k", "w")
			u.says("QUEUED", "GET", "k")
			u.says("OK w", "EXEC")
			require.Equal(t, 2, e.Stats().Upstreams)
			e.dial().says("v", "GET", "k")
		})
	}
}

func TestPipelineKeepsOrder(t *testing.T) {
	s := start(t)
	e := front(t, s, proxy.Options{})
	u := e.dial()
	// The client changes from a shared upstream to one of its own and goes on.
	u.raw("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\n1\r\nPING\r\n\r\n*0\r\n*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\nGET a\r\n*1\r\n$5\r\nMULTI\r\n" +
		"*2\r\n$4\r\nINCR\r\n$1\r\na\r\n*1\r\n$4\r\nEXEC\r\n*1\r\n$4\r\nQUIT\r\n*1\r\n$4\r\nPING\r\n")
	for _, want := range []string{"OK", "PONG", "OK", "1", "OK", "QUEUED", "2", "OK"} {
		require.Equal(t, want, text(u.read()))
	}
	u.gone()
}

func TestCommandsByteByByte(t *testing.T) {
	e := front(t, start(t), proxy.Options{})
	u := e.dial()
	for _, b := range "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$2\r\nvw\r\nGET k\r\n" {
		u.raw(string(b))
		time.Sleep(time.Millisecond)
	}
	require.Equal(t, "OK", text(u.read()))
	require.Equal(t, "vw", text(u.read()))
}

func TestRESP3(t *testing.T) {
	s := start(t)
	e := front(t, s, proxy.Options{})
	u := e.dial()
	require.EqualValues(t, '%', u.do("HELLO", "3").Kind)
	require.EqualValues(t, '_', u.do("GET", "k").Kind)
	u.says("OK", "CLIENT", "TRACKING", "ON")
	u.says("(null)", "GET", "k")
	e.dial().says("OK", "SET", "k", "v")
	push := u.read()
	require.EqualValues(t, '>', push.Kind)
	require.Equal(t, "invalidate k", text(push))
	u.says("v", "GET", "k")
}

func TestSubscribe(t *testing.T) {
	e := front(t, start(t), proxy.Options{})
	u, other := e.dial(), e.dial()
	u.says("OK", "SET", "k", "v")
	u.says("subscribe a 1", "SUBSCRIBE", "a", "b")
	require.Equal(t, "subscribe b 2", text(u.read()))
	other.says("1", "PUBLISH", "b", "hello")
	require.Equal(t, "message b hello", text(u.read()))
	u.says("pong ", "PING")
}

func TestBlockingPopHoldsNobodyUp(t *testing.T) {
	e := front(t, start(t), proxy.Options{})
	u, other := e.dial(), e.dial()
	u.send("BLPOP", "list", "0")
	other.says("OK", "SET", "k", "v")
	other.says("1", "RPUSH", "list", "x")
	require.Equal(t, "list x", text(u.read()))
}

func TestLoginIsTheServersToJudge(t *testing.T) {
	s := startWithPassword(t)
	e := serve(t, proxy.Options{Password: "secret"})
	require.NoError(t, e.Point(s.target()))
	in := e.dial()
	in.says("OK", "AUTH", "secret")
	in.says("OK", "SET", "k", "v")
	eventually(t, "it shares", func() error { in.says("v", "GET", "k"); return nil })
	out := e.dial()
	require.Contains(t, text(out.do("GET", "k")), "NOAUTH")
	require.Contains(t, text(out.do("AUTH", "wrong")), "WRONGPASS")
	require.Contains(t, text(out.do("GET", "k")), "NOAUTH")
	out.says("OK", "AUTH", "default", "secret")
	out.says("v", "GET", "k")
	// Failing to log in as another leaves a connection what it was.
	require.Contains(t, text(out.do("AUTH", "wrong")), "WRONGPASS")
	out.says("v", "GET", "k")
	in.says("OK", "ACL", "SETUSER", "reader", "on", ">pw", "~*", "+get")
	reader := e.dial()
	reader.says("OK", "AUTH", "reader", "pw")
	reader.says("v", "GET", "k")
	require.Contains(t, text(reader.do("SET", "k", "x")), "NOPERM")
	anybody := e.dial()
	require.Contains(t, text(anybody.do("SET", "k", "x")), "NOAUTH")
}

func startWithPassword(t *testing.T) *server {
	t.Helper()
	return start(t, "--requirepass", "secret")
}

func TestBigValues(t *testing.T) {
	s := start(t)
	e := front(t, s, proxy.Options{})
	const size = 200 << 20
	u := e.dial()
	value := strings.Repeat("0123456789abcdef", size/16)
	before := heap()
	u.send("SET", "big", value)
	require.Equal(t, "OK", text(u.read()))
	u.send("GET", "big")
	header, err := u.r.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "$209715200\r\n", header)
	got := make([]byte, size+2)
	_, err = io.ReadFull(u.r, got)
	require.NoError(t, err)
	require.True(t, string(got[:size]) == value)
	u.says("OK", "SET", "small", "v")
	u.says("v", "GET", "small")
	grown := heap() - before - size
	require.Less(t, grown, int64(8<<20)+2*size, "the test's own copies aside")
}

func TestSlowReaderKeepsNobodyWaiting(t *testing.T) {
	s := start(t)
	const pending = 1 << 20
	e := front(t, s, proxy.Options{MaxPending: pending})
	fast := e.dial()
	fast.says("OK", "SET", "big", strings.Repeat("x", 32<<20))
	slow := e.dial()
	slow.says("OK", "SET", "k", "v")
	before := heap()
	for range 3 {
		slow.send("GET", "big")
	}
	begin := time.Now()
	for range 200 {
		fast.says("v", "GET", "k")
		time.Sleep(time.Millisecond)
	}
	require.Less(t, time.Since(begin), 3*time.Second)
	require.Less(t, heap()-before, int64(8<<20))
	for range 3 {
		require.Len(t, text(slow.read()), 32<<20)
	}
	slow.says("v", "GET", "k")
}

func TestSlowReaderWithOthersBehind(t *testing.T) {
	s := start(t)
	e := front(t, s, proxy.Options{})
	fast := e.dial()
	fast.says("OK", "SET", "big", strings.Repeat("x", 32<<20))
	fast = e.dial()
	reads, stops := e.dial(), e.dial()
	// All in one go: the replies of the second are behind those of the first.
	for n, slow := range []*user{reads, stops} {
		fast.says("(null)", "GET", "nothing") // the upstream before was left
		s.freeze()
		e.passes(func() { slow.send("GET", "big") })
		e.passes(func() { fast.send("SET", "n", strings.Repeat("1", n+1)) })
		s.thaw()
		if slow == reads {
			// With pauses longer than any that is allowed without reading.
			buffer := make([]byte, 8<<20)
			for range 4 {
				time.Sleep(400 * time.Millisecond)
				_, err := io.ReadFull(slow.r, buffer)
				require.NoError(t, err)
			}
			_, err := io.ReadFull(slow.r, buffer[:len("$33554432\r\n")+len("\r\n")])
			require.NoError(t, err)
		}
		require.Equal(t, "OK", text(fast.read()))
	}
	stops.gone()
	reads.says("(null)", "GET", "nothing")
	require.EqualValues(t, 1, e.Stats().Slow)
}

func TestModernClientsShare(t *testing.T) {
	e := front(t, start(t), proxy.Options{})
	var users []*user
	for range 5 {
		u := e.dial()
		require.EqualValues(t, '%', u.do("HELLO", "3").Kind)
		u.do("CLIENT", "SETINFO", "LIB-NAME", "test")
		users = append(users, u)
	}
	for _, u := range users {
		require.EqualValues(t, '_', u.do("GET", "nothing").Kind)
	}
	two := e.dial()
	require.EqualValues(t, '$', two.do("GET", "nothing").Kind)
	eventually(t, "they share two upstreams", func() error {
		if n := e.Stats().Upstreams; n > 2 {
			return fmt.Errorf("%d upstreams", n)
		}
		return nil
	})
	require.EqualValues(t, '*', users[0].do("HELLO", "2").Kind)
	require.EqualValues(t, '$', users[0].do("GET", "nothing").Kind)
	require.EqualValues(t, '_', users[1].do("GET", "nothing").Kind)
}

// TestServerThatDoesNotRead: what is for it waits with the clients, not here.
func TestServerThatDoesNotRead(t *testing.T) {
	s := start(t)
	e := front(t, s, proxy.Options{MaxPending: 1 << 20})
	before := heap()
	s.freeze()
	var sent atomic.Int64
	pipeline := []byte(strings.Repeat("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100\r\n"+strings.Repeat("v", 100)+"\r\n", 1000))
	big := []byte("*3\r\n$3\r\nSET\r\n$3\r\nbig\r\n$500000000\r\n" + strings.Repeat("v", 1<<20))
	for n := range 20 {
		u := e.dial()
		wire := pipeline
		if n%2 == 0 {
			wire = big
		}
		go func() {
			for range 100 {
				written, err := u.Write(wire)
				sent.Add(int64(written))
				if err != nil {
					return
				}
				if n%2 == 0 {
					wire = wire[len(wire)-1<<20:]
				}
			}
		}()
	}
	eventually(t, "nobody gets on", func() error {
		was := sent.Load()
		time.Sleep(300 * time.Millisecond)
		if now := sent.Load(); now != was {
			return fmt.Errorf("%d bytes, after %d", now, was)
		}
		return nil
	})
	// Shared, all clients of small commands have the limit together; with an upstream
	// of its own, each.
	grown := heap() - before
	t.Logf("%d MiB sent, %d KiB kept", sent.Load()>>20, grown>>10)
	require.Less(t, grown, int64(20<<20))
	s.thaw()
	e.dial().says("PONG", "PING")
}

func TestHalfClosedClientIsAnswered(t *testing.T) {
	e := front(t, start(t), proxy.Options{})
	for range 50 {
		u := e.dial()
		u.raw("SET k v\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n")
		require.NoError(t, u.Conn.(*net.TCPConn).CloseWrite())
		all, err := io.ReadAll(u.r)
		require.NoError(t, err)
		require.Equal(t, "+OK\r\n$1\r\nv\r\n$1\r\nv\r\n", string(all))
	}
}

func TestConnectionLimit(t *testing.T) {
	s := start(t)
	e := serve(t, proxy.Options{MaxConnections: 2})
	require.NoError(t, e.Point(s.target()))
	a, b := e.dial(), e.dial()
	a.says("PONG", "PING")
	b.says("PONG", "PING")
	c := e.dial()
	require.Equal(t, "ERR max number of clients reached", text(c.read()))
	c.gone()
	a.Close()
	eventually(t, "there is room again", func() error {
		if e.Stats().Connections > 1 {
			return io.ErrNoProgress
		}
		return nil
	})
	e.dial().says("PONG", "PING")
}

func TestProtocolErrorIsTheServers(t *testing.T) {
	e := front(t, start(t), proxy.Options{})
	u := e.dial()
	u.raw("*1\r\n$4\r\nPING\r\n*1\r\n+x\r\n")
	require.Equal(t, "PONG", text(u.read()))
	require.Equal(t, "ERR Protocol error: expected '$'", text(u.read()))
	u.gone()
}

func TestUnixSocket(t *testing.T) {
	s := start(t)
	e := serve(t, proxy.Options{Threads: 2})
	require.NoError(t, e.Point(proxy.Target{Network: "unix", Address: s.socket()}))
	for range 4 {
		e.dial().says("OK", "SET", "k", "v")
	}
	require.Error(t, e.Point(proxy.Target{Network: "tcp", Address: "name:6379"}))
	require.Error(t, e.Point(proxy.Target{Network: "udp", Address: s.address}))
}

func TestWaitCountsTheClientsOwnWrites(t *testing.T) {
	for _, engine := range release.Engines(t) {
		t.Run(engine.Name, func(t *testing.T) {
			master, replica := startEngine(t, engine), startEngine(t, engine)
			replica.follow(master)
			e := front(t, master, proxy.Options{})
			u := e.dial()
			u.says("OK", "SET", "k", "v")
			u.says("1", "WAIT", "1", "5000")
			v := e.dial()
			replica.freeze()
			defer replica.thaw()
			v.says("OK", "SET", "k", "w")
			v.says("0", "WAIT", "1", "100")
			v.says("OK", "SET", "k", "x")
			v.says("0", "WAIT", "1", "100")
		})
	}
}

func TestWithoutDurabilityNothingIsAdded(t *testing.T) {
	s := start(t)
	e := front(t, s, proxy.Options{})
	u, own := e.dial(), e.dial()
	u.says("OK", "SET", "k", "v")
	own.says("OK", "SELECT", "1")
	own.says("OK", "SET", "k", "v")
	require.NotContains(t, s.do("INFO", "commandstats").Str, "cmdstat_wait")
}

// TestMemoryComesBack: what a burst took is given back once nothing is under way.
func TestMemoryComesBack(t *testing.T) {
	s := start(t)
	e := front(t, s, proxy.Options{})
	burst := func() {
		s.freeze()
		pipeline := strings.Repeat("*2\r\n$4\r\nECHO\r\n$1\r\nx\r\n", 1000)
		var users []*user
		for range 30 {
			u := e.dial()
			u.raw(pipeline)
			users = append(users, u)
		}
		eventually(t, "most is taken", func() error {
			if n := e.Stats().Commands; n < 25_000 {
				return fmt.Errorf("%d commands", n)
			}
			return nil
		})
		s.thaw()
		for _, u := range users {
			for range 1000 {
				u.read()
			}
			u.Close()
		}
	}
	before := heap()
	burst()
	eventually(t, "memory comes back", func() error {
		if grown := heap() - before; grown > 300<<10 {
			return fmt.Errorf("%d KiB", grown>>10)
		}
		return nil
	})
	e.dial().says("PONG", "PING")
}
