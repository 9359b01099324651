//go:build e2e || bench

// Package cluster installs releases on the Kubernetes that ci/cluster starts on
// this machine, and does to them what happens to releases: pods are deleted,
// processes killed, values changed.
package cluster

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/gruntwork-io/terratest/modules/k8s"
	"github.com/gruntwork-io/terratest/modules/logger"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	state           = "/var/lib/helm-valkey/cluster"
	kubeconfig      = state + "/kubeconfig"
	howToStart      = "the tests need the project's own cluster: go -C ci run ./cluster up"
	requestPatience = 30 * time.Second
)

// Patience is the deadline of every wait that has none of its own. It is no
// measure of speed: two busy cores must get there.
const Patience = 3 * time.Minute

var connect = sync.OnceValues(func() (*kubernetes.Clientset, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	// Polls of several objects at once would otherwise wait for each other.
	config.QPS, config.Burst = 200, 400
	return kubernetes.NewForConfig(config)
})

// Client returns the cluster's API. It never reads the current context, which
// might be somebody's production.
func Client(tb testing.TB) *kubernetes.Clientset {
	tb.Helper()
	client, err := connect()
	require.NoError(tb, err, howToStart)
	return client
}

func kubectlOptions(namespace string) *k8s.KubectlOptions {
	options := k8s.NewKubectlOptions("", kubeconfig, namespace)
	options.Logger = logger.Discard
	return options
}

// Root is the repository's root.
func Root(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	require.NoError(tb, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		require.NotEqual(tb, "/", dir, "no go.mod above the tests")
		dir = filepath.Dir(dir)
	}
}

// Nodes returns the names of the nodes.
func Nodes(tb testing.TB) []string {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), requestPatience)
	defer cancel()
	list, err := Client(tb).CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	require.NoError(tb, err, howToStart)
	names := make([]string, 0, len(list.Items))
	for _, node := range list.Items {
		names = append(names, node.Name)
	}
	return names
}

// request returns a context for one call of the API.
func request() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), requestPatience)
}
