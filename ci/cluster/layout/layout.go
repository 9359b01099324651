// Package layout says where the cluster keeps its state, and what its parts are called.
package layout

import (
	"fmt"
	"path/filepath"
)

const (
	// State holds everything of the running cluster; `down` removes it.
	State = "/var/lib/helm-valkey/cluster"
	// Run holds the container runtimes' sockets: their paths must stay below 108 bytes, and a shim's
	// is a 64-character digest below this.
	Run = "/run/helm-valkey"
	// Control is the network namespace of the control plane.
	Control = "hv-control"
	// Nodes is how many nodes there are.
	Nodes = 3
	// Pause is the image of the sandbox containers.
	Pause = "localhost/helm-valkey/pause:1"
)

// Path is a path below the state.
func Path(parts ...string) string {
	return filepath.Join(append([]string{State}, parts...)...)
}

// Kubeconfig is the administrator's kubeconfig.
func Kubeconfig() string { return Path("kubeconfig") }

// Self is the copy of this program that the cluster's processes are started with.
func Self() string { return Path("bin", "cluster") }

// Log is the log of one process.
func Log(name string) string { return Path("logs", name+".log") }

// Node is one node.
type Node struct {
	// Number counts from 1.
	Number int
}

// All returns the nodes.
func All() []Node {
	nodes := make([]Node, Nodes)
	for i := range nodes {
		nodes[i].Number = i + 1
	}
	return nodes
}

// Find returns the node of a name.
func Find(name string) (Node, error) {
	for _, n := range All() {
		if n.Name() == name {
			return n, nil
		}
	}
	return Node{}, fmt.Errorf("no node %q: there are node1 to node%d", name, Nodes)
}

// Name is the node's name in Kubernetes.
func (n Node) Name() string { return fmt.Sprintf("node%d", n.Number) }

// Namespace is the node's network namespace. The link's other end, in the control plane's namespace,
// has the same name, and so has the node's control group.
func (n Node) Namespace() string { return "hv-" + n.Name() }

// Pods is the range of the node's pods.
func (n Node) Pods() string { return fmt.Sprintf("10.244.%d.0/24", n.Number) }

// Path is a path below the node's state.
func (n Node) Path(parts ...string) string {
	return Path(append([]string{"nodes", n.Name()}, parts...)...)
}

// RunDir is the folder of the node's container runtime's sockets.
func (n Node) RunDir() string { return filepath.Join(Run, n.Name()) }

// Socket is the node's container runtime.
func (n Node) Socket() string { return filepath.Join(n.RunDir(), "containerd.sock") }

// CNI is the name of the node's pod network.
func (n Node) CNI() string { return "helm-valkey-" + n.Name() }
