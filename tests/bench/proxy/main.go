//go:build linux

// Command proxy runs the write endpoint alone, so that it can be measured beside
// other proxies.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/proxy"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	listen := flag.String("listen", "127.0.0.1:7000", "address to listen at")
	network := flag.String("network", "tcp", "network of the master: tcp or unix")
	target := flag.String("target", "127.0.0.1:6379", "address of the master")
	threads := flag.Int("threads", 1, "loops")
	connections := flag.Int("connections", 20_000, "limit of clients")
	replicas := flag.Int("replicas", 0, "replicas that confirm writes")
	password := flag.String("password", "", "of the default user")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	p, err := proxy.New(proxy.Options{
		Listener:       listener.(*net.TCPListener),
		Threads:        *threads,
		MaxConnections: *connections,
		Durability:     proxy.Durability{Replicas: *replicas, Timeout: time.Second},
		Password:       *password,
		Log:            slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err != nil {
		return err
	}
	if err := p.Point(proxy.Target{Network: *network, Address: *target}); err != nil {
		return err
	}
	return p.Serve(ctx)
}
