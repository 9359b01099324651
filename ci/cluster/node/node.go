// Package node starts a node: a container runtime, a kubelet and a kube-proxy, each a process in the
// node's network namespace.
package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/helm-valkey/helm-valkey/ci/internal/cache"
	"github.com/helm-valkey/helm-valkey/ci/internal/command"

	"github.com/helm-valkey/helm-valkey/ci/cluster/component"
	"github.com/helm-valkey/helm-valkey/ci/cluster/layout"
	"github.com/helm-valkey/helm-valkey/ci/cluster/network"
	"github.com/helm-valkey/helm-valkey/ci/cluster/pki"
	"github.com/helm-valkey/helm-valkey/ci/cluster/process"
)

// Node is a node to start.
type Node struct {
	layout.Node
	Bin   cache.Dir
	Range network.Range
}

// Processes are the names of the node's processes.
func Processes(n layout.Node) []string {
	return []string{n.Name() + "-containerd", n.Name() + "-kubelet", n.Name() + "-kube-proxy"}
}

// Prepare writes the node's configuration and certificates.
func (n Node) Prepare(a pki.Authority, server string) error {
	for _, dir := range []string{n.Path("cni"), n.Path("images"), n.Path("logs"), n.Path("kubelet"), n.RunDir()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return fmt.Errorf("prepare %s: %w", n.Name(), err)
		}
	}
	address := n.Range.Node(n.Node)
	serving, err := a.Issue(n.Name(), "", n.Name(), address)
	if err != nil {
		return err
	}
	failed := []error{
		serving.Write(n.Path(), "serving"),
		a.WriteConfig(n.Path("kubelet.kubeconfig"), server, "system:node:"+n.Name(), "system:nodes"),
		a.WriteConfig(n.Path("kube-proxy.kubeconfig"), server, "system:kube-proxy", ""),
		makeGroups(n.Namespace()),
	}
	for name, text := range map[string]string{
		n.Path("containerd.toml"):      n.containerd(),
		n.Path("kubelet.json"):         n.kubelet(),
		n.Path("kube-proxy.json"):      n.proxy(),
		n.Path("cni/10-pods.conflist"): n.podNetwork(),
		// The machine's own would carry its search domains into the pods.
		n.Path("resolv.conf"): "nameserver " + n.Range.Control() + "\n",
	} {
		failed = append(failed, os.WriteFile(name, []byte(text), 0o644))
	}
	if err := errors.Join(failed...); err != nil {
		return fmt.Errorf("prepare %s: %w", n.Name(), err)
	}
	return nil
}

// StartRuntime starts the container runtime and gives it the image that pods' sandboxes need.
func (n Node) StartRuntime(ctx context.Context) error {
	p, err := n.start("containerd", n.Bin.Bin("containerd"), "--config", n.Path("containerd.toml"))
	if err != nil {
		return err
	}
	err = p.Until(ctx, 60*time.Second, func(ctx context.Context) error {
		_, err := command.Run(ctx, n.Bin.Bin("ctr"), "--address", n.Socket(), "--connect-timeout", "1s", "version")
		return err
	})
	if err != nil {
		return err
	}
	return n.Import(ctx, component.PauseImage(n.Bin))
}

// StartKubelet starts the kubelet and kube-proxy. The API must be ready: both end without it.
func (n Node) StartKubelet() ([]*process.Process, error) {
	kubelet, err := n.start("kubelet", n.Bin.Bin("kubelet"),
		"--config="+n.Path("kubelet.json"), "--kubeconfig="+n.Path("kubelet.kubeconfig"), "--root-dir="+n.Path("kubelet"),
		"--hostname-override="+n.Name(), "--node-ip="+n.Range.Node(n.Node),
		"--node-labels=topology.kubernetes.io/region=local,topology.kubernetes.io/zone="+fmt.Sprintf("zone%d", n.Number))
	if err != nil {
		return nil, err
	}
	proxy, err := n.start("kube-proxy", n.Bin.Bin("kube-proxy"), "--config="+n.Path("kube-proxy.json"), "--hostname-override="+n.Name())
	return []*process.Process{kubelet, proxy}, err
}

// start starts a process of the node. The shims are found by the runtime through PATH.
func (n Node) start(name string, args ...string) (*process.Process, error) {
	return process.Start(process.Spec{
		Name: n.Name() + "-" + name, Namespace: n.Namespace(), Args: args,
		Env: []string{"PATH=" + n.Bin.Bin("") + ":" + os.Getenv("PATH"), "HOME=/root"},
	})
}
