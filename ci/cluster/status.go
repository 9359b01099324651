package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/helm-valkey/helm-valkey/ci/cluster/api"
	"github.com/helm-valkey/helm-valkey/ci/cluster/control"
	"github.com/helm-valkey/helm-valkey/ci/cluster/layout"
	"github.com/helm-valkey/helm-valkey/ci/cluster/network"
	"github.com/helm-valkey/helm-valkey/ci/cluster/node"
	"github.com/helm-valkey/helm-valkey/ci/cluster/process"
)

// healDeadline is how long nodes may take to be Ready again after their links were put back.
const healDeadline = 20 * time.Second

// expected are the names of all processes of a whole cluster.
func expected() []string {
	names := control.Names()
	for _, n := range layout.All() {
		names = append(names, node.Processes(n)...)
	}
	return names
}

// running tells which processes are missing, if any are.
func running() error {
	records, err := process.Records()
	if err != nil {
		return err
	}
	var failed []error
	for _, name := range expected() {
		i := slices.IndexFunc(records, func(r process.Record) bool { return r.Name == name })
		switch {
		case i < 0:
			failed = append(failed, fmt.Errorf("%s was not started", name))
		case !records[i].Alive():
			err := fmt.Errorf("%s (process %d) has ended", name, records[i].PID)
			// One log explains; all of them, after a reboot say, bury it.
			if failed == nil {
				err = fmt.Errorf("%w\n%s", err, process.Tail(name))
			}
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// healthy tells what is wrong with the cluster, if anything is.
func healthy(ctx context.Context) error {
	if err := running(); err != nil {
		return err
	}
	r, err := network.Load()
	if err != nil {
		return err
	}
	client, err := api.New(layout.Kubeconfig())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := client.Ready(ctx); err != nil {
		return err
	}
	return errors.Join(ready(ctx, client), control.Resolve(ctx, r))
}

// restore looks whether the cluster is healthy, and plugs nodes in that were left cut off.
func (c commands) restore(ctx context.Context) error {
	err := healthy(ctx)
	if err == nil || running() != nil {
		return err
	}
	r, err := network.Load()
	if err != nil {
		return err
	}
	for _, n := range layout.All() {
		if err := network.Heal(ctx, r, n); err != nil {
			return err
		}
	}
	deadline := time.Now().Add(healDeadline)
	for {
		err := healthy(ctx)
		if err == nil || time.Now().After(deadline) || ctx.Err() != nil {
			return err
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func (c commands) status(ctx context.Context) error {
	if !present() {
		fmt.Fprintln(c.out, "the cluster is down: nothing of it is on this machine")
		return errors.New("not up")
	}
	if r, err := network.Load(); err == nil {
		fmt.Fprintf(c.out, "network     %s (API %s:6443, DNS %s:53)\n", r, r.Control(), r.Control())
	}
	fmt.Fprintf(c.out, "kubeconfig  %s\n", layout.Kubeconfig())
	records, err := process.Records()
	for _, r := range records {
		state := "running"
		if !r.Alive() {
			state = "ended"
		}
		fmt.Fprintf(c.out, "process     %-24s %7d  %s\n", r.Name, r.PID, state)
	}
	if err = errors.Join(err, healthy(ctx)); err != nil {
		return fmt.Errorf("not healthy: %w", err)
	}
	fmt.Fprintln(c.out, "healthy: all processes run, all nodes are Ready, the DNS answers")
	return nil
}

// present tells whether there is anything that down would remove.
func present() bool {
	for _, dir := range []string{layout.State, layout.Run} {
		if _, err := os.Stat(dir); err == nil {
			return true
		}
	}
	return network.Present() || slices.ContainsFunc(layout.All(), func(n layout.Node) bool { return node.GroupsPresent(n.Namespace()) })
}
