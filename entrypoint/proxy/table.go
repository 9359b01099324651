//go:build linux

package proxy

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/info"
	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
)

// traits are what the proxy has to know of a command.
type traits uint8

const (
	// stateless: it leaves nothing on its connection and does not wait, so that
	// it may share an upstream.
	stateless traits = 1 << iota
	// writes: it may change data.
	writes
	// harmless: it changes nothing at all, so that running it twice is as once.
	harmless
	// blocking: it may wait for other clients.
	blocking
	// scripted: it answers what somebody's script says, errors of the server's kind
	// included.
	scripted
)

// table says of each command of one release what it is. A command that it does
// not know has no trait.
type table map[string]traits

// tables remembers them by release.
type tables struct {
	mu    sync.Mutex
	known map[string]table
}

const (
	learnPause        = 200 * time.Millisecond
	learnPauseRefused = 5 * time.Second
	learnTimeout      = 2 * time.Second
)

// learn asks the target for its commands and tells the loops. Until it answers,
// every client has an upstream of its own. The caller holds the mutex.
func (p *Proxy) learn(target Target) {
	if p.ask != nil {
		p.ask()
	}
	ctx, cancel := context.WithCancel(context.Background())
	p.ask = cancel
	p.done.Go(func() {
		for ctx.Err() == nil {
			t, err := p.tables.of(ctx, target, p.options.Password)
			if err == nil {
				p.teach(ctx, t)
				return
			}
			pause := learnPause
			if resp.IsCode(err, "WRONGPASS") || resp.IsCode(err, "NOAUTH") || resp.IsCode(err, "NOPERM") {
				// A wrong password does not become right, and people should know.
				pause = learnPauseRefused
				p.options.Log.Warn("the master does not tell its commands: every client gets a connection of its own, and writes wait if replicas have to confirm them",
					"target", target.Address, "error", err)
			}
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		}
	})
}

func (p *Proxy) teach(ctx context.Context, t table) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if ctx.Err() != nil {
		return
	}
	for _, l := range p.loops {
		l.post(func() { l.learned(t) })
	}
}

// forget ends the question that may be under way.
func (p *Proxy) forget() {
	p.mu.Lock()
	if p.ask != nil {
		p.ask()
	}
	p.mu.Unlock()
	p.done.Wait()
}

// of returns the table of a server, which it asks unless the release is known.
func (t *tables) of(ctx context.Context, target Target, password string) (table, error) {
	q, err := question(ctx, target, password)
	if err != nil {
		return nil, err
	}
	defer q.conn.Close()
	release, err := q.text("INFO", "server")
	if err != nil {
		return nil, err
	}
	server := info.Parse(release)
	// Modules add commands, so two servers of one release may differ: their
	// executable is not enough to tell, their configuration is.
	name := server["redis_version"] + "/" + server["valkey_version"] + "/" + server["redis_build_id"] + "/" + server["config_file"]
	t.mu.Lock()
	known := t.known[name]
	t.mu.Unlock()
	if known != nil {
		return known, nil
	}
	made, err := q.table()
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known == nil {
		t.known = map[string]table{}
	}
	t.known[name] = made
	return made, nil
}

// judge derives the traits from a command's flags and ACL categories.
func judge(flags, categories []string) traits {
	has := func(flag string) bool { return slices.Contains(flags, flag) }
	in := func(category string) bool { return slices.Contains(categories, category) }
	var t traits
	reads := has("readonly")
	// Scripts and functions have no flag of their own, but keys that only they know.
	if has("write") || has("may_replicate") || (has("movablekeys") && !reads) {
		t |= writes
	}
	if in("@scripting") {
		t |= scripted
	}
	if has("blocking") || in("@blocking") {
		return t | blocking
	}
	ties := has("pubsub") || has("admin") || has("noscript") ||
		in("@connection") || in("@transaction") || in("@pubsub") || in("@admin") || in("@dangerous")
	if !ties && (reads || has("write")) {
		t |= stateless
	}
	if reads {
		t |= harmless
	}
	return t
}
