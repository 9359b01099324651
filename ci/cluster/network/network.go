package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"

	"github.com/helm-valkey/helm-valkey/ci/cluster/layout"
	"github.com/helm-valkey/helm-valkey/ci/cluster/process"
	"github.com/helm-valkey/helm-valkey/ci/internal/command"
)

const (
	bridge = "hv-bridge"
	// machineLink is the machine's own end, plugged into the bridge at bridgePort.
	machineLink = "hv-machine"
	bridgePort  = "hv-machine-port"
)

// Up makes the namespaces and links.
func Up(ctx context.Context, r Range) error {
	control := layout.Control
	lines := []string{"netns add " + control}
	for _, n := range layout.All() {
		lines = append(lines, "netns add "+n.Namespace())
	}
	lines = append(lines,
		"link add "+machineLink+" type veth peer name "+bridgePort+" netns "+control,
		"addr add "+r.Machine()+"/24 dev "+machineLink,
		"link set "+machineLink+" up",
	)
	if err := batch(ctx, "", lines); err != nil {
		return err
	}
	lines = []string{
		"link set lo up",
		"link add " + bridge + " type bridge forward_delay 0",
		"addr add " + r.Control() + "/24 dev " + bridge,
		"link set " + bridgePort + " master " + bridge + " up",
		"link set " + bridge + " up",
	}
	for _, n := range layout.All() {
		lines = append(lines,
			"link add "+n.Namespace()+" type veth peer name eth0 netns "+n.Namespace(),
			"link set "+n.Namespace()+" master "+bridge+" up",
			"route replace "+n.Pods()+" via "+r.Node(n),
		)
	}
	if err := batch(ctx, control, lines); err != nil {
		return err
	}
	for _, n := range layout.All() {
		lines := append([]string{"link set lo up", "addr add " + r.Node(n) + "/24 dev eth0", "link set eth0 up"}, routes(r, n)...)
		if err := batch(ctx, n.Namespace(), lines); err != nil {
			return err
		}
		if err := sysctls(n.Namespace()); err != nil {
			return err
		}
	}
	return nil
}

// routes are a node's routes to the others' pods, and a default route, without which a connection to a
// Service's address would be refused before its address is translated. It leads to the control plane's
// namespace, which forwards nothing.
func routes(r Range, self layout.Node) []string {
	lines := []string{"route replace default via " + r.Control()}
	for _, n := range layout.All() {
		if n != self {
			lines = append(lines, "route replace "+n.Pods()+" via "+r.Node(n))
		}
	}
	return lines
}

// Cut takes a node off the network. What runs on it keeps running.
func Cut(ctx context.Context, n layout.Node) error {
	return batch(ctx, layout.Control, []string{"link set " + n.Namespace() + " down"})
}

// Heal plugs a node in again, with the routes that the kernel may have dropped meanwhile.
func Heal(ctx context.Context, r Range, n layout.Node) error {
	if err := batch(ctx, layout.Control, []string{
		"link set " + n.Namespace() + " up",
		"route replace " + n.Pods() + " via " + r.Node(n),
	}); err != nil {
		return err
	}
	return batch(ctx, n.Namespace(), append([]string{"link set eth0 up"}, routes(r, n)...))
}

// Down removes whatever there is of the namespaces and links.
func Down(ctx context.Context) error {
	var failed []error
	if linked() {
		failed = append(failed, batch(ctx, "", []string{"link delete " + machineLink}))
	}
	for _, n := range layout.All() {
		// Deleted by hand, because the namespace lives on while a process is in it.
		if exists(layout.Control) {
			_, _ = command.Run(ctx, "ip", "-n", layout.Control, "link", "delete", n.Namespace())
		}
		failed = append(failed, remove(ctx, n.Namespace()))
	}
	return errors.Join(append(failed, remove(ctx, layout.Control))...)
}

func remove(ctx context.Context, namespace string) error {
	if !exists(namespace) {
		return nil
	}
	return batch(ctx, "", []string{"netns delete " + namespace})
}

func exists(namespace string) bool {
	_, err := os.Stat("/run/netns/" + namespace)
	return err == nil
}

// linked asks the kernel, because /sys shows another namespace's links to a program in a namespace.
func linked() bool {
	_, err := net.InterfaceByName(machineLink)
	return err == nil
}

// Present tells whether there is anything that Down would remove.
func Present() bool {
	found := linked() || exists(layout.Control)
	for _, n := range layout.All() {
		found = found || exists(n.Namespace())
	}
	return found
}

func batch(ctx context.Context, namespace string, lines []string) error {
	args := []string{"-batch", "-"}
	if namespace != "" {
		args = append([]string{"-n", namespace}, args...)
	}
	_, err := command.Command{Stdin: strings.Join(lines, "\n") + "\n"}.Run(ctx, "ip", args...)
	return err
}

// sysctls lets a node forward between its pods and the others'.
func sysctls(namespace string) error {
	done := make(chan error)
	go func() {
		// The thread is not unlocked, so it ends with this goroutine and nobody else gets it.
		runtime.LockOSThread()
		done <- func() error {
			if err := process.Enter(namespace); err != nil {
				return err
			}
			for key, value := range map[string]string{
				"ip_forward": "1",
				// Answers may come back another way than the question went.
				"conf/all/rp_filter":     "0",
				"conf/default/rp_filter": "0",
			} {
				if err := os.WriteFile("/proc/sys/net/ipv4/"+key, []byte(value), 0o644); err != nil {
					return fmt.Errorf("set net.ipv4.%s in %s: %w", strings.ReplaceAll(key, "/", "."), namespace, err)
				}
			}
			return nil
		}()
	}()
	return <-done
}
