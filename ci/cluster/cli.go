package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/helm-valkey/helm-valkey/ci/internal/cache"

	"github.com/helm-valkey/helm-valkey/ci/cluster/api"
	"github.com/helm-valkey/helm-valkey/ci/cluster/component"
	"github.com/helm-valkey/helm-valkey/ci/cluster/layout"
	"github.com/helm-valkey/helm-valkey/ci/cluster/network"
	"github.com/helm-valkey/helm-valkey/ci/cluster/process"
	"github.com/helm-valkey/helm-valkey/ci/cluster/volume"
)

const usage = `usage: cluster COMMAND

  build                  build the components into the cache
  up                     start the cluster, or do nothing when it is up and healthy
  down                   end it and remove everything of it, whatever state it is in
  status                 say what runs and whether it is healthy
  load TAR…              import images on every node
  cut NODE               take a node off the network; what runs on it keeps running
  heal NODE              put it back
  nsenter NODE -- CMD…   run a command in a node's network, where Services' addresses work.
                         Names do not resolve there; the cluster's DNS is the first address of
                         the network that status prints, on port 53.

The kubeconfig is ` + layout.State + `/kubeconfig, the logs are in ` + layout.State + `/logs,
and ` + layout.State + `/bin/cluster is this program, for those who must send nsenter's command
signals: ` + "`go run`" + ` does not pass them on.
`

// commands are what a person calls.
type commands struct {
	out io.Writer
	bin cache.Dir
}

// errUsage says that the arguments name no command.
var errUsage = errors.New("no such command")

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	err := dispatch(ctx, args, stdout)
	if errors.Is(err, errUsage) {
		fmt.Fprint(stderr, usage)
		return 2
	}
	if err != nil {
		fmt.Fprintf(stderr, "cluster: %v\n", err)
		return 1
	}
	return 0
}

func dispatch(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errUsage
	}
	// What the cluster's own processes are started as.
	switch name, rest := args[0], args[1:]; {
	case name == "launch" && len(rest) > 3 && rest[2] == "--":
		return process.Launch(rest[0], rest[1], rest[3:])
	case name == "provide-volumes" && len(rest) == 0:
		return provideVolumes(ctx, out)
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("%s needs root: namespaces, mounts and control groups are made", args[0])
	}
	bin, err := cache.Open()
	if err != nil {
		return err
	}
	c := commands{out: out, bin: bin}
	switch name, rest := args[0], args[1:]; {
	case name == "build" && len(rest) == 0:
		return component.Build(ctx, out, bin)
	case name == "up" && len(rest) == 0:
		return locked(func() error { return c.up(ctx) })
	case name == "down" && len(rest) == 0:
		return locked(func() error { return c.down(ctx) })
	case name == "status" && len(rest) == 0:
		return c.status(ctx)
	case name == "load" && len(rest) > 0:
		return c.load(ctx, rest)
	case (name == "cut" || name == "heal") && len(rest) == 1:
		return c.plug(ctx, name, rest[0])
	case name == "nsenter" && len(rest) > 2 && rest[1] == "--":
		n, err := layout.Find(rest[0])
		if err != nil {
			return err
		}
		return process.Exec(n.Namespace(), rest[2:])
	}
	return errUsage
}

func (c commands) plug(ctx context.Context, what, name string) error {
	n, err := layout.Find(name)
	if err != nil {
		return err
	}
	if what == "cut" {
		return network.Cut(ctx, n)
	}
	r, err := network.Load()
	if err != nil {
		return err
	}
	return network.Heal(ctx, r, n)
}

func provideVolumes(ctx context.Context, out io.Writer) error {
	client, err := api.New(layout.Kubeconfig())
	if err != nil {
		return err
	}
	volume.Server{Client: client, Dir: layout.Path("volumes"), Log: slog.New(slog.NewTextHandler(out, nil))}.Run(ctx)
	return nil
}
