package proxy_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/proxy"
	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

const unconfirmed = "the write was done on the master, but 0 of 1 replicas confirmed it"

// durable starts a master with one replica, and a proxy that waits for it.
func durable(t *testing.T, engine release.Engine) (master, replica *server, e *endpoint) {
	t.Helper()
	master, replica = startEngine(t, engine), startEngine(t, engine)
	replica.follow(master)
	// A replica confirms from its first acknowledgement, a second after it synced.
	conn, err := resp.Dial(context.Background(), resp.Options{Addr: master.address, Timeout: patience})
	require.NoError(t, err)
	defer conn.Close()
	_, err = conn.Do(context.Background(), "SET", "first", "v")
	require.NoError(t, err)
	confirmed, err := conn.Do(context.Background(), "WAIT", "1", "5000")
	require.NoError(t, err)
	require.EqualValues(t, 1, confirmed.Int)
	e = serve(t, proxy.Options{Durability: proxy.Durability{Replicas: 1, Timeout: 300 * time.Millisecond}})
	require.NoError(t, e.Point(master.target()))
	return master, replica, e
}

func TestDurableWrites(t *testing.T) {
	for _, engine := range release.Engines(t) {
		t.Run(engine.Name, func(t *testing.T) {
			master, replica, e := durable(t, engine)
			u, own, reader := e.dial(), e.dial(), e.dial()
			own.says("OK", "SELECT", "1")
			u.says("OK", "SET", "k", "v")
			require.Equal(t, "v", replica.do("GET", "k").Str)
			own.says("OK", "SET", "k", "w")
			replica.freeze()
			u.send("SET", "k", "x")
			reader.says("(null)", "GET", "none")
			require.Contains(t, text(u.read()), unconfirmed)
			require.Equal(t, "x", master.do("GET", "k").Str)
			require.Contains(t, text(own.do("SET", "k", "y")), unconfirmed)
			// What did not write is answered as ever.
			u.says("x", "GET", "k")
			require.Contains(t, text(u.do("LPUSH", "k", "1")), "WRONGTYPE")
			replica.thaw()
			eventually(t, "the replica is back", func() error {
				if got := text(u.do("SET", "k", "z")); got != "OK" {
					return fmt.Errorf("%s", got)
				}
				return nil
			})
			own.says("OK", "SET", "k", "z")
		})
	}
}

func TestDurableTransactionsAndScripts(t *testing.T) {
	_, replica, e := durable(t, release.DefaultEngine(t))
	u := e.dial()
	transaction := func(want string) {
		u.says("OK", "SET", "before", "v")
		u.says("OK", "MULTI")
		u.says("QUEUED", "SET", "a", "1")
		u.says("QUEUED", "GET", "a")
		require.Contains(t, text(u.do("EXEC")), want)
		u.raw("*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$1\r\nb\r\n$1\r\n2\r\n*1\r\n$4\r\nEXEC\r\n")
		require.Equal(t, "OK", text(u.read()))
		require.Equal(t, "QUEUED", text(u.read()))
		u.read()
	}
	transaction("OK 1")
	require.Equal(t, "1", replica.do("GET", "a").Str)
	u.says("OK", "EVAL", "return redis.call('set', KEYS[1], 'v')", "1", "script")
	big := strings.Repeat("x", 1<<20)
	u.says("OK", "SET", "big", big)
	replica.freeze()
	defer replica.thaw()
	u.says("OK", "MULTI")
	u.says("QUEUED", "SET", "a", "3")
	require.Contains(t, text(u.do("EXEC")), unconfirmed)
	require.Contains(t, text(u.do("EVAL", "return redis.call('set', KEYS[1], 'v')", "1", "script")), unconfirmed)
	require.Contains(t, text(u.do("SET", "big", big)), unconfirmed)
	u.says("OK", "MULTI")
	u.says("OK", "DISCARD")
}

// A transaction that the server does not allow is none: what follows is confirmed.
func TestDurableWithoutTransactions(t *testing.T) {
	_, replica, e := durable(t, release.DefaultEngine(t))
	u := e.dial()
	u.says("OK", "ACL", "SETUSER", "plain", "on", ">pw", "~*", "+@all", "-multi")
	u.says("OK", "AUTH", "plain", "pw")
	require.Contains(t, text(u.do("MULTI")), "NOPERM")
	u.says("OK", "SET", "k", "v")
	replica.freeze()
	defer replica.thaw()
	u.raw("*1\r\n$5\r\nMULTI\r\nSET k w\r\n")
	require.Contains(t, text(u.read()), "NOPERM")
	require.Contains(t, text(u.read()), unconfirmed)
}

func TestDurablePipelines(t *testing.T) {
	_, replica, e := durable(t, release.DefaultEngine(t))
	var done sync.WaitGroup
	for n := range 20 {
		done.Go(func() {
			u := e.dial()
			key := fmt.Sprint("k", n)
			pipeline := fmt.Sprintf("*2\r\n$4\r\nINCR\r\n$%d\r\n%s\r\n*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n", len(key), key, len(key), key)
			for round := range 20 {
				u.raw(strings.Repeat(pipeline, 10))
				for i := range 10 {
					want := fmt.Sprint(round*10 + i + 1)
					require.Equal(t, want, text(u.read()))
					require.Equal(t, want, text(u.read()))
				}
			}
		})
	}
	done.Wait()
	require.Equal(t, "200", replica.do("GET", "k7").Str)
	u := e.dial()
	replica.freeze()
	defer replica.thaw()
	u.raw(strings.Repeat("*2\r\n$4\r\nINCR\r\n$1\r\nn\r\n*2\r\n$3\r\nGET\r\n$1\r\nn\r\n", 3))
	for n := range 3 {
		require.Contains(t, text(u.read()), unconfirmed)
		require.Equal(t, fmt.Sprint(n+1), text(u.read()))
	}
	require.EqualValues(t, 3, e.Stats().Unconfirmed)
}

func TestDurableSubscribersDoNotWrite(t *testing.T) {
	_, _, e := durable(t, release.DefaultEngine(t))
	u := e.dial()
	u.do("HELLO", "3")
	u.do("SUBSCRIBE", "a")
	u.send("SET", "k", "v")
	u.gone()
}

// A client whose commands go through several connections in one pipeline.
func TestDurablePipelineOfAllKinds(t *testing.T) {
	_, replica, e := durable(t, release.DefaultEngine(t))
	u := e.dial()
	defer func() { t.Logf("%+v", e.Stats()) }()
	pipeline := "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n" +
		"SET k w\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n" + "CLIENT SETINFO LIB-NAME x\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nx\r\n" + "WAIT 1 1000\r\n"
	for range 50 {
		u.raw(pipeline)
		for _, want := range []string{"OK", "v", "OK", "w", "OK", "OK", "1"} {
			require.Equal(t, want, text(u.read()))
		}
	}
	require.Equal(t, "x", replica.do("GET", "k").Str)
	// That connections for reading end concerns nobody who waits for no reply.
	require.NoError(t, e.Point(replica.target()))
	u.says("PONG", "PING")
	require.Zero(t, e.Stats().Unknown)
}

// Subcommands write too.
func TestDurableSubcommands(t *testing.T) {
	for _, engine := range release.Engines(t) {
		t.Run(engine.Name, func(t *testing.T) {
			_, replica, e := durable(t, engine)
			u := e.dial()
			u.says("OK", "XGROUP", "CREATE", "stream", "one", "$", "MKSTREAM")
			replica.freeze()
			defer replica.thaw()
			require.Contains(t, text(u.do("XGROUP", "CREATE", "stream", "two", "$")), unconfirmed)
			require.Contains(t, text(u.do("FUNCTION", "LOAD", "#!lua name=l\nredis.register_function('f', function() end)")), unconfirmed)
		})
	}
}
