// Command helm-valkey is the Helm plugin of the valkey chart.
package main

import (
	"context"
	"os"
	"os/signal"

	"github.com/helm-valkey/helm-valkey/plugin/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := cli.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
