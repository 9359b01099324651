//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
	"github.com/helm-valkey/helm-valkey/tests/e2e/cluster"
)

// The data of a Redis as another chart runs it move into a release, while clients write.
func TestExternalMaster(t *testing.T) {
	t.Parallel()
	for _, helm := range []string{cluster.Helm3, cluster.Helm4} {
		t.Run(helm, func(t *testing.T) {
			t.Parallel()
			moveData(t, helm)
		})
	}
}

func moveData(t *testing.T, helm string) {
	r := cluster.New(t, "moved", helm, cluster.Newest(t, "valkey"))
	r.Outside(cluster.Oldest(t, "redis"))
	before := r.StartLoad(r.OutsideClients("node2"))
	before.WaitWrites(enoughWrites)
	r.InstallInTheBackground(values{"externalMaster": values{
		"host":                      cluster.OutsideService,
		"existingSecret":            cluster.OutsideSecret,
		"existingSecretPasswordKey": cluster.OutsideKey,
	}})
	r.WaitFollowing()
	cluster.Eventually(t, "a write endpoint that says whom the release follows", func() error {
		_, err := r.Try(r.Endpoint(cluster.Master), "SET", "key", "value")
		if !resp.IsCode(err, "READONLY") || !strings.Contains(err.Error(), "follows "+cluster.OutsideService) {
			return fmt.Errorf("a write before the promotion: %v", err)
		}
		return nil
	})
	before.WaitWrites(enoughWrites)

	said, err := r.Promote()
	require.NoError(t, err, said)
	require.Contains(t, said, "promoted")
	before.WaitRefused(20)
	ledger := before.Stop()
	r.WaitReady()
	require.Zero(t, r.RequireKept(ledger).Lost)
	_, err = r.TryOutside("SET", "key", "value")
	require.True(t, resp.IsCode(err, "NOREPLICAS"), "a write to the old server: %v", err)

	// The value goes, the data stay; who wants a hive gets one on the way.
	after := r.StartLoad(r.Clients("node2"))
	after.WaitWrites(enoughWrites)
	r.Upgrade(values{"hive": values{"enabled": true}})
	after.WaitWrites(enoughWrites)
	r.RequireKept(after.Stop())
	require.Zero(t, r.RequireKept(ledger).Lost)
	said, err = r.Promote()
	require.NoError(t, err, said)
	require.Contains(t, said, "already promoted")
}
