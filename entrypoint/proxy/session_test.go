package proxy_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/proxy"
	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// The server answers before it has read the whole command, and reads no more.
func TestCommandThatTheServerDoesNotReadToItsEnd(t *testing.T) {
	s := start(t)
	e := front(t, s, proxy.Options{})
	for range 5 {
		u := e.dial()
		u.raw("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$600000000\r\n")
		part := []byte(strings.Repeat("v", 1<<20))
		for range 20 {
			if _, err := u.Write(part); err != nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
		u.gone()
	}
	e.dial().says("PONG", "PING")
	require.Zero(t, e.refused.Load())
}

func TestProtocolErrorInALongCommand(t *testing.T) {
	s := start(t)
	e := front(t, s, proxy.Options{})
	u := e.dial()
	u.raw("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100000\r\n" + strings.Repeat("v", 100_000) + "xx")
	require.Equal(t, "ERR Protocol error: invalid CRLF in request", text(u.read()))
	u.gone()
	u = e.dial()
	u.raw("*4\r\n$3\r\nSET\r\n$1\r\nk\r\n$100000\r\n" + strings.Repeat("v", 50_000))
	u.raw(strings.Repeat("v", 50_000) + "\r\n+x")
	require.Equal(t, "ERR Protocol error: expected '$'", text(u.read()))
	u.gone()
	require.True(t, s.do("GET", "k").Null)
}

// What is wrong in one client's bytes must not end a connection that others share.
func TestProtocolErrorsDisturbNobody(t *testing.T) {
	for _, engine := range release.Engines(t) {
		t.Run(engine.Name, func(t *testing.T) {
			s := startEngine(t, engine)
			e := front(t, s, proxy.Options{})
			blocked := e.dial()
			blocked.says("PONG", "PING")
			for _, wire := range []string{
				"*01\r\n$4\r\nPING\r\n", "*1\r\n$04\r\nPING\r\n", "*-0\r\n", "*1\r\n$-0\r\n\r\n", "*1\rx$4\r\nPING\r\n",
				"*2\r\n$3\r\nGET\r\n$1\r\nkxx", "*2\r\n$3\r\nGET\r\n$1\r\nk\rx", "*2\r\n$3\r\nGETxx$1\r\nk\r\n",
				"*2\r\n$3\r\nGET\r\n$+1\r\nk\r\n", "* 2\r\n$3\r\nGET\r\n$1\r\nk\r\n", "GET \"k\r\n", "POST / HTTP/1.1\r\nHost: x\r\n\r\n",
				"*1\r\n$4\r\nPOST\r\n", "*2\r\n$5\r\nhost:\r\n$1\r\nx\r\n",
			} {
				u := e.dial()
				u.raw(wire)
				require.NoError(t, u.Conn.(*net.TCPConn).CloseWrite())
				u.gone()
			}
			e.dial().raw("*1000000000\r\n")
			e.dial().raw("*2\r\n$3\r\nGET\r\n$999999999999999999\r\n")
			blocked.says("PONG", "PING")
			require.Zero(t, e.Stats().Unknown)
			require.Zero(t, e.refused.Load())
		})
	}
}

// It has as many answers as channels, or in RESP3 none.
func TestUnsubscribeWithoutSubscription(t *testing.T) {
	e := front(t, start(t), proxy.Options{})
	for _, version := range []string{"2", "3"} {
		u := e.dial()
		u.do("HELLO", version)
		u.raw("UNSUBSCRIBE a b\r\nPUNSUBSCRIBE a b c\r\nPING\r\nPING hello\r\n")
		for range 5 {
			require.Len(t, u.read().Array, 3)
		}
		require.Equal(t, "PONG", text(u.read()))
		require.Equal(t, "hello", text(u.read()))
	}
}

func TestSubscribeToVeryManyChannels(t *testing.T) {
	e := front(t, start(t), proxy.Options{})
	u := e.dial()
	command := []string{"SUBSCRIBE"}
	const channels = 5000
	for n := range channels {
		command = append(command, fmt.Sprint("a channel with a long name, number ", n))
	}
	u.send(command...)
	for n := range channels {
		require.Equal(t, fmt.Sprintf("subscribe %s %d", command[n+1], n+1), text(u.read()))
	}
	e.dial().says("1", "PUBLISH", command[channels], "hello")
	require.Equal(t, "message "+command[channels]+" hello", text(u.read()))
}

// A state that a transaction only talks of may never come.
func TestStateWithinATransaction(t *testing.T) {
	old, next := start(t), start(t)
	e := front(t, old, proxy.Options{})
	u, plain := e.dial(), e.dial()
	for _, command := range []string{"MULTI", "SELECT 3", "DISCARD"} {
		u.do(strings.Fields(command)...)
	}
	plain.says("OK", "MULTI")
	plain.says("QUEUED", "SET", "k", "v")
	plain.says("OK", "DISCARD")
	require.NoError(t, e.Point(next.target()))
	u.send("SET", "k", "v")
	u.gone()
	require.True(t, next.do("GET", "k").Null)
	plain.says("OK", "SET", "k", "v")
}

func TestResetInAPipeline(t *testing.T) {
	old, next := start(t), start(t)
	e := front(t, old, proxy.Options{})
	u := e.dial()
	u.says("OK", "SELECT", "3")
	u.raw("*1\r\n$5\r\nRESET\r\n*1\r\n$5\r\nMULTI\r\nSET k v\r\n")
	require.Equal(t, "RESET", text(u.read()))
	require.Equal(t, "OK", text(u.read()))
	require.Equal(t, "QUEUED", text(u.read()))
	require.NoError(t, e.Point(next.target()))
	u.gone()
	require.True(t, next.do("GET", "k").Null)
	u = e.dial()
	u.raw("SELECT 3\r\nRESET\r\nSET k v\r\n")
	for _, want := range []string{"OK", "RESET", "OK"} {
		require.Equal(t, want, text(u.read()))
	}
	require.Equal(t, "v", next.do("GET", "k").Str)
}

// A server forgets a client that is gone, and what it waited for comes to another.
func TestBlockedClientThatIsGoneTakesNothing(t *testing.T) {
	s := start(t)
	e := front(t, s, proxy.Options{})
	u, half := e.dial(), e.dial()
	e.passes(func() { u.send("BLPOP", "list", "0") })
	e.passes(func() { half.send("BLPOP", "list", "0") })
	u.Close()
	require.NoError(t, half.Conn.(*net.TCPConn).CloseWrite())
	eventually(t, "the server has forgotten them", func() error {
		if clients := text(s.do("CLIENT", "LIST")); strings.Contains(clients, "blpop") {
			return fmt.Errorf("%s", clients)
		}
		return nil
	})
	e.dial().says("1", "RPUSH", "list", "x")
	require.Equal(t, "x", s.do("LPOP", "list").Str)
}

// Blocking commands that a master ends because it is none any more go on at the next.
func TestBlockingPopSurvivesAHandover(t *testing.T) {
	a, b := start(t), start(t)
	b.follow(a)
	e := front(t, a, proxy.Options{})
	u, other := e.dial(), e.dial()
	for range 10 {
		e.passes(func() { u.send("BLPOP", "list", "0") })
		hand(t, a, b)
		require.NoError(t, e.Point(b.target()))
		other.says("1", "RPUSH", "list", "x")
		require.Equal(t, "list x", text(u.read()))
		a.follow(b)
		a, b = b, a
	}
	b = a
	e.passes(func() { u.send("BLPOP", "list", "0") })
	id := text(b.do("CLIENT", "LIST"))
	id, _, _ = strings.Cut(id[strings.LastIndex(id[:strings.Index(id, "cmd=blpop")], "id=")+len("id="):], " ")
	b.do("CLIENT", "UNBLOCK", id, "ERROR")
	require.Equal(t, "UNBLOCKED client unblocked via CLIENT UNBLOCK", text(u.read()))
}

func TestWaitWithinATransaction(t *testing.T) {
	e := front(t, start(t), proxy.Options{})
	u := e.dial()
	u.says("OK", "SET", "k", "v")
	u.says("OK", "MULTI")
	u.says("QUEUED", "WAIT", "0", "0")
	require.Len(t, u.do("EXEC").Array, 1)
}

// The connection of another client says nothing of this one's writes.
func TestWaitAfterAnotherConnectionBroke(t *testing.T) {
	s := start(t)
	e := front(t, s, proxy.Options{})
	u, subscriber := e.dial(), e.dial()
	subscriber.says("subscribe a 1", "SUBSCRIBE", "a")
	u.says("OK", "SET", "k", "v")
	s.do("CLIENT", "KILL", "TYPE", "pubsub")
	subscriber.gone()
	u.says("0", "WAIT", "0", "0")
	require.Zero(t, e.refused.Load())
	require.Zero(t, e.Stats().Unknown)
}

// What a script says is no word of the server's.
func TestErrorsOfScripts(t *testing.T) {
	e := front(t, start(t), proxy.Options{HoldTimeout: patience})
	u, other := e.dial(), e.dial()
	for _, code := range []string{"READONLY maintenance", "LOADING a file", "MASTERDOWN is up", "REDIRECT nowhere:1"} {
		u.says(code, "EVAL", "redis.call('incr', 'n') return redis.error_reply('"+code+"')", "1", "n")
	}
	other.says("4", "GET", "n")
	require.Zero(t, e.refused.Load())
}

func TestRefusedScriptRunsOnTheNextMaster(t *testing.T) {
	for _, engine := range release.Engines(t) {
		t.Run(engine.Name, func(t *testing.T) {
			old, next := startEngine(t, engine), startEngine(t, engine)
			e := front(t, old, proxy.Options{})
			u, v := e.dial(), e.dial()
			old.do("REPLICAOF", "127.0.0.1", "1")
			u.send("EVAL", "return redis.call('incr', KEYS[1])", "1", "n")
			v.send("EVAL", "#!lua\nreturn redis.call('incr', KEYS[1])", "1", "m")
			eventually(t, "the owner is told", func() error {
				if e.refused.Load() == 0 {
					return io.ErrNoProgress
				}
				return nil
			})
			require.NoError(t, e.Point(next.target()))
			require.Equal(t, "1", text(u.read()))
			require.Equal(t, "1", text(v.read()))
		})
	}
}

// Who reads no answers is held like all others while mastership moves.
func TestHoldWithoutReplies(t *testing.T) {
	s := start(t)
	e := front(t, s, proxy.Options{})
	u := e.dial()
	u.send("CLIENT", "REPLY", "OFF")
	u.send("SET", "k", "v")
	eventually(t, "it writes", func() error {
		if s.do("GET", "k").Null {
			return io.ErrNoProgress
		}
		return nil
	})
	e.Hold()
	time.Sleep(20 * time.Millisecond)
	u.send("SET", "k", "w")
	time.Sleep(50 * time.Millisecond)
	require.Equal(t, "v", s.do("GET", "k").Str)
	require.NoError(t, e.Point(s.target()))
	u.send("CLIENT", "REPLY", "ON")
	require.Equal(t, "OK", text(u.read()))
	u.says("w", "GET", "k")
}

func TestClientReply(t *testing.T) {
	e := front(t, start(t), proxy.Options{})
	u := e.dial()
	for _, reply := range []string{"CLIENT REPLY", "client 'reply'"} {
		u.raw(fmt.Sprintf("PING\r\n%[1]s SKIP\r\nSET k v\r\nGET k\r\n%[1]s OFF\r\nSET k w\r\nGET k\r\n%[1]s ON\r\nGET k\r\n", reply))
		for _, want := range []string{"PONG", "v", "OK", "w"} {
			require.Equal(t, want, text(u.read()))
		}
		// Nothing is waited for that will never come.
		require.NoError(t, u.Conn.(*net.TCPConn).CloseWrite())
		u.gone()
		u = e.dial()
	}
}

func TestQuitOfASubscriber(t *testing.T) {
	e := front(t, start(t), proxy.Options{})
	for _, prepare := range []string{"SUBSCRIBE a", "MONITOR"} {
		u := e.dial()
		u.do(strings.Fields(prepare)...)
		u.send("QUIT")
		u.gone()
	}
	require.Zero(t, e.Stats().Unknown)
	require.Zero(t, e.refused.Load())
}

func TestServerThatSleeps(t *testing.T) {
	s := start(t, "--enable-debug-command", "yes")
	e := front(t, s, proxy.Options{})
	u, shared, own := e.dial(), e.dial(), e.dial()
	own.says("OK", "CLIENT", "SETNAME", "me")
	e.passes(func() { u.send("DEBUG", "SLEEP", "1.5") })
	shared.send("INCR", "n")
	own.send("INCR", "n")
	later := e.dial()
	later.send("SELECT", "0")
	require.Equal(t, "OK", text(u.read()))
	require.ElementsMatch(t, []string{"1", "2"}, []string{text(shared.read()), text(own.read())})
	require.Equal(t, "OK", text(later.read()))
	require.Zero(t, e.Stats().Unknown)
}

// TestServerThatLoads: what it does not run yet waits until it does.
func TestServerThatLoads(t *testing.T) {
	s := startWithPassword(t)
	e := serve(t, proxy.Options{Password: "secret"})
	require.NoError(t, e.Point(s.target()))
	u, own := e.dial(), e.dial()
	for _, user := range []*user{u, own} {
		user.says("OK", "AUTH", "secret")
	}
	own.says("OK", "CLIENT", "SETNAME", "me")
	for n := range 500 {
		u.says("OK", "SET", fmt.Sprint("key", n), "v")
	}
	u.says("OK", "SAVE")
	s.kill()
	// A second of loading, in which it answers.
	s.args = append(s.args, "--key-load-delay", "2000", "--loading-process-events-interval-bytes", "1024")
	s.run()
	u.send("GET", "key1")
	own.send("INCR", "n")
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		u.says("v", "GET", "key2")
	}()
	// An owner that does not know better says that this is the master.
	for done := false; !done; {
		select {
		case <-answered:
			done = true
		case <-time.After(time.Millisecond):
			require.NoError(t, e.Point(s.target()))
		}
	}
	require.Equal(t, "1", text(own.read()))
	own.says("me", "CLIENT", "GETNAME")
	stats := e.Stats()
	require.Positive(t, stats.Replayed)
	// Not as often as the owner says so.
	require.Less(t, stats.Replayed, uint64(500))
}

// Servers of some releases do not answer a login that fails behind other commands, so
// that the next answer would be taken for that of the login.
func TestFailedLoginInAPipeline(t *testing.T) {
	for _, engine := range release.Engines(t) {
		t.Run(engine.Name, func(t *testing.T) {
			e := front(t, startEngine(t, engine), proxy.Options{})
			u := e.dial()
			for range 5 {
				u.raw("PING\r\nAUTH nobody wrong\r\nSELECT 0\r\nHELLO 2 AUTH nobody wrong\r\nECHO hello\r\n")
				require.Equal(t, "PONG", text(u.read()))
				require.Contains(t, text(u.read()), "WRONGPASS")
				require.Equal(t, "OK", text(u.read()))
				require.Contains(t, text(u.read()), "WRONGPASS")
				require.Equal(t, "hello", text(u.read()))
			}
		})
	}
}

func TestSubscribeInRESP3(t *testing.T) {
	e := front(t, start(t), proxy.Options{})
	u, other := e.dial(), e.dial()
	u.do("HELLO", "3")
	u.says("subscribe a 1", "SUBSCRIBE", "a")
	// Commands go on, and messages come in between.
	for n := range 10 {
		other.says("1", "PUBLISH", "a", "hello")
		require.Equal(t, "message a hello", text(u.read()))
		u.says(fmt.Sprint(n+1), "INCR", "n")
	}
	u.says("unsubscribe a 0", "UNSUBSCRIBE", "a")
	u.says("10", "GET", "n")
}
