//go:build linux

package sentry

import (
	"context"
	"net"
	"strconv"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/conf"
	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
	"github.com/helm-valkey/helm-valkey/entrypoint/sentinel"
)

const (
	// tidyEvery is how often a Sentinel is looked through for what has gone for good.
	tidyEvery = 5 * time.Second
	// goneFor is how long it has to be so.
	goneFor = 30 * time.Second
)

// tidy has the Sentinel forget Sentinels and replicas that are no longer part of the
// release: it never does by itself, and would count them for its majority. It forgets all
// of them, and finds those that are there within seconds; so one Sentinel does it at a
// time, and only while nothing else is going on.
func (s *Sentry) tidy(ctx context.Context) {
	if err := s.agree(ctx); err != nil {
		s.log.Debug("can't set the quorum", "error", err)
		return
	}
	c, err := s.census(ctx)
	if err != nil {
		s.log.Debug("can't look for what has gone", "error", err)
		return
	}
	if len(c.gone) == 0 || !c.calm {
		s.mu.Lock()
		s.crowded = time.Time{}
		s.mu.Unlock()
		return
	}
	s.mu.Lock()
	if s.crowded.IsZero() {
		s.crowded = time.Now()
	}
	// The later among the Sentinels, the later: by then the first is done.
	due := c.began || time.Since(s.crowded) >= goneFor+time.Duration(c.place)*goneFor/2
	s.mu.Unlock()
	if !due {
		return
	}
	if _, err := s.local(ctx, "SENTINEL", "RESET", s.settings.SentinelName); err != nil {
		s.log.Warn("the Sentinel can't be made to forget", "gone", c.gone, "error", err)
		return
	}
	s.log.Info("the Sentinel forgot who has gone", "gone", c.gone)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.resets++
	s.crowded = time.Time{}
}

// agree sets the quorum anew when there are other Sentinels than when this one started.
func (s *Sentry) agree(ctx context.Context) error {
	names, err := s.council.Names()
	if err != nil {
		return err
	}
	master, err := s.master(ctx)
	if err != nil {
		return err
	}
	if quorum := strconv.Itoa(s.quorum(names)); master["quorum"] != quorum {
		_, err = s.local(ctx, "SENTINEL", "SET", s.settings.SentinelName, "quorum", quorum)
	}
	return err
}

// census is who a Sentinel knows of that is not there: gone. Calm tells that all
// Sentinels of the release answer, hear and watch the same master; place is this one's
// among them. Began: it takes for a replica what it watched before there was any master.
type census struct {
	gone        []string
	calm, began bool
	place       int
}

func (s *Sentry) census(ctx context.Context) (census, error) {
	opinions, err := s.council.Ask(ctx)
	if err != nil {
		return census{}, err
	}
	c := census{calm: true}
	expected := map[string]bool{}
	own := sentinel.State{}
	for i, o := range opinions {
		expected[o.At.ID] = true
		if o.Name == s.settings.PodName {
			c.place, own = i, sentinel.State{Master: o.Master, Epoch: o.Epoch}
		}
	}
	for _, o := range opinions {
		c.calm = c.calm && o.Answers && !o.Down && o.Master == own.Master && o.Epoch == own.Epoch
	}
	if !c.calm {
		return c, nil
	}
	sentinels, err := s.list(ctx, "SENTINELS")
	if err != nil {
		return census{}, err
	}
	for _, other := range sentinels {
		if !expected[other["runid"]] {
			c.gone = append(c.gone, "Sentinel "+other["name"])
		}
	}
	addresses, err := s.servers(ctx)
	if err != nil {
		return census{}, err
	}
	replicas, err := s.list(ctx, "REPLICAS")
	if err != nil {
		return census{}, err
	}
	for _, replica := range replicas {
		c.began = c.began || net.JoinHostPort(replica["ip"], replica["port"]) == conf.Detached
		if !addresses[replica["ip"]] {
			c.gone = append(c.gone, "replica "+replica["name"])
		}
	}
	return c, nil
}

// servers are the addresses that servers' pods have, as far as names and Services tell.
func (s *Sentry) servers(ctx context.Context) (map[string]bool, error) {
	hosts, err := s.directory.Hosts(ctx)
	if err != nil {
		return nil, err
	}
	addresses := map[string]bool{}
	for _, host := range hosts {
		for _, address := range host.Addresses {
			addresses[address] = true
		}
	}
	return addresses, nil
}

// list asks the Sentinel for those that it knows, each as names and values in turn.
func (s *Sentry) list(ctx context.Context, what string) ([]map[string]string, error) {
	value, err := s.local(ctx, "SENTINEL", what, s.settings.SentinelName)
	if err != nil {
		return nil, err
	}
	var all []map[string]string
	for _, one := range value.Array {
		all = append(all, sentinel.Fields(one))
	}
	return all, nil
}

const localTimeout = 2 * time.Second

// local asks this pod's own Sentinel.
func (s *Sentry) local(ctx context.Context, args ...string) (resp.Value, error) {
	conn, err := resp.Dial(ctx, resp.Options{Addr: s.address(), Password: s.settings.Password, Timeout: localTimeout})
	if err != nil {
		return resp.Value{}, err
	}
	defer conn.Close()
	return conn.Do(ctx, args...)
}
