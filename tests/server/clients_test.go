//go:build server

package server

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"github.com/valkey-io/valkey-go"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// library is a client library as people use it with Sentinels: told of those, and of
// nothing else.
type library struct {
	set   func(ctx context.Context, key, value string) error
	close func()
}

var libraries = map[string]func(t *testing.T, r *release.Release) library{
	"go-redis":  goRedis,
	"valkey-go": valkeyGo,
}

func sentinelAddresses(r *release.Release) []string {
	var addresses []string
	for _, p := range r.Sentinels {
		addresses = append(addresses, net.JoinHostPort(p.IP, release.SentinelPort))
	}
	return addresses
}

func goRedis(_ *testing.T, r *release.Release) library {
	client := redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName: "mymaster", SentinelAddrs: sentinelAddresses(r),
		Password: password, SentinelPassword: password,
		Dialer: func(ctx context.Context, _, address string) (net.Conn, error) { return r.Dial(ctx, address) },
	})
	return library{
		set:   func(ctx context.Context, key, value string) error { return client.Set(ctx, key, value, 0).Err() },
		close: func() { _ = client.Close() },
	}
}

func valkeyGo(t *testing.T, r *release.Release) library {
	client, err := valkey.NewClient(valkey.ClientOption{
		InitAddress: sentinelAddresses(r), Password: password,
		Sentinel: valkey.SentinelOption{MasterSet: "mymaster", Password: password},
		DialCtxFn: func(ctx context.Context, address string, _ *net.Dialer, _ *tls.Config) (net.Conn, error) {
			return r.Dial(ctx, address)
		},
		DisableCache: true,
	})
	require.NoError(t, err)
	return library{
		set: func(ctx context.Context, key, value string) error {
			return client.Do(ctx, client.B().Set().Key(key).Value(value).Build()).Error()
		},
		close: client.Close,
	}
}

// applications write as those that use a library do, until they are told to stop: each
// its own keys, one after the other.
type applications struct {
	stop func() [][]time.Time
	fill func(application int) string
}

const (
	applicationCount = 4
	patience         = 3 * time.Second
)

func startApplications(t *testing.T, l library) applications {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	written := make([]chan []time.Time, applicationCount)
	fill := func(application int) string { return fmt.Sprintf("app%d", application) }
	for i := range written {
		written[i] = make(chan []time.Time, 1)
		go func() {
			var at []time.Time
			for ctx.Err() == nil {
				bounded, done := context.WithTimeout(ctx, patience)
				if err := l.set(bounded, fill(i)+":"+strconv.Itoa(len(at)), "value"); err == nil {
					at = append(at, time.Now())
				}
				done()
				time.Sleep(time.Millisecond)
			}
			written[i] <- at
		}()
	}
	return applications{
		stop: func() (all [][]time.Time) {
			cancel()
			for _, w := range written {
				all = append(all, <-w)
			}
			return all
		},
		fill: fill,
	}
}

// longestGap is the longest time in which an application wrote nothing.
func longestGap(at []time.Time) time.Duration {
	var longest time.Duration
	for i := 1; i < len(at); i++ {
		longest = max(longest, at[i].Sub(at[i-1]))
	}
	return longest
}

// waitReady waits until there is a master and all pods are ready. While direct clients
// write, nobody is in sync for longer than a moment.
func waitReady(r *release.Release) {
	r.TB.Helper()
	r.Leader()
	for _, p := range r.Pods() {
		p.WaitReady()
	}
}

// Applications that find the master through Sentinels notice of a planned stop that it is
// another for a moment, and lose nothing.
func TestClientLibrariesAndPlannedStops(t *testing.T) {
	t.Parallel()
	for name, open := range libraries {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, watched(1, 2))
			l := open(t, r)
			defer l.close()
			apps := startApplications(t, l)
			for range 3 {
				time.Sleep(time.Second)
				leader := r.Leader()
				leader.Delete()
				leader.Create()
				waitReady(r)
			}
			time.Sleep(time.Second)
			written := apps.stop()
			leader := r.WaitSettled()
			for i, at := range written {
				t.Logf("%d writes, longest gap %s", len(at), longestGap(at))
				require.Less(t, longestGap(at), 1500*time.Millisecond)
				leader.RequireFilled(apps.fill(i), len(at))
			}
		})
	}
}

// They find the next master when it is lost, too.
func TestClientLibrariesAndLosses(t *testing.T) {
	t.Parallel()
	losses := map[string]func(p *release.Pod){
		"its server is killed": func(p *release.Pod) { p.KillServer() },
		"its pod is deleted by force": func(p *release.Pod) {
			p.ForceDelete()
			p.Create()
		},
		"its server hangs": func(p *release.Pod) { p.FreezeServer() },
	}
	for name, open := range libraries {
		for loss, lose := range losses {
			t.Run(name+", "+loss, func(t *testing.T) {
				t.Parallel()
				r := release.Run(t, watched(1, 2))
				l := open(t, r)
				defer l.close()
				apps := startApplications(t, l)
				time.Sleep(time.Second)
				lose(r.Leader())
				time.Sleep(6 * time.Second)
				waitReady(r)
				written := apps.stop()
				for _, at := range written {
					t.Logf("%d writes, longest gap %s", len(at), longestGap(at))
					require.NotEmpty(t, at)
					require.Less(t, time.Since(at[len(at)-1]), 2*time.Second, "it writes again")
				}
			})
		}
	}
}
