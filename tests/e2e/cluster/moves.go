//go:build e2e || bench

package cluster

import (
	"context"
	"strings"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
)

// watchEvery is how often the write endpoint is asked who is behind it.
const watchEvery = 20 * time.Millisecond

// Moves notes when mastership moves: a new master counts under a replication id of its
// own, which shows through the write endpoint.
type Moves struct {
	cancel context.CancelFunc
	noted  chan []time.Duration
}

// WatchMoves begins to watch. Times count as those of a load.
func (r *Release) WatchMoves(load *Load) *Moves {
	r.TB.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	m := &Moves{cancel: cancel, noted: make(chan []time.Duration, 1)}
	options := resp.Options{Addr: r.Endpoint(Master), Password: r.Password(), Timeout: commandTimeout}
	go func() { m.noted <- watch(ctx, options, load) }()
	r.TB.Cleanup(cancel)
	return m
}

// Stop ends the watch and returns when mastership moved.
func (m *Moves) Stop() []time.Duration {
	m.cancel()
	return <-m.noted
}

func watch(ctx context.Context, options resp.Options, load *Load) []time.Duration {
	var moves []time.Duration
	var conn *resp.Conn
	defer func() {
		if conn != nil {
			conn.Close()
		}
	}()
	known := ""
	for ctx.Err() == nil {
		time.Sleep(watchEvery)
		if conn == nil {
			_ = onNode(client, func() (err error) {
				conn, err = resp.Dial(ctx, options)
				return err
			})
			continue
		}
		reply, err := conn.Do(ctx, "INFO", "replication")
		if err != nil {
			conn.Close()
			conn = nil
			continue
		}
		_, after, _ := strings.Cut(reply.Str, "master_replid:")
		id, _, _ := strings.Cut(after, "\r")
		if known != "" && id != known {
			moves = append(moves, load.Elapsed())
		}
		known = id
	}
	return moves
}
