// Package library writes through client libraries as people use them with Sentinels: told
// of those, and of nothing else.
package library

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/valkey-io/valkey-go"

	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
	"github.com/helm-valkey/helm-valkey/tests/writer"
)

// MasterSet is the name by which the Sentinels know the master.
const MasterSet = "mymaster"

// Options are what an application knows.
type Options struct {
	Sentinels []string // host:port
	Password  string   // of the Sentinels and of the servers
	Dialer    writer.Dialer
}

// Client is an open client.
type Client struct {
	Set   writer.Setter
	Close func()
}

// Library is one that opens clients.
type Library struct {
	Name string
	Open func(o Options) (Client, error)
}

// All are the libraries that are tried.
var All = []Library{{"go-redis", goRedis}, {"valkey-go", valkeyGo}}

// Writers are writers that write through the client.
func (c Client) Writers(options writer.Options) writer.Options {
	options.Set = c.Set
	return options
}

// In both, a write whose WAIT has no answer is one that no replica confirmed.
func goRedis(o Options) (Client, error) {
	client := redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName: MasterSet, SentinelAddrs: o.Sentinels,
		Password: o.Password, SentinelPassword: o.Password,
		Dialer: func(ctx context.Context, _, address string) (net.Conn, error) { return o.Dialer.Dial(ctx, address) },
	})
	set := func(ctx context.Context, key, value string, wait time.Duration) (int, error) {
		if wait == 0 {
			return 0, plain(client.Set(ctx, key, value, 0).Err())
		}
		pipe := client.Pipeline()
		set, waited := pipe.Set(ctx, key, value, 0), pipe.Do(ctx, "WAIT", 1, wait.Milliseconds())
		// It returns the first error of both: here that of each counts.
		_, _ = pipe.Exec(ctx)
		if err := set.Err(); err != nil {
			return 0, plain(err)
		}
		replicas, _ := waited.Int()
		return replicas, nil
	}
	return Client{Set: set, Close: func() { _ = client.Close() }}, nil
}

func valkeyGo(o Options) (Client, error) {
	client, err := valkey.NewClient(valkey.ClientOption{
		InitAddress: o.Sentinels, Password: o.Password,
		Sentinel: valkey.SentinelOption{MasterSet: MasterSet, Password: o.Password},
		DialCtxFn: func(ctx context.Context, address string, _ *net.Dialer, _ *tls.Config) (net.Conn, error) {
			return o.Dialer.Dial(ctx, address)
		},
		DisableCache: true,
	})
	if err != nil {
		return Client{}, fmt.Errorf("open valkey-go: %w", err)
	}
	set := func(ctx context.Context, key, value string, wait time.Duration) (int, error) {
		set := client.B().Set().Key(key).Value(value).Build()
		if wait == 0 {
			return 0, plain(client.Do(ctx, set).Error())
		}
		replies := client.DoMulti(ctx, set, client.B().Wait().Numreplicas(1).Timeout(wait.Milliseconds()).Build())
		if err := replies[0].Error(); err != nil {
			return 0, plain(err)
		}
		replicas, _ := replies[1].AsInt64()
		return int(replicas), nil
	}
	return Client{Set: set, Close: client.Close}, nil
}

// plain makes a server's error out of a library's own kind of it.
func plain(err error) error {
	if said, ok := err.(redis.Error); ok {
		return resp.Error(said.Error())
	}
	if said, ok := valkey.IsValkeyErr(err); ok {
		return resp.Error(said.Error())
	}
	return err
}
