//go:build e2e

package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/e2e/cluster"
)

// What the plugin says that Kubernetes refuses, it refuses; and the plugin says so
// before anything is sent.
func TestUpgradeWithChecks(t *testing.T) {
	t.Parallel()
	for _, helm := range []string{cluster.Helm3, cluster.Helm4} {
		t.Run(helm, func(t *testing.T) {
			t.Parallel()
			r := cluster.New(t, "checked", helm, cluster.Newest(t, "valkey"))
			r.Install(size("2Gi"))
			r.Fill("precious", 500, 100)
			life(t, r, []part{
				{"a smaller volume is refused", func(t *testing.T, r *cluster.Release) {
					refusedBefore(t, r, size("1Gi"), "volumes cannot shrink [VK303]")
				}},
				{"another order of pods is refused", func(t *testing.T, r *cluster.Release) {
					refusedBefore(t, r, cluster.Merge(size("2Gi"), values{"replica": values{"podManagementPolicy": "OrderedReady"}}), "[VK301]")
				}},
				{"another password is refused", func(t *testing.T, r *cluster.Release) {
					refusedBefore(t, r, cluster.Merge(size("2Gi"), values{"auth": values{"password": "another"}}), "[VK309]")
				}},
				{"an address of one's own is refused", func(t *testing.T, r *cluster.Release) {
					refusedBefore(t, r, cluster.Merge(size("2Gi"), values{"master": values{"service": values{"clusterIP": "10.96.255.254"}}}), "[VK313]")
				}},
				{"a larger volume is refused, and made in the way that is said", grown},
				{"what changes nothing of that passes unnoticed", func(t *testing.T, r *cluster.Release) {
					annotated := values{"podAnnotations": values{"example.com/changed-by": t.Name()}}
					stopped(r, func() {
						output, err := r.TryUpgradeWithChecks(cluster.Merge(size("4Gi"), values{"master": annotated, "replica": annotated}))
						require.NoError(t, err, output)
						r.WaitReady()
					})
					requireKeys(t, r, "precious", 500)
				}},
			})
		})
	}
}

func size(size string) values {
	return values{"master": values{"persistence": values{"size": size}, "failbackAfter": "5s"}}
}

// refusedBefore tries an upgrade with the checks, and looks whether anything was sent.
func refusedBefore(t *testing.T, r *cluster.Release, to values, want string) {
	t.Helper()
	before, lives := r.History(), r.Lives("")
	output, err := r.TryUpgradeWithChecks(to)
	require.Error(t, err)
	require.Contains(t, output, want)
	require.Contains(t, output, "nothing has been sent to the cluster")
	require.Equal(t, before, r.History())
	require.Equal(t, lives, r.Lives(""))
}

// grown makes a template of larger claims. The cluster's class does not let claims grow,
// so that those that are there stay.
func grown(t *testing.T, r *cluster.Release) {
	refusedBefore(t, r, size("4Gi"), "2Gi → 4Gi: Kubernetes refuses this change of the template [VK302]")
	output, err := r.TryUpgrade(size("4Gi"))
	require.Error(t, err)
	require.Contains(t, output, "updates to statefulset spec for fields other than", "so it does")

	lives := r.Lives("")
	load := r.StartLoad(r.Clients("node2"))
	load.WaitWrites(enoughWrites)
	r.Orphan(cluster.Master)
	output, err = r.TryUpgradeWithChecks(size("4Gi"))
	require.NoError(t, err, output)
	r.WaitReady()
	load.WaitWrites(enoughWrites)
	r.RequireUnnoticed(load.Stop())
	require.Equal(t, lives, r.Lives(""), "pods go on")
	set, err := r.StatefulSet(cluster.Master)
	require.NoError(t, err)
	require.Equal(t, "4Gi", set.Spec.VolumeClaimTemplates[0].Spec.Resources.Requests.Storage().String())
	requireKeys(t, r, "precious", 500)
}
