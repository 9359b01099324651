package proxy_test

import (
	"context"
	"io"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/proxy"
	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
)

func TestDrain(t *testing.T) {
	s := start(t)
	e := front(t, s, proxy.Options{})
	idle, blocked := e.dial(), e.dial()
	idle.says("OK", "SET", "k", "v")
	blocked.says("0", "LLEN", "list")
	blocked.send("BLPOP", "list", "0.3")
	eventually(t, "the pop waits", func() error {
		if text(s.do("CLIENT", "LIST")) == "" || e.Stats().Upstreams < 2 {
			return io.ErrNoProgress
		}
		return nil
	})
	time.Sleep(20 * time.Millisecond)
	done := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		done <- e.Drain(ctx)
	}()
	idle.gone()
	require.True(t, blocked.read().Null, "what was under way is answered")
	blocked.gone()
	require.NoError(t, <-done)
	_, err := net.DialTimeout("tcp", e.address, time.Second)
	require.Error(t, err)
}

// TestDrainUnderLoad: what a client was not told of did not run, and what it was
// told of did.
func TestDrainUnderLoad(t *testing.T) {
	s := start(t)
	e := front(t, s, proxy.Options{Threads: 2})
	const clients = 30
	last := make([]int64, clients)
	var done sync.WaitGroup
	for n := range clients {
		done.Go(func() {
			conn, err := resp.Dial(context.Background(), resp.Options{Addr: e.address})
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			for {
				reply, err := conn.Do(context.Background(), "INCR", strconv.Itoa(n))
				if err != nil {
					return
				}
				last[n] = reply.Int
			}
		})
	}
	time.Sleep(200 * time.Millisecond)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	require.NoError(t, e.Drain(ctx))
	done.Wait()
	for n, want := range last {
		require.Positive(t, want)
		require.Equal(t, strconv.FormatInt(want, 10), s.do("GET", strconv.Itoa(n)).Str)
	}
	require.Zero(t, e.Stats().Connections)
}

func TestDrainEndsWithItsContext(t *testing.T) {
	e := front(t, start(t), proxy.Options{})
	u := e.dial()
	u.send("BLPOP", "list", "0")
	time.Sleep(50 * time.Millisecond)
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, e.Drain(ctx), context.DeadlineExceeded)
	u.gone()
}
