//go:build linux

package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/conf"
	"github.com/helm-valkey/helm-valkey/entrypoint/server"
)

// end is how a server's run ended.
type end int

const (
	// died by itself.
	died end = iota
	// stopped because the pod stops.
	stopped
	// setAside to be started anew from what is on disk.
	setAside
)

// serve runs the server until it ends.
func (n *Node) serve(ctx context.Context, start conf.Start) (int, end) {
	process, err := n.launch(start)
	if err != nil {
		n.log.Error("can't start the server", "error", err)
		return 1, died
	}
	// The order to stop is not yet the end: mastership and clients go elsewhere first.
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	go func() {
		<-process.Done()
		cancel()
	}()
	var deadline time.Time
	departed := make(chan struct{})
	depart := context.AfterFunc(ctx, func() {
		defer close(departed)
		defer cancel()
		deadline = time.Now().Add(n.settings.GracePeriod - graceMargin)
		n.depart(running)
	})
	aside := n.tend(running)
	switch {
	case !depart():
		<-departed
		return n.stop(process, deadline), stopped
	case aside:
		n.shutdown(process, "NOSAVE", localStop)
		n.dead()
		return 0, setAside
	}
	<-process.Done()
	if n.refuses(process.Code()) {
		n.log.Error("the server can't load its data; those of peers go before them", "code", process.Code())
		n.mu.Lock()
		n.damaged = true
		n.mu.Unlock()
	}
	n.dead()
	return process.Code(), died
}

func (n *Node) launch(start conf.Start) (*server.Process, error) {
	text, err := conf.Render(n.settings, start)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(n.settings.RunDir, "server.conf")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return nil, fmt.Errorf("write the server's configuration: %w", err)
	}
	n.local.Reset()
	// What listened there before says nothing of this server.
	if err := os.Remove(n.settings.ServerSocket()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("remove the old server's socket: %w", err)
	}
	// Held until the server is known to be this node's own: one that ends at once
	// would else be reaped as an orphan, and its exit code be lost.
	n.mu.Lock()
	process, err := server.Start(n.binary, n.stdout, n.stdout, path)
	if err == nil {
		n.process, n.disk = process, nil
		n.gone, n.fenced, n.linked, n.noted, n.appointed = false, false, false, false, 0
		n.view = View{Started: time.Now()}
	}
	n.mu.Unlock()
	if err != nil {
		return nil, err
	}
	n.log.Info("server started", "pid", process.Pid, "release", n.release.String(), "source", start.Source, "appendonly", start.AppendOnly)
	return process, nil
}

func (n *Node) dead() {
	n.local.Reset()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.process = nil
	n.gone = true
	n.view = View{}
	if n.quiet.IsZero() {
		n.quiet = time.Now()
	}
}
