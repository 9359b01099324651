//go:build e2e || bench

package cluster

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// namespacePath is the network namespace of a node. Connections made there take
// the way that a pod's take: to the addresses of pods, and through kube-proxy to
// those of Services.
func namespacePath(node string) string { return "/var/run/netns/hv-" + node }

// onNode runs work in a node's network namespace. Sockets opened by work stay in
// it; goroutines started by work do not get there.
func onNode(node string, work func() error) error {
	done := make(chan error, 1)
	go func() {
		// Never unlocked: the thread ends with this goroutine, so that no other
		// one ever runs in the namespace.
		runtime.LockOSThread()
		done <- enter(node, work)
	}()
	return <-done
}

func enter(node string, work func() error) error {
	namespace, err := os.Open(namespacePath(node))
	if err != nil {
		return err
	}
	defer namespace.Close()
	if err := unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter the network namespace of %s: %w", node, err)
	}
	return work()
}

// dialFrom returns a dialer whose connections begin on a node.
func dialFrom(node string) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (conn net.Conn, err error) {
		err = onNode(node, func() (err error) {
			conn, err = (&net.Dialer{}).DialContext(ctx, network, address)
			return err
		})
		return conn, err
	}
}

// commandOn is a command that runs in a node's network namespace. It is not `ip
// netns exec`, which mounts a /sys of its own over everything.
func commandOn(ctx context.Context, node, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "nsenter", append([]string{"--net=" + namespacePath(node), "--", name}, args...)...)
}
