//go:build linux

package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/external"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
	"github.com/helm-valkey/helm-valkey/entrypoint/settings"
)

const promoteUsage = "promote takes --timeout 60s, and one of --no-fence (all that write to the old server are stopped) and --source-is-gone (it is lost)"

// promote asks the process of this pod to take the writes over from the server that the
// release follows, and says what that means for it.
func promote(ctx context.Context, args, environ []string, stdout io.Writer) error {
	flags := flag.NewFlagSet("promote", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	timeout := flags.Duration("timeout", time.Minute, "")
	noFence := flags.Bool("no-fence", false, "")
	gone := flags.Bool("source-is-gone", false, "")
	if err := flags.Parse(args); err != nil {
		return usageError("promote: " + err.Error())
	}
	order := peer.Order{Timeout: *timeout}
	switch {
	case flags.NArg() > 0, *noFence && *gone, *timeout < time.Second:
		return usageError(promoteUsage)
	case *noFence:
		order.Fence = peer.FenceNone
	case *gone:
		order.Fence = peer.FenceGone
	}
	s, err := settings.Read(environ)
	if err != nil {
		return fmt.Errorf("run it in the container of the server: %w", err)
	}
	p := promotion{settings: s, stdout: stdout}
	return p.run(ctx, order)
}

type promotion struct {
	settings settings.Settings
	stdout   io.Writer
}

func (p promotion) run(ctx context.Context, order peer.Order) error {
	host, port, err := net.SplitHostPort(p.settings.ControlAddress)
	if err != nil {
		return fmt.Errorf("find this pod's own process: %w", err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return fmt.Errorf("find this pod's own process: %w", err)
	}
	if ip := net.ParseIP(host); host == "" || ip.IsUnspecified() {
		host = "localhost"
	}
	client := peer.NewClient(peer.NewKey(p.settings.ClusterID, p.settings.Password), number)
	before, err := client.Status(ctx, host)
	if err != nil {
		return err
	}
	if before.External == nil {
		return p.settled(ctx, before)
	}
	fmt.Fprintf(p.stdout, "%s follows %s, %d bytes behind; promoting it\n", before.Pod, before.External.Address, before.External.Lag)
	began := time.Now()
	after, err := client.Cutover(ctx, host, order)
	if err != nil {
		if errors.Is(err, peer.ErrRefused) {
			return fmt.Errorf("not promoted: %w", err)
		}
		return fmt.Errorf("nobody says whether it was promoted: ask again: %w", err)
	}
	fmt.Fprintf(p.stdout, "promoted: %s is master (%s)\n", after.Pod, time.Since(began).Round(time.Millisecond))
	p.explain(ctx, after.Origin, order.Fence)
	return nil
}

// settled says what became of a release that follows nobody.
func (p promotion) settled(ctx context.Context, s peer.Status) error {
	if s.Origin == "" {
		return errors.New("this release follows no server outside: it has a master of its own, " + s.Leader)
	}
	fmt.Fprintf(p.stdout, "already promoted: %s is master, and %s is not followed any more\n", s.Leader, s.Origin)
	p.explain(ctx, s.Origin, peer.FenceSource)
	return nil
}

// explain says how the old server was left, and what is still to be done.
func (p promotion) explain(ctx context.Context, origin string, fence peer.Fence) {
	if fence == peer.FenceSource && origin == p.settings.External {
		p.explainFence(ctx)
	}
	fmt.Fprintln(p.stdout, "take externalMaster out of the values with the next upgrade")
}

func (p promotion) explainFence(ctx context.Context) {
	source := external.At(p.settings.External, p.settings.ExternalUsername, p.settings.ExternalPassword)
	defer source.Close()
	fenced, err := source.Fenced(ctx)
	undo := external.Undo(fenced)
	switch {
	case err != nil:
		fmt.Fprintf(p.stdout, "%s can't be asked any more whether it refuses writes: %v\n", p.settings.External, err)
	case undo == "":
		fmt.Fprintf(p.stdout, "%s takes writes again, which nobody copies: stop it\n", p.settings.External)
	default:
		fmt.Fprintf(p.stdout, "%s keeps its data and refuses writes until it is restarted; to go back to it: %s\n", p.settings.External, undo)
		if state, err := source.Look(ctx); err == nil && !state.Release.Since(external.RefusesScripts, 0) {
			fmt.Fprintf(p.stdout, "it is %s, which does not refuse what scripts (EVAL) write: stop clients that use them\n", state.Release)
		}
	}
}
