package proxy_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/proxy"
)

// A server that is no master for long answers reads, and its owner writes.
func TestReadOnlyTarget(t *testing.T) {
	for name, durability := range map[string]proxy.Durability{"async": {}, "replicated": {Replicas: 1}} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			s.do("SET", "k", "old")
			s.do("REPLICAOF", "127.0.0.1", "1")
			e := serve(t, proxy.Options{Durability: durability})
			target := s.target()
			target.ReadOnly = "it follows another"
			require.NoError(t, e.Point(target))
			const refusal = "READONLY it follows another"
			shared, own := e.dial(), e.dial()
			own.says("OK", "SELECT", "0")
			for _, u := range []*user{shared, own} {
				u.says("old", "GET", "k")
				require.Equal(t, refusal, text(u.do("SET", "k", "new")))
				u.says("old", "GET", "k")
				require.Equal(t, refusal, text(u.do("EVAL", "return redis.call('SET', 'k', 'new')", "1", "k")))
			}
			// Refusals keep their place among other answers.
			shared.raw(strings.Repeat("GET k\r\nSET k new\r\n", 20))
			for range 20 {
				require.Equal(t, "old", text(shared.read()))
				require.Equal(t, refusal, text(shared.read()))
			}
			own.says("OK", "MULTI")
			require.Equal(t, refusal, text(own.do("SET", "k", "new")))
			require.Contains(t, text(own.do("EXEC")), "EXECABORT")
			require.Zero(t, e.refused.Load(), "nobody has to look for another master")
		})
	}
}

// Who was told that there is no master can write when there is one, on the same connection.
func TestReadOnlyTargetBecomesMaster(t *testing.T) {
	s := start(t)
	s.do("REPLICAOF", "127.0.0.1", "1")
	e := serve(t, proxy.Options{})
	target := s.target()
	target.ReadOnly = "not yet"
	require.NoError(t, e.Point(target))
	u := e.dial()
	require.Equal(t, "READONLY not yet", text(u.do("SET", "k", "v")))
	s.do("REPLICAOF", "NO", "ONE")
	require.NoError(t, e.Point(s.target()))
	u.says("OK", "SET", "k", "v")
	u.says("v", "GET", "k")
}
