//go:build linux

package sentry

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/helm-valkey/helm-valkey/entrypoint/conf"
	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
	"github.com/helm-valkey/helm-valkey/entrypoint/sentinel"
)

// Live fails when only a restart can help, and until the Sentinel has started.
func (s *Sentry) Live(ctx context.Context) error {
	if _, err := s.local(ctx, "PING"); err != nil {
		return fmt.Errorf("the Sentinel does not answer: %w", err)
	}
	return nil
}

// Ready fails while clients can't learn from this Sentinel where the master is, and while
// it does not vote: a roll has to wait for it, or soon too few would.
func (s *Sentry) Ready(ctx context.Context) error {
	if s.muted() {
		return fmt.Errorf("it has forgotten its votes, and gives none for %s", lead.VoteHolds)
	}
	master, err := s.master(ctx)
	if err == nil && net.JoinHostPort(master["ip"], master["port"]) == conf.Detached {
		err = errors.New("there has been no master yet")
	}
	return err
}

func (s *Sentry) master(ctx context.Context) (map[string]string, error) {
	value, err := s.local(ctx, "SENTINEL", "MASTER", s.settings.SentinelName)
	if err != nil {
		return nil, fmt.Errorf("the Sentinel does not answer: %w", err)
	}
	return sentinel.Fields(value), nil
}

// Summary is what a Sentinel's pod shows of itself. Master is where it takes the master
// to be; Votes tells whether it votes; Peers and Replicas are how many others it knows.
type Summary struct {
	Pod      string `json:"pod"`
	Ready    bool   `json:"ready"`
	Reason   string `json:"reason,omitempty"`
	Master   string `json:"master"`
	Epoch    string `json:"epoch"`
	Flags    string `json:"flags"`
	Peers    string `json:"sentinels"`
	Replicas string `json:"replicas"`
	Quorum   string `json:"quorum"`
	Votes    bool   `json:"votes"`
	Restarts int    `json:"restarts"`
	Resets   int    `json:"resets"`
}

// Summary asks the Sentinel.
func (s *Sentry) Summary(ctx context.Context) Summary {
	summary := Summary{Pod: s.settings.PodName}
	if err := s.Ready(ctx); err != nil {
		summary.Reason = err.Error()
	}
	summary.Ready = summary.Reason == ""
	if master, err := s.master(ctx); err == nil {
		summary.Master = net.JoinHostPort(master["ip"], master["port"])
		summary.Epoch, summary.Flags, summary.Quorum = master["config-epoch"], master["flags"], master["quorum"]
		summary.Peers, summary.Replicas = master["num-other-sentinels"], master["num-slaves"]
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	summary.Votes, summary.Restarts, summary.Resets = !s.mute, s.restarts, s.resets
	return summary
}
