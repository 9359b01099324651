//go:build linux

// The entrypoint is process 1 in every pod: it decides whether its server is
// master or replica, starts and guards it, and answers probes and metrics. See
// package settings for what it is told, package node for what it does.
package main

import (
	"context"
	"os"

	"github.com/helm-valkey/helm-valkey/entrypoint/cli"
)

func main() {
	os.Exit(cli.Run(context.Background(), os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}
