//go:build e2e

package e2e

import (
	"testing"

	"github.com/helm-valkey/helm-valkey/tests/e2e/cluster"
)

// With Sentinels any pod may be master, and most of them have to vote for another.
func TestMastershipWithSentinels(t *testing.T) {
	t.Parallel()
	r := cluster.New(t, "sentinel", cluster.Helm3, cluster.Newest(t, "valkey"))
	r.Install(values{
		"sentinel": values{"enabled": true},
		"master":   values{"failbackAfter": "5s"},
	})
	life(t, r, append(planned(), []part{
		{"the master's pod is master again", func(_ *testing.T, r *cluster.Release) { r.WaitHome() }},
		{"the master's server is killed", serverKilled},
		{"the master's server hangs", serverHangs},
		{"the master's pod is deleted by force", podDeletedByForce},
		{"a replica's pod is killed in the middle of a handover", replicaKilledInHandover},
		{"all pods are deleted at once", allPodsDeleted},
	}...))
}
