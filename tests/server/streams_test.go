//go:build server

package server

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// roll replaces the pod that is master again and again, while clients get on.
func roll(t *testing.T, r *release.Release, progress *atomic.Int64) {
	t.Helper()
	for range 4 {
		want := progress.Load() + 30
		release.Eventually(t, release.Patience, "clients that get on", func() error {
			if got := progress.Load(); got < want {
				return fmt.Errorf("%d of %d", got, want)
			}
			return nil
		})
		replace(t, r.Leader())
	}
}

// sessions runs clients, each on one connection after another, until the test says
// that it is enough.
func sessions(t *testing.T, r *release.Release, n int, session func(ctx context.Context, client int, conn *link) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for client := range n {
		all.Go(func() {
			for ctx.Err() == nil {
				if raw, err := r.Dial(ctx, r.Endpoint()); err == nil {
					closing := context.AfterFunc(ctx, func() { raw.Close() })
					if err := session(ctx, client, &link{raw, bufio.NewReader(raw)}); err != nil {
						t.Errorf("client %d: %v", client, err)
						cancel()
					}
					closing()
					raw.Close()
				}
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	return func() {
		cancel()
		all.Wait()
	}
}

// link is a connection on which messages come by themselves, too.
type link struct {
	net.Conn
	reader *bufio.Reader
}

const linkTimeout = 20 * time.Second

func (l *link) do(args ...string) (resp.Value, error) {
	if err := l.SetDeadline(time.Now().Add(linkTimeout)); err != nil {
		return resp.Value{}, err
	}
	if _, err := l.Write(resp.Append(nil, args...)); err != nil {
		return resp.Value{}, err
	}
	return l.next()
}

func (l *link) next() (resp.Value, error) {
	value, err := resp.Read(l.reader)
	if err == nil && value.Kind == '-' {
		err = resp.Error(value.Str)
	}
	return value, err
}

// A transaction is done as a whole or not at all, and who was told that it was done
// finds it done.
func TestTransactionsWhileMastershipMoves(t *testing.T) {
	t.Parallel()
	r := release.Run(t, release.Options{Moves: true, Replicas: 2})
	const clients = 6
	var done [clients]atomic.Int64
	var progress atomic.Int64
	stop := sessions(t, r, clients, func(ctx context.Context, client int, conn *link) error {
		a, b := fmt.Sprintf("{%d}:a", client), fmt.Sprintf("{%d}:b", client)
		for ctx.Err() == nil {
			if _, err := conn.do("WATCH", a); err != nil {
				return nil
			}
			if _, err := conn.do("MULTI"); err != nil {
				return nil
			}
			for _, key := range []string{a, b} {
				value, err := conn.do("INCR", key)
				if err != nil {
					return nil
				}
				if value.Str != "QUEUED" {
					return fmt.Errorf("INCR in a transaction says %q", value.Str)
				}
				time.Sleep(time.Millisecond)
			}
			value, err := conn.do("EXEC")
			if err != nil {
				return nil
			}
			if len(value.Array) != 2 || value.Array[0].Int != value.Array[1].Int {
				return fmt.Errorf("EXEC says %v", value.Array)
			}
			done[client].Store(value.Array[0].Int)
			progress.Add(1)
		}
		return nil
	})
	roll(t, r, &progress)
	stop()
	leader := r.WaitSettled()
	for client := range clients {
		a, b := leader.Do("GET", fmt.Sprintf("{%d}:a", client)).Str, leader.Do("GET", fmt.Sprintf("{%d}:b", client)).Str
		require.Equal(t, a, b, "both halves of the transactions of client %d", client)
		count, err := strconv.ParseInt(a, 10, 64)
		require.NoError(t, err)
		require.GreaterOrEqual(t, count, done[client].Load(), "transactions that client %d was told were done", client)
	}
}

// What was pushed is popped at most once, in order, and by clients that wait for it.
func TestBlockingPopsWhileMastershipMoves(t *testing.T) {
	t.Parallel()
	r := release.Run(t, release.Options{Moves: true, Replicas: 2})
	var mu sync.Mutex
	popped := map[string]int{}
	var pushed, progress atomic.Int64
	stopPops := sessions(t, r, 4, func(ctx context.Context, _ int, conn *link) error {
		for ctx.Err() == nil {
			value, err := conn.do("BLPOP", "queue", "2")
			if err != nil {
				return nil
			}
			if value.Null {
				continue
			}
			if len(value.Array) != 2 || value.Array[0].Str != "queue" {
				return fmt.Errorf("BLPOP says %v", value)
			}
			mu.Lock()
			popped[value.Array[1].Str]++
			mu.Unlock()
			progress.Add(1)
		}
		return nil
	})
	stopPushes := sessions(t, r, 1, func(ctx context.Context, _ int, conn *link) error {
		for ctx.Err() == nil {
			if _, err := conn.do("RPUSH", "queue", strconv.FormatInt(pushed.Add(1), 10)); err != nil {
				return nil
			}
			time.Sleep(2 * time.Millisecond)
		}
		return nil
	})
	roll(t, r, &progress)
	stopPushes()
	stopPops()
	r.WaitSettled()
	mu.Lock()
	defer mu.Unlock()
	for element, times := range popped {
		require.Equal(t, 1, times, "element %s", element)
		n, err := strconv.ParseInt(element, 10, 64)
		require.NoError(t, err)
		require.LessOrEqual(t, n, pushed.Load())
	}
}

// A subscription is closed or goes on to serve; it is never left without messages, and
// never gets those of another channel.
func TestSubscriptionsWhileMastershipMoves(t *testing.T) {
	t.Parallel()
	r := release.Run(t, release.Options{Moves: true, Replicas: 2})
	const clients = 4
	var heard [clients]atomic.Int64
	var progress atomic.Int64
	stopSubscribers := sessions(t, r, clients, func(ctx context.Context, client int, conn *link) error {
		channel := fmt.Sprintf("channel:%d", client)
		value, err := conn.do("SUBSCRIBE", channel)
		for last := int64(0); err == nil && ctx.Err() == nil; value, err = conn.next() {
			if len(value.Array) != 3 || value.Array[1].Str != channel {
				return fmt.Errorf("subscribed to %s it heard %v", channel, value)
			}
			if value.Array[0].Str != "message" {
				continue
			}
			n, err := strconv.ParseInt(value.Array[2].Str, 10, 64)
			if err != nil || n <= last {
				return fmt.Errorf("%s: message %q after %d", channel, value.Array[2].Str, last)
			}
			last = n
			heard[client].Add(1)
			progress.Add(1)
		}
		return nil
	})
	var sent atomic.Int64
	stopPublisher := sessions(t, r, 1, func(ctx context.Context, _ int, conn *link) error {
		for ctx.Err() == nil {
			n := strconv.FormatInt(sent.Add(1), 10)
			for client := range clients {
				if _, err := conn.do("PUBLISH", fmt.Sprintf("channel:%d", client), n); err != nil {
					return nil
				}
			}
			time.Sleep(5 * time.Millisecond)
		}
		return nil
	})
	roll(t, r, &progress)
	var want [clients]int64
	for client := range clients {
		want[client] = heard[client].Load() + 10
	}
	release.Eventually(t, release.Patience, "subscribers that hear something", func() error {
		for client := range clients {
			if heard[client].Load() < want[client] {
				return fmt.Errorf("client %d heard nothing", client)
			}
		}
		return nil
	})
	stopPublisher()
	stopSubscribers()
}

// Values of many packets, and many commands at a time, while mastership moves.
func TestBigValuesAndPipelinesWhileMastershipMoves(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name        string
		depth, size int
		whole       bool // nothing at all may fail
	}{
		{name: "values of 30 kB", depth: 1, size: 30 << 10, whole: true},
		{name: "values of 256 kB", depth: 1, size: 256 << 10},
		{name: "fifty commands at a time", depth: 50, size: 10},
		{name: "ten values of 40 kB at a time", depth: 10, size: 40 << 10},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, release.Options{Moves: true, Replicas: 2})
			options := r.Clients()
			options.Depth, options.Size = c.depth, c.size
			options.Writers, options.Pause = 2, 50*time.Millisecond
			load := r.LoadWith(options)
			for range 3 {
				r.WaitAcknowledged(load, 60)
				replace(t, r.Leader())
			}
			ledger := load.Stop()
			r.WaitSettled()
			if c.whole {
				requireUnnoticed(t, r, ledger)
				return
			}
			for kind := range ledger.Errors {
				// What is too long to be kept is not sent again.
				require.Contains(t, []string{"readonly", "closed", "reset"}, kind, "%v", ledger.Said)
			}
			requireNothingLost(t, r, ledger)
		})
	}
}
