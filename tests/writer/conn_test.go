package writer

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
)

// answering is a server that answers every command it gets with OK, and ends each
// connection after so many.
func answering(t *testing.T, commands int) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				buffer := make([]byte, 64<<10)
				for range commands {
					if _, err := conn.Read(buffer); err != nil {
						return
					}
					if _, err := io.WriteString(conn, "+OK\r\n"); err != nil {
						return
					}
				}
			}()
		}
	}()
	return listener.Addr().String()
}

// A connection that ended between two commands costs no command.
func TestConnectionsThatEndBetweenTwoCommands(t *testing.T) {
	options := Options{Address: answering(t, 3), Writers: 1, Pause: 2 * time.Millisecond, Timeout: time.Second, Prefix: "p"}
	load := Start(context.Background(), options)
	require.Eventually(t, func() bool { return load.Acknowledged() >= 12 }, 10*time.Second, time.Millisecond)
	ledger := load.Stop()
	require.GreaterOrEqual(t, ledger.Closed, 3)
	require.Empty(t, ledger.Errors, "%v", ledger.Said)
	require.Empty(t, ledger.Unknown)
}

// A command that is sent and not answered may have been done.
func TestCommandsWithoutAnAnswer(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 1<<10))
			conn.Close()
		}
	}()
	options := Options{Address: listener.Addr().String(), Writers: 1, Depth: 2, Timeout: time.Second, Prefix: "p"}
	load := Start(context.Background(), options)
	require.Eventually(t, func() bool { return load.Failures() >= 2 }, 10*time.Second, time.Millisecond)
	ledger := load.Stop()
	require.Empty(t, ledger.Writes)
	require.GreaterOrEqual(t, len(ledger.Unknown), 4, "two of each attempt")
}

func TestSince(t *testing.T) {
	ledger := &Ledger{Prefix: "p", Writes: []Write{{Seq: 1, At: 1}, {Seq: 2, At: 2}, {Seq: 3, At: 3}}}
	part := ledger.Since(1)
	require.Equal(t, []Write{{Seq: 2, At: 2}, {Seq: 3, At: 3}}, part.Writes)
	require.Len(t, ledger.Writes, 3)
	require.Equal(t, "p:0:2", part.Key(part.Writes[0]))
}

func TestNobodyToConnectTo(t *testing.T) {
	options := Options{Endpoint: func() string { return "" }, Writers: 1, Timeout: time.Second, Prefix: "p"}
	load := Start(context.Background(), options)
	require.Eventually(t, func() bool { return load.Failures() >= 1 }, 10*time.Second, time.Millisecond)
	require.NotZero(t, load.Stop().Errors["noendpoint"])
}

// What somebody else writes is accounted for in the same way.
func TestSetThrough(t *testing.T) {
	options := Options{Writers: 2, Pause: time.Millisecond, Wait: time.Millisecond, Timeout: time.Second, Prefix: "p"}
	options.Set = func(_ context.Context, key, _ string, wait time.Duration) (int, error) {
		require.Equal(t, options.Wait, wait)
		switch {
		case key == "p:1:2":
			return 0, resp.Error("READONLY you can't write here")
		case strings.HasPrefix(key, "p:1:"):
			return 0, nil
		}
		return 1, nil
	}
	closed := 0
	options.Close = func() { closed++ }
	load := Start(context.Background(), options)
	require.Eventually(t, func() bool { return load.Acknowledged() >= 20 && load.Failures() > 0 }, 10*time.Second, time.Millisecond)
	ledger := load.Stop()
	load.Stop()
	require.Equal(t, 1, closed)
	require.Equal(t, map[string]int{"readonly": 1}, ledger.Errors)
	require.Len(t, ledger.Unknown, 1)
	require.Equal(t, Write{Writer: 1, Seq: 2, At: ledger.Unknown[0].At}, ledger.Unknown[0])
	confirmed, alone := ledger.Of(0), ledger.Of(1)
	require.Equal(t, len(ledger.Writes), len(confirmed.Writes)+len(alone.Writes))
	require.Equal(t, len(confirmed.Writes), confirmed.Summary().Replicated)
	require.Zero(t, alone.Summary().Replicated)
}
