// Command helm-valkey is the Helm plugin of the valkey chart.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/helm-valkey/helm-valkey/plugin/cli"
)

func main() {
	debug.SetGCPercent(400) // most runs end before there is anything to collect
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
