//go:build e2e || bench

package cluster

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/clientcmd"
)

// LoseVolume deletes a pod by force together with its claim, so that the next one
// gets an empty volume.
func (r *Release) LoseVolume(podName string) {
	r.TB.Helper()
	claims := Client(r.TB).CoreV1().PersistentVolumeClaims(r.Namespace)
	ctx, cancel := request()
	defer cancel()
	claim, err := claims.Get(ctx, "data-"+podName, metav1.GetOptions{})
	require.NoError(r.TB, err)
	// A claim in use goes only once its pod has gone.
	require.NoError(r.TB, claims.Delete(ctx, claim.Name, metav1.DeleteOptions{}))
	old := r.Delete(podName, ByForce)
	Eventually(r.TB, "another claim for "+podName, func() error {
		ctx, cancel := request()
		defer cancel()
		now, err := claims.Get(ctx, claim.Name, metav1.GetOptions{})
		if err == nil && now.UID == claim.UID {
			err = r.hurry(podName)
			if err == nil {
				err = errors.New("the old claim is still there")
			}
		}
		return err
	})
	r.WaitReplaced(podName, old)
}

// hurry deletes a pod that was made before its old claim had gone, and so can't
// ever be scheduled: it would keep the claim from going.
func (r *Release) hurry(podName string) error {
	pod, err := r.Pod(podName)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil || pod.Spec.NodeName != "" {
		return err
	}
	ctx, cancel := request()
	defer cancel()
	err = Client(r.TB).CoreV1().Pods(r.Namespace).Delete(ctx, podName, *metav1.NewDeleteOptions(0))
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// WaitLeftovers waits until nothing is left in the namespace but these objects.
// Helm does not wait for what a StatefulSet leaves to be collected.
func (r *Release) WaitLeftovers(want ...string) {
	r.TB.Helper()
	Eventually(r.TB, fmt.Sprintf("nothing left but %q", want), func() error {
		if left := r.leftovers(); !slices.Equal(left, want) {
			return fmt.Errorf("%q", left)
		}
		return nil
	})
}

// leftovers lists, as "Kind name", every object in the namespace that Kubernetes
// did not put there by itself.
func (r *Release) leftovers() []string {
	r.TB.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	require.NoError(r.TB, err)
	objects, err := dynamic.NewForConfig(config)
	require.NoError(r.TB, err)
	lists, err := Client(r.TB).Discovery().ServerPreferredNamespacedResources()
	require.NoError(r.TB, err)
	var found []string
	for _, list := range lists {
		group, err := schema.ParseGroupVersion(list.GroupVersion)
		require.NoError(r.TB, err)
		for _, resource := range list.APIResources {
			if !slices.Contains(resource.Verbs, "list") || ownedByCluster(resource.Kind, "") {
				continue
			}
			ctx, cancel := request()
			items, err := objects.Resource(group.WithResource(resource.Name)).Namespace(r.Namespace).List(ctx, metav1.ListOptions{})
			cancel()
			require.NoError(r.TB, err, "list %s", resource.Name)
			for _, item := range items.Items {
				if !ownedByCluster(resource.Kind, item.GetName()) {
					found = append(found, resource.Kind+" "+item.GetName())
				}
			}
		}
	}
	slices.Sort(found)
	return found
}

// ownedByCluster tells what Kubernetes makes by itself, or keeps for a while.
func ownedByCluster(kind, name string) bool {
	switch kind {
	case "Event", "EndpointSlice", "Endpoints", "ControllerRevision", "PodMetrics":
		return true
	case "ConfigMap":
		return name == "kube-root-ca.crt"
	case "ServiceAccount":
		return name == "default"
	case "Secret":
		return strings.HasPrefix(name, "default-token-")
	}
	return false
}
