//go:build e2e || bench

package cluster

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TryUpgrade gives the release other values with "helm upgrade" alone, without any
// check before.
func (r *Release) TryUpgrade(values map[string]any) (string, error) {
	r.TB.Helper()
	return r.tryHelm("upgrade", r.upgradeTo(values)...)
}

// TryUpgradeWithChecks does the same with "helm valkey upgrade".
func (r *Release) TryUpgradeWithChecks(values map[string]any) (string, error) {
	r.TB.Helper()
	return r.tryHelm("valkey", append([]string{"upgrade"}, r.upgradeTo(values)...)...)
}

func (r *Release) upgradeTo(values map[string]any) []string {
	r.TB.Helper()
	r.write(values)
	return []string{r.Name, filepath.Join(Root(r.TB), chartPath), "--values", r.values, "--wait", "--timeout", helmTimeout}
}

// History is what Helm has sent of the release.
func (r *Release) History() string {
	r.TB.Helper()
	return r.run("history", r.Name)
}

// Orphan deletes the StatefulSet of a role, and leaves its pods as they are.
func (r *Release) Orphan(role string) {
	r.TB.Helper()
	ctx, cancel := request()
	defer cancel()
	set, err := r.StatefulSet(role)
	require.NoError(r.TB, err)
	policy := metav1.DeletePropagationOrphan
	require.NoError(r.TB, Client(r.TB).AppsV1().StatefulSets(r.Namespace).Delete(ctx, set.Name, metav1.DeleteOptions{PropagationPolicy: &policy}))
	Eventually(r.TB, "StatefulSet "+set.Name+" to be gone", func() error {
		_, err := Client(r.TB).AppsV1().StatefulSets(r.Namespace).Get(ctx, set.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return errors.Join(fmt.Errorf("it is there"), err)
	})
}
