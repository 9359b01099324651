//go:build linux

// Package library writes through client libraries as people use them with Sentinels: told
// of those, and of nothing else.
package library

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"sync"
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

// Writers are writers that write through the client, and close it.
func (c Client) Writers(options writer.Options) writer.Options {
	options.Set, options.Close = c.Set, c.Close
	return options
}

// dial opens a connection as a library would with a dialer of its own: a client waits no
// longer, and finds out as soon, as one that dials by itself.
func dial(ctx context.Context, d writer.Dialer, address string, as net.Dialer) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, as.Timeout)
	defer cancel()
	conn, err := d.Dial(ctx, address)
	if err != nil {
		return nil, err
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		config := as.KeepAliveConfig
		if !config.Enable {
			config = net.KeepAliveConfig{Enable: true, Idle: as.KeepAlive, Interval: as.KeepAlive}
		}
		err = tcp.SetKeepAliveConfig(config)
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("keep a connection alive: %w", err)
	}
	return conn, nil
}

var quieten sync.Once

type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}

// goRedisDialer is as go-redis's own by default.
var goRedisDialer = net.Dialer{
	Timeout:         5 * time.Second,
	KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 30 * time.Second, Interval: 5 * time.Second, Count: 3},
}

// In both, a write whose WAIT has no answer is one that no replica confirmed.
func goRedis(o Options) (Client, error) {
	// It says every connection that it did not get.
	quieten.Do(func() { redis.SetLogger(silence{}) })
	client := redis.NewFailoverClient(&redis.FailoverOptions{
		MasterName: MasterSet, SentinelAddrs: o.Sentinels,
		Password: o.Password, SentinelPassword: o.Password,
		Dialer: func(ctx context.Context, _, address string) (net.Conn, error) {
			return dial(ctx, o.Dialer, address, goRedisDialer)
		},
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
		Sentinel: valkey.SentinelOption{
			MasterSet: MasterSet, Password: o.Password,
			// By default it waits for the address of a Sentinel that has gone as long as the
			// kernel does, two minutes. It forgets none of them, and tries one after the other.
			Dialer: net.Dialer{Timeout: time.Second, KeepAlive: valkey.DefaultTCPKeepAlive},
			// Off by default, and recommended.
			TopologyRefreshInterval: 5 * time.Second,
		},
		DialCtxFn: func(ctx context.Context, address string, as *net.Dialer, _ *tls.Config) (net.Conn, error) {
			return dial(ctx, o.Dialer, address, *as)
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
