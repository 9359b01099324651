//go:build linux

// Package web serves a pod's probes, metrics and status to kubelets, scrapers and
// people. Nothing here changes anything.
package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/metrics"
	"github.com/helm-valkey/helm-valkey/entrypoint/node"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
	"github.com/helm-valkey/helm-valkey/entrypoint/sentry"
)

// Handler serves what is asked of a node without authentication.
func Handler(n *node.Node) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /startup", probe(func(context.Context) error { return n.Started() }))
	mux.HandleFunc("GET /live", probe(n.Live))
	mux.HandleFunc("GET /ready", probe(func(context.Context) error { return n.AnswerReady() }))
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, r *http.Request) { status(w, r, n) })
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType)
		// A scraper that has gone can't be told.
		_ = metrics.Write(w, n.Summary(r.Context()))
	})
	return mux
}

// Sentinel serves the same of a Sentinel's pod.
func Sentinel(s *sentry.Sentry) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /startup", probe(s.Live))
	mux.HandleFunc("GET /live", probe(s.Live))
	mux.HandleFunc("GET /ready", probe(s.Ready))
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, r *http.Request) { write(w, http.StatusOK, s.Summary(r.Context())) })
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_ = metrics.WriteSentinel(w, s.Summary(r.Context()))
	})
	return mux
}

const contentType = "text/plain; version=0.0.4; charset=utf-8"

func probe(check func(context.Context) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer := struct {
			OK     bool   `json:"ok"`
			Reason string `json:"reason,omitempty"`
		}{OK: true}
		code := http.StatusOK
		if err := check(r.Context()); err != nil {
			answer.OK, answer.Reason, code = false, err.Error(), http.StatusServiceUnavailable
		}
		write(w, code, answer)
	}
}

func status(w http.ResponseWriter, r *http.Request, n *node.Node) {
	summary := n.Summary(r.Context())
	peers, err := n.Peers(r.Context())
	if err != nil {
		summary.Status.Reason = errors.Join(errors.New(summary.Status.Reason), err).Error()
	}
	write(w, http.StatusOK, struct {
		peer.Status
		Ready bool        `json:"ready"`
		Peers []node.Peer `json:"peers"`
	}{summary.Status, summary.Ready, peers})
}

func write(w http.ResponseWriter, code int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(value)
}

const (
	headerTimeout = 5 * time.Second
	idleTimeout   = 60 * time.Second
	maxHeader     = 8 << 10
)

// Serve listens at an address and serves h there until ctx ends. It returns once it
// listens.
func Serve(ctx context.Context, address string, h http.Handler, log *slog.Logger) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the HTTP server ended", "address", address, "error", err)
		}
	}()
	context.AfterFunc(ctx, func() { _ = server.Close() })
	return nil
}
