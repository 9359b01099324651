//go:build linux

// Package sentry is the life of a Sentinel's pod: it writes the Sentinel's
// configuration, runs it, and has it forget what has gone for good.
//
// A Sentinel is an ordinary server in another mode. What it must not forget is in which
// epochs it has voted: two votes in one could make two masters. It writes that down; one
// whose file is gone starts all the same, and gives no vote for as long as one that it
// may have given could be acted on.
package sentry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/conf"
	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
	"github.com/helm-valkey/helm-valkey/entrypoint/sentinel"
	"github.com/helm-valkey/helm-valkey/entrypoint/server"
	"github.com/helm-valkey/helm-valkey/entrypoint/settings"
)

// Sentry is a Sentinel's pod.
type Sentry struct {
	settings  settings.Settings
	binary    string
	log       *slog.Logger
	stdout    io.Writer
	directory peer.Directory
	peers     *peer.Client
	council   *sentinel.Council
	born      time.Time

	mu       sync.Mutex
	process  *server.Process
	restarts int
	resets   int
	// mute is set while this Sentinel gives no vote.
	mute bool
	// crowded is since when it knows of somebody who has gone.
	crowded time.Time
}

// New makes a Sentinel's pod. The Sentinel's own log goes to stdout.
func New(s settings.Settings, binary string, log *slog.Logger, stdout io.Writer) *Sentry {
	key := peer.NewKey(s.ClusterID, s.Password)
	directory := peer.Directory{Self: s.PodName, PeersFile: s.PeersFile, Services: s.PeerServices, HostsFile: s.HostsFile}
	return &Sentry{
		settings: s, binary: binary, log: log, stdout: stdout, directory: directory,
		peers: peer.NewClient(key, s.PeerControlPort),
		council: &sentinel.Council{
			Client: sentinel.NewClient(s.SentinelName, s.Password), ClusterID: s.ClusterID,
			File: s.SentinelsFile, Port: s.SentinelPort, Lookup: directory.Lookup,
		},
		born: time.Now(),
	}
}

const (
	fileName = "sentinel.conf"
	// restartWait is how long a Sentinel that died waits for its next start.
	restartWait = time.Second
	maxDeaths   = 5
	deathWindow = time.Minute
	stopWait    = 5 * time.Second
)

// Run lives until ctx ends or the Sentinel can't be kept alive, and returns the exit
// code.
func (s *Sentry) Run(ctx context.Context) int {
	var deaths []time.Time
	for {
		process, err := s.start(ctx)
		if err != nil {
			s.log.Error("can't start the Sentinel", "error", err)
			return 1
		}
		again := s.tend(ctx, process)
		switch {
		case ctx.Err() != nil:
			return process.Code()
		case again:
			continue
		}
		deaths = append(deaths, time.Now())
		for time.Since(deaths[0]) > deathWindow {
			deaths = deaths[1:]
		}
		if len(deaths) >= maxDeaths {
			s.log.Error("the Sentinel died too often; giving up, so that Kubernetes restarts the pod with a growing delay", "deaths", len(deaths), "within", deathWindow.String(), "code", process.Code())
			return process.Code()
		}
		s.log.Warn("the Sentinel died; it is started again in place", "code", process.Code(), "deaths", len(deaths))
		s.mu.Lock()
		s.restarts++
		s.mu.Unlock()
		select {
		case <-ctx.Done():
			return 0
		case <-time.After(restartWait):
		}
	}
}

// tend waits for the Sentinel's end, or ends it with the pod. It tells whether it was
// ended to be started anew, now that it may vote.
func (s *Sentry) tend(ctx context.Context, process *server.Process) (again bool) {
	ticker := time.NewTicker(tidyEvery)
	defer ticker.Stop()
	s.quicken(ctx, process)
	var heard <-chan time.Time
	if s.muted() {
		heard = time.After(time.Until(s.born.Add(lead.VoteHolds)))
	}
	for {
		select {
		case <-process.Done():
			return false
		case <-ctx.Done():
			s.stop(process)
			return false
		case <-heard:
			s.log.Info("this Sentinel votes from now on")
			s.stop(process)
			return true
		case <-ticker.C:
			s.tidy(ctx)
		}
	}
}

// pingPeriod is how often a Sentinel pings, in milliseconds. By itself it does once a
// second, so that it finds a second later what it finds at all.
const (
	pingPeriod  = "250"
	quickenFor  = 5 * time.Second
	quickenWait = 50 * time.Millisecond
)

// quicken has the Sentinel ping more often. One before 7.0 can't.
func (s *Sentry) quicken(ctx context.Context, process *server.Process) {
	var err error
	for deadline := time.Now().Add(quickenFor); time.Now().Before(deadline); {
		var refused resp.Error
		if _, err = s.local(ctx, "SENTINEL", "DEBUG", "PING-PERIOD", pingPeriod); err == nil || errors.As(err, &refused) {
			break
		}
		select {
		case <-ctx.Done():
			return
		case <-process.Done():
			return
		case <-time.After(quickenWait):
		}
	}
	if err != nil {
		s.log.Info("this Sentinel pings once a second", "error", err)
	}
}

func (s *Sentry) muted() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mute
}

// stop ends the Sentinel. It has written down what it knows whenever that changed.
func (s *Sentry) stop(process *server.Process) {
	process.Signal(syscall.SIGTERM)
	select {
	case <-process.Done():
	case <-time.After(stopWait):
		process.Signal(syscall.SIGKILL)
		<-process.Done()
	}
}

// start writes the configuration and starts the Sentinel.
func (s *Sentry) start(ctx context.Context) (*server.Process, error) {
	names, err := s.council.Names()
	if err != nil {
		return nil, err
	}
	path := filepath.Join(s.settings.DataDir, fileName)
	m, err := s.remember(ctx, path)
	if err != nil {
		return nil, err
	}
	if err := replace(path, render(s.settings, m, s.quorum(names))); err != nil {
		return nil, fmt.Errorf("write the Sentinel's configuration: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mute = m.LeaderEpoch == sentinel.Never
	s.process, err = server.Start(s.binary, s.stdout, s.stdout, path, "--sentinel")
	if err != nil {
		return nil, err
	}
	s.log.Info("Sentinel started", "pid", s.process.Pid, "master", m.Master, "epoch", m.ConfigEpoch, "votes", !s.mute)
	return s.process, nil
}

// quorum is how many Sentinels have to miss the master: as the settings say, or most.
func (s *Sentry) quorum(names []string) int {
	if s.settings.SentinelQuorum > 0 {
		return s.settings.SentinelQuorum
	}
	return len(names)/2 + 1
}

// remember is what this Sentinel wrote down, and what the others and the servers' pods
// know of later.
func (s *Sentry) remember(ctx context.Context, path string) (memory, error) {
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return memory{}, fmt.Errorf("read what this Sentinel wrote: %w", err)
	}
	m, ok := recall(string(content), s.settings.SentinelName)
	began := s.began(ctx, &m)
	opinions, err := s.council.Ask(ctx)
	if err != nil {
		return memory{}, err
	}
	for _, o := range opinions {
		if o.Name == s.settings.PodName {
			continue
		}
		if o.At.Host != "" {
			m.meet(s.announced(o))
		}
		if o.Answers && o.Master != conf.Detached {
			m.learn(o.Master, o.Epoch)
		}
	}
	switch {
	case m.LeaderEpoch == sentinel.Never || !ok && began:
		m.LeaderEpoch = sentinel.Never
		if time.Since(s.born) >= lead.VoteHolds {
			m.LeaderEpoch = m.CurrentEpoch
		}
	}
	if m.Master == "" {
		m.Master = conf.Detached
	}
	return m, nil
}

// announced is where clients are told that a Sentinel is.
func (s *Sentry) announced(o sentinel.Opinion) sentinel.Address {
	at := o.At
	if s.settings.Named() {
		at.Host = o.Host
	}
	return at
}

// began asks the servers' pods what they know, and tells whether there may have been a
// master before. Only all of them can say that there was none.
func (s *Sentry) began(ctx context.Context, m *memory) bool {
	hosts, err := s.directory.Hosts(ctx)
	if err != nil {
		s.log.Warn("can't ask the servers' pods who is master", "error", err)
		return true
	}
	statuses := make([]peer.Status, len(hosts))
	errs := make([]error, len(hosts))
	var all sync.WaitGroup
	for i, host := range hosts {
		all.Go(func() {
			errs[i] = errors.New("it has no address")
			for _, ip := range host.Addresses {
				if statuses[i], errs[i] = s.peers.Status(ctx, ip); errs[i] == nil {
					return
				}
			}
		})
	}
	all.Wait()
	began := false
	leaders := map[string]uint64{}
	for i, status := range statuses {
		if errs[i] != nil {
			began = began || !hosts[i].Absent
			continue
		}
		began = began || status.Term > 0
		m.CurrentEpoch = max(m.CurrentEpoch, status.Term)
		leaders[status.Leader] = max(leaders[status.Leader], status.Term)
		if !slices.Contains(m.Replicas, status.Address) {
			m.Replicas = append(m.Replicas, status.Address)
		}
	}
	for _, status := range statuses {
		if term := leaders[status.Pod]; status.Pod != "" && term > 0 {
			m.learn(cmp.Or(status.Announced, status.Address), term)
			m.Replicas = slices.DeleteFunc(m.Replicas, func(a string) bool { return a == status.Address && m.Master == status.Announced })
		}
	}
	return began
}

// replace puts a new file in the place of an old one, whole or not at all.
func replace(path, text string) error {
	f, err := os.CreateTemp(filepath.Dir(path), fileName+".*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// Owns tells whether pid is the Sentinel's.
func (s *Sentry) Owns(pid int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process != nil && s.process.Pid == pid
}

// address is where this pod's own Sentinel is reached.
func (s *Sentry) address() string {
	return net.JoinHostPort(s.settings.PodIP, strconv.Itoa(s.settings.SentinelPort))
}
