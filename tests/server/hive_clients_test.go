//go:build server

package server

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// Many clients say something that nobody else says, each its own, and hear it back,
// whoever is elected meanwhile: the bytes of one never reach another.
func TestHiveClientsHearOnlyThemselves(t *testing.T) {
	t.Parallel()
	r := release.Run(t, hive("safe"))
	ctx, cancel := context.WithCancel(t.Context())
	var heard atomic.Int64
	var all sync.WaitGroup
	const clients = 60
	for n := range clients {
		all.Go(func() {
			for ctx.Err() == nil {
				if err := echoes(ctx, r, n, &heard); err != nil {
					t.Error(err)
					return
				}
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	wait := func(more int64) {
		want := heard.Load() + more
		release.Eventually(t, release.Patience, "clients that hear themselves", func() error {
			if got := heard.Load(); got < want {
				return fmt.Errorf("%d of %d", got, want)
			}
			return nil
		})
	}
	for range 4 {
		wait(10 * clients)
		leader := r.Leader()
		leader.KillServer()
		wait(10 * clients)
	}
	cancel()
	all.Wait()
	r.WaitSettled()
}

// echoes is one connection of a client, until it breaks. An error is one that the
// client must never see.
func echoes(ctx context.Context, r *release.Release, client int, heard *atomic.Int64) error {
	address := r.Endpoint()
	if address == "" {
		return nil
	}
	conn, err := r.Connect(ctx, address)
	if err != nil {
		return nil
	}
	defer conn.Close()
	key := fmt.Sprintf("client:%d", client)
	for ctx.Err() == nil {
		word := fmt.Sprintf("%d says %x", client, rand.Uint64())
		for _, command := range [][]string{{"ECHO", word}, {"SET", key, word}, {"GETDEL", key}, {"LPUSH", key, word}, {"BLPOP", key, "1"}} {
			value, err := conn.Do(ctx, command...)
			if err != nil {
				return nil // what broke is broken: nobody said anything else
			}
			if said := spoken(value); said != "" && said != word {
				return fmt.Errorf("client %d said %q and heard %q after %s", client, word, said, command[0])
			}
		}
		heard.Add(1)
		time.Sleep(time.Duration(rand.IntN(10)) * time.Millisecond)
	}
	return nil
}

// spoken is what a reply holds of anybody's words: those of the last element, where
// there are several.
func spoken(v resp.Value) string {
	switch {
	case v.Null || v.Kind == '+' || v.Kind == ':':
		return ""
	case len(v.Array) > 0:
		return v.Array[len(v.Array)-1].Str
	}
	return v.Str
}
