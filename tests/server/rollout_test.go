//go:build server

package server

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// An upgrade replaces the pods of both StatefulSets at the same time: the master,
// and the replicas one by one, the next when the one before is ready. Nothing is
// persisted, and no pod keeps its address.
func TestBothStatefulSetsRollAtOnce(t *testing.T) {
	t.Parallel()
	for _, order := range []string{"master first", "replica first"} {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, release.Options{Replicas: 2, Password: password})
			load := r.Load()
			r.WaitReplicated(load, 100)
			ledger := load.Stop()
			r.WaitInSync()

			last := r.Replicas[1]
			if order == "master first" {
				require.Zero(t, r.Master.Delete())
				require.Zero(t, last.Delete())
			} else {
				require.Zero(t, last.Delete())
				require.Zero(t, r.Master.Delete())
			}
			r.Master.Create()
			last.Create()
			last.WaitReady()
			// Whoever is master by now.
			require.Zero(t, r.Replicas[0].Delete())
			r.Replicas[0].Create()
			r.WaitInSync()
			require.Zero(t, r.RequireKept(ledger).Lost)
		})
	}
}
