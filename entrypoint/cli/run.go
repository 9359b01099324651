//go:build linux

package cli

import (
	"context"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/engine"
	"github.com/helm-valkey/helm-valkey/entrypoint/node"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
	"github.com/helm-valkey/helm-valkey/entrypoint/sentry"
	"github.com/helm-valkey/helm-valkey/entrypoint/server"
	"github.com/helm-valkey/helm-valkey/entrypoint/settings"
	"github.com/helm-valkey/helm-valkey/entrypoint/web"
)

// gcPercent keeps the process under 10 MiB, at a cost of CPU time that does not show.
const gcPercent = 20

// settleTime is how long a start lasts, rather more than less.
const settleTime = 10 * time.Second

func run(ctx context.Context, environ []string, stdout, stderr io.Writer) int {
	s, log, path, release, code := prepare(ctx, environ, stderr)
	if code != exitOK {
		return code
	}
	n := node.New(s, path, release, log, stdout)
	n.Remember()

	// Stopping takes time in which probes are answered still, so what serves them
	// ends with the process, not with the order to stop.
	stopping, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := n.Listen(ctx); err != nil {
		log.Error("can't serve clients", "address", s.ProxyAddress, "error", err)
		return exitFailure
	}
	if err := web.Serve(ctx, s.HTTPAddress, web.Handler(n), log); err != nil {
		log.Error("can't serve probes", "address", s.HTTPAddress, "error", err)
		return exitFailure
	}
	if err := web.Serve(ctx, s.ControlAddress, peer.Handler(n.Key(), n), log); err != nil {
		log.Error("can't serve peers", "address", s.ControlAddress, "error", err)
		return exitFailure
	}
	// What starting took is of no use later.
	time.AfterFunc(settleTime, debug.FreeOSMemory)
	go server.Reap(ctx, n.Owns)
	go forward(ctx, n)
	return n.Run(stopping)
}

// prepare reads the settings and finds the server.
func prepare(ctx context.Context, environ []string, stderr io.Writer) (s settings.Settings, log *slog.Logger, path string, release engine.Release, code int) {
	s, err := settings.Read(environ)
	log = slog.New(slog.NewJSONHandler(stderr, &slog.HandlerOptions{Level: s.LogLevel})).With("pod", s.PodName)
	if err != nil {
		log.Error("the settings are wrong", "error", err)
		return s, log, "", release, exitUsage
	}
	if path, err = engine.Find(s.Server); err != nil {
		log.Error("no server", "error", err)
		return s, log, "", release, exitFailure
	}
	if release, err = engine.Detect(ctx, path); err != nil {
		log.Error("unknown server", "error", err)
		return s, log, path, release, exitFailure
	}
	// It lives beside a server for whose memory people pay: rather collect often.
	debug.SetGCPercent(gcPercent)
	return s, log, path, release, exitOK
}

// watch runs a Sentinel.
func watch(ctx context.Context, environ []string, stdout, stderr io.Writer) int {
	s, log, path, _, code := prepare(ctx, environ, stderr)
	if code != exitOK {
		return code
	}
	if s.Role != settings.Sentinel {
		log.Error("not a Sentinel's pod", "role", s.Role)
		return exitUsage
	}
	stopping, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	sentry := sentry.New(s, path, log, stdout)
	if err := web.Serve(ctx, s.HTTPAddress, web.Sentinel(sentry), log); err != nil {
		log.Error("can't serve probes", "address", s.HTTPAddress, "error", err)
		return exitFailure
	}
	time.AfterFunc(settleTime, debug.FreeOSMemory)
	go server.Reap(ctx, sentry.Owns)
	return sentry.Run(stopping)
}

// forward passes on the signals that do not mean to stop.
func forward(ctx context.Context, n *node.Node) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2)
	defer signal.Stop(signals)
	for {
		select {
		case <-ctx.Done():
			return
		case s := <-signals:
			n.Signal(func(p *server.Process) { p.Signal(s.(syscall.Signal)) })
		}
	}
}
