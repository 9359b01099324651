package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/helm-valkey/helm-valkey/ci/internal/progress"

	"github.com/helm-valkey/helm-valkey/ci/cluster/api"
	"github.com/helm-valkey/helm-valkey/ci/cluster/component"
	"github.com/helm-valkey/helm-valkey/ci/cluster/control"
	"github.com/helm-valkey/helm-valkey/ci/cluster/layout"
	"github.com/helm-valkey/helm-valkey/ci/cluster/network"
	"github.com/helm-valkey/helm-valkey/ci/cluster/node"
	"github.com/helm-valkey/helm-valkey/ci/cluster/pki"
	"github.com/helm-valkey/helm-valkey/ci/cluster/process"
)

// nodesDeadline is how long the nodes may take from the kubelets' start until they are Ready.
const nodesDeadline = 120 * time.Second

func (c commands) up(ctx context.Context) error {
	start := time.Now()
	if err := programs(); err != nil {
		return err
	}
	if err := component.Build(ctx, c.out, c.bin); err != nil {
		return err
	}
	if c.restore(ctx) == nil {
		if err := c.loadCached(ctx); err != nil {
			return err
		}
		fmt.Fprintf(c.out, "the cluster is up and healthy (%s); kubeconfig: %s\n", progress.Seconds(time.Since(start)), layout.Kubeconfig())
		return nil
	}
	if present() {
		fmt.Fprintln(c.out, "there is something of a cluster, but not a healthy one: it is taken down first")
		if err := c.down(ctx); err != nil {
			return err
		}
	}
	if err := c.start(ctx); err != nil {
		return fmt.Errorf("%w\n(what was started stays for a look at %s; `down` removes it)", err, layout.Path("logs"))
	}
	fmt.Fprintf(c.out, "the cluster is up after %s; kubeconfig: %s\n", progress.Seconds(time.Since(start)), layout.Kubeconfig())
	return nil
}

// programs looks for what comes from the distribution.
func programs() error {
	var missing []error
	for _, p := range []string{"ip", "nft", "runc", "mount"} {
		if _, err := exec.LookPath(p); err != nil {
			missing = append(missing, err)
		}
	}
	if _, err := os.Stat("/usr/lib/cni/ptp"); err != nil {
		missing = append(missing, err)
	}
	if err := errors.Join(missing...); err != nil {
		return fmt.Errorf("programs are missing; `go -C ci run ./deps` installs them:\n%w", err)
	}
	return nil
}

func (c commands) start(ctx context.Context) error {
	steps := progress.New(c.out, 4)
	var r network.Range
	var plane control.Plane
	var nodes []node.Node
	if err := steps.Step("network, certificates and configuration", func() (err error) {
		r, plane, nodes, err = c.prepare(ctx)
		return err
	}); err != nil {
		return err
	}
	if err := steps.Step("control plane at "+plane.Server()+" and container runtimes", func() error {
		all := []func() error{func() error { return plane.Start(ctx) }}
		for _, n := range nodes {
			all = append(all, func() error { return n.StartRuntime(ctx) })
		}
		return together(all)
	}); err != nil {
		return err
	}
	client, err := api.New(layout.Kubeconfig())
	if err != nil {
		return err
	}
	if err := steps.Step(fmt.Sprintf("%d nodes", len(nodes)), func() error { return startNodes(ctx, client, nodes) }); err != nil {
		return err
	}
	if err := steps.Step("names", func() error { return control.Resolve(ctx, r) }); err != nil {
		return err
	}
	return c.loadCached(ctx)
}

// prepare makes everything that the processes need before the first is started.
func (c commands) prepare(ctx context.Context) (network.Range, control.Plane, []node.Node, error) {
	var none control.Plane
	for _, dir := range []string{"bin", "logs", "pki", "processes", "kubeconfigs", "volumes"} {
		if err := os.MkdirAll(layout.Path(dir), 0o755); err != nil {
			return network.Range{}, none, nil, err
		}
	}
	if err := errors.Join(claimKubeletDir(), copySelf()); err != nil {
		return network.Range{}, none, nil, err
	}
	r, err := network.Free()
	if err != nil {
		return r, none, nil, err
	}
	if err := errors.Join(r.Save(), network.Up(ctx, r)); err != nil {
		return r, none, nil, err
	}
	a, err := pki.NewAuthority()
	if err != nil {
		return r, none, nil, err
	}
	plane := control.Plane{Bin: c.bin, Range: r}
	failed := []error{plane.Certificates(a)}
	var nodes []node.Node
	for _, n := range layout.All() {
		n := node.Node{Node: n, Bin: c.bin, Range: r}
		nodes = append(nodes, n)
		failed = append(failed, n.Prepare(a, plane.Server()))
	}
	return r, plane, nodes, errors.Join(failed...)
}

// copySelf keeps this program, which `go run` deletes when it ends.
func copySelf() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	in, err := os.Open(self)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(layout.Self(), os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

func startNodes(ctx context.Context, client *api.Client, nodes []node.Node) error {
	var started []*process.Process
	for _, n := range nodes {
		p, err := n.StartKubelet()
		if err != nil {
			return err
		}
		started = append(started, p...)
	}
	// Whichever ends first says why; kubelets that run but do not become Ready say so to the API.
	return started[0].Until(ctx, nodesDeadline, func(ctx context.Context) error {
		var ended []error
		for _, p := range started {
			ended = append(ended, p.Ended())
		}
		return errors.Join(append(ended, ready(ctx, client))...)
	})
}

// ready tells why the nodes are not all Ready, if they are not.
func ready(ctx context.Context, client *api.Client) error {
	nodes, err := client.List(ctx, "/api/v1/nodes")
	if err != nil {
		return err
	}
	var failed []error
	if len(nodes) < layout.Nodes {
		failed = append(failed, fmt.Errorf("%d of %d nodes have registered", len(nodes), layout.Nodes))
	}
	for _, n := range nodes {
		state := fmt.Errorf("%s has not said yet whether it is ready", n.Metadata.Name)
		for _, c := range n.Status.Conditions {
			if c.Type == "Ready" && c.Status == "True" {
				state = nil
			} else if c.Type == "Ready" {
				state = fmt.Errorf("%s is not ready: %s", n.Metadata.Name, c.Message)
			}
		}
		failed = append(failed, state)
	}
	return errors.Join(failed...)
}

// together runs all at once and collects their errors.
func together(all []func() error) error {
	failed := make([]error, len(all))
	var group sync.WaitGroup
	for i, do := range all {
		group.Go(func() { failed[i] = do() })
	}
	group.Wait()
	return errors.Join(failed...)
}
