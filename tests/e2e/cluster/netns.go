//go:build e2e || bench

package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
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
	runtime.LockOSThread()
	back, err := enter(node)
	if err != nil {
		runtime.UnlockOSThread()
		return err
	}
	err = work()
	if left := back(); left != nil {
		// The thread stays locked, and ends with its goroutine: nothing else may
		// ever run in the namespace.
		return errors.Join(err, left)
	}
	runtime.UnlockOSThread()
	return err
}

// enter takes this thread to a node's network namespace, and returns the way back.
func enter(node string) (back func() error, err error) {
	home, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return nil, err
	}
	namespace, err := os.Open(namespacePath(node))
	if err != nil {
		home.Close()
		return nil, err
	}
	defer namespace.Close()
	if err := unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET); err != nil {
		home.Close()
		return nil, fmt.Errorf("enter the network namespace of %s: %w", node, err)
	}
	return func() error {
		defer home.Close()
		if err := unix.Setns(int(home.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("leave the network namespace of %s: %w", node, err)
		}
		return nil
	}, nil
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
