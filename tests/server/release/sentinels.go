//go:build linux

package release

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
	"github.com/helm-valkey/helm-valkey/entrypoint/sentinel"
)

// WaitWatched is WaitSettled, and waits until every Sentinel that runs votes, watches
// that master, and knows all others and all replicas. It returns the master.
func (r *Release) WaitWatched() *Pod {
	r.TB.Helper()
	var master *Pod
	Eventually(r.TB, Patience, "one master that all Sentinels watch", func() (err error) {
		if master, err = r.master(); err != nil {
			return err
		}
		if err := r.inSync(master); err != nil {
			return err
		}
		return r.watched(master)
	})
	return master
}

func (r *Release) watched(master *Pod) error {
	sentinels, replicas := -1, -1
	for _, p := range r.Sentinels {
		if p.Running() {
			sentinels++
		}
	}
	for _, p := range r.Pods() {
		if p.Running() {
			replicas++
		}
	}
	for _, p := range r.Sentinels {
		if !p.Running() {
			continue
		}
		fields, err := p.Watches()
		if err != nil {
			return err
		}
		want := map[string]string{
			"ip": master.IP, "flags": "master",
			"num-other-sentinels": strconv.Itoa(sentinels),
			"num-slaves":          strconv.Itoa(replicas),
		}
		for name, value := range want {
			if fields[name] != value {
				return fmt.Errorf("%s: %s is %q, not %q", p.Name, name, fields[name], value)
			}
		}
		if err := p.Ready(); err != nil {
			return err
		}
	}
	return nil
}

// Watches is what a Sentinel says of the master that it watches.
func (p *Pod) Watches() (map[string]string, error) {
	value, err := p.AskSentinel("SENTINEL", "MASTER", "mymaster")
	return sentinel.Fields(value), err
}

// AskSentinel sends a Sentinel a command.
func (p *Pod) AskSentinel(args ...string) (resp.Value, error) {
	var value resp.Value
	err := p.release.asClient(func() error {
		conn, err := resp.Dial(context.Background(), resp.Options{Addr: net.JoinHostPort(p.IP, SentinelPort), Password: p.release.Options.Password})
		if err != nil {
			return err
		}
		defer conn.Close()
		value, err = conn.Do(context.Background(), args...)
		return err
	})
	if err != nil {
		return value, fmt.Errorf("%s of %s: %w", strings.Join(args, " "), p.Name, err)
	}
	return value, nil
}
