// Package sentinel asks the Sentinels of a release what they know, has them vote, and
// tells them who is master.
//
// All of it is their own protocol, by which they do the same among each other: a vote is
// SENTINEL IS-MASTER-DOWN-BY-ADDR with the id of who asks for it, and news of a master
// is a message to the channel __sentinel__:hello. So what a pod does with the votes of
// most Sentinels is as good as what one of them does, and none of them does it besides.
package sentinel

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
)

// ID is what Sentinels know a pod of a release by, whether it is one of them or asks for
// their votes: 40 hexadecimal digits.
func ID(clusterID, pod string) string {
	sum := sha1.Sum([]byte(clusterID + "/" + pod))
	return hex.EncodeToString(sum[:])
}

// State is what one Sentinel says: where the master is, "host:port", in which epoch it
// became that, and whether the Sentinel takes it to be down.
type State struct {
	Master string
	Epoch  uint64
	Down   bool
}

// Vote is whom a Sentinel has voted for last, by ID, and in which epoch. One that has been
// restarted since knows only the epoch.
type Vote struct {
	Leader string
	Epoch  uint64
}

// Never is an epoch that no vote is asked for: a Sentinel that says it has voted in it
// votes in none.
const Never = 1 << 62

// Address is where a Sentinel is reached, by name or address, and ID what the others know
// it by.
type Address struct {
	Host string
	Port int
	ID   string
}

func (a Address) String() string { return net.JoinHostPort(a.Host, strconv.Itoa(a.Port)) }

// ErrUnknownMaster is a Sentinel that does not watch a master of this name.
var ErrUnknownMaster = errors.New("it watches no master of this name")

// Client asks Sentinels. It keeps a connection to each, and is safe for use by several
// goroutines at once.
type Client struct {
	// Name is what the master is called among them.
	name     string
	password string
	// timeout bounds each exchange: nobody waits for a Sentinel that is slow.
	timeout time.Duration

	mu    sync.Mutex
	links map[string]*link
}

// link is the connection to one Sentinel, at an address; conn is nil while there is none.
// Whoever has the turn may use it.
type link struct {
	turn chan struct{}
	at   Address
	conn *resp.Conn
}

// NewClient makes a client for the Sentinels that watch a master of that name.
func NewClient(name, password string) *Client {
	return &Client{name: name, password: password, timeout: 500 * time.Millisecond, links: map[string]*link{}}
}

// State asks a Sentinel what it knows of the master.
func (c *Client) State(ctx context.Context, at Address) (State, error) {
	value, err := c.do(ctx, at, "SENTINEL", "MASTER", c.name)
	var refused resp.Error
	switch {
	case errors.As(err, &refused) && strings.Contains(string(refused), "No such"):
		return State{}, fmt.Errorf("ask Sentinel %s: %w", at, ErrUnknownMaster)
	case err != nil:
		return State{}, fmt.Errorf("ask Sentinel %s: %w", at, err)
	}
	return parse(value)
}

// parse reads what a Sentinel tells of a master.
func parse(value resp.Value) (State, error) {
	fields := Fields(value)
	epoch, err := strconv.ParseUint(fields["config-epoch"], 10, 64)
	if err != nil || fields["ip"] == "" || fields["port"] == "" {
		return State{}, fmt.Errorf("a Sentinel tells of a master at %q, port %q, in epoch %q", fields["ip"], fields["port"], fields["config-epoch"])
	}
	return State{
		Master: net.JoinHostPort(fields["ip"], fields["port"]),
		Epoch:  epoch,
		Down:   strings.Contains(fields["flags"], "_down"),
	}, nil
}

// Fields are what a Sentinel tells of an instance: names and values in turn.
func Fields(value resp.Value) map[string]string {
	fields := map[string]string{}
	for i := 0; i+1 < len(value.Array); i += 2 {
		fields[value.Array[i].Str] = value.Array[i+1].Str
	}
	return fields
}

// Vote asks a Sentinel to vote for a candidate, by ID, as the one who may change the
// master of an epoch; master is where it takes it to be. The answer is whom it has voted
// for, then or before.
func (c *Client) Vote(ctx context.Context, at Address, master string, epoch uint64, candidate string) (Vote, error) {
	host, port, err := net.SplitHostPort(master)
	if err != nil {
		return Vote{}, fmt.Errorf("ask for a vote on %q: %w", master, err)
	}
	value, err := c.do(ctx, at, "SENTINEL", "IS-MASTER-DOWN-BY-ADDR", host, port, strconv.FormatUint(epoch, 10), candidate)
	if err != nil {
		return Vote{}, fmt.Errorf("ask Sentinel %s for its vote: %w", at, err)
	}
	if len(value.Array) != 3 {
		return Vote{}, fmt.Errorf("no vote of Sentinel %s on %s: %d words", at, master, len(value.Array))
	}
	vote := Vote{Leader: value.Array[1].Str, Epoch: uint64(value.Array[2].Int)}
	if vote.Leader == "*" {
		vote.Leader = ""
	}
	switch {
	case vote == (Vote{}):
		return Vote{}, fmt.Errorf("no vote of Sentinel %s on %s: it watches another address, or has never voted", at, master)
	case vote.Epoch >= Never:
		return Vote{}, fmt.Errorf("no vote of Sentinel %s on %s: it votes in no epoch", at, master)
	default:
		return vote, nil
	}
}

// Publish tells a Sentinel, in the name of another, where the master is in an epoch.
func (c *Client) Publish(ctx context.Context, at, from Address, master string, epoch uint64) error {
	host, port, err := net.SplitHostPort(master)
	if err != nil {
		return fmt.Errorf("tell of a master at %q: %w", master, err)
	}
	number := strconv.FormatUint(epoch, 10)
	hello := strings.Join([]string{from.Host, strconv.Itoa(from.Port), from.ID, number, c.name, host, port, number}, ",")
	if _, err := c.do(ctx, at, "PUBLISH", "__sentinel__:hello", hello); err != nil {
		return fmt.Errorf("tell Sentinel %s of the master: %w", at, err)
	}
	return nil
}

// do sends a command. Nobody waits for a Sentinel longer than ctx lasts: its connection is
// closed then.
func (c *Client) do(ctx context.Context, at Address, args ...string) (resp.Value, error) {
	c.mu.Lock()
	l := c.links[at.ID]
	if l == nil {
		l = &link{turn: make(chan struct{}, 1)}
		c.links[at.ID] = l
	}
	c.mu.Unlock()
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return resp.Value{}, ctx.Err()
	}
	if l.conn != nil && l.at != at {
		l.conn.Close()
		l.conn = nil
	}
	if l.conn == nil {
		conn, err := c.dial(ctx, at)
		if err != nil {
			return resp.Value{}, err
		}
		l.at, l.conn = at, conn
	}
	conn := l.conn
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	value, err := conn.Do(ctx, args...)
	var refused resp.Error
	if !stop() || err != nil && !errors.As(err, &refused) {
		conn.Close()
		l.conn = nil
	}
	return value, err
}

// dial connects to a Sentinel, and makes sure that it is the one that is meant: its
// address may have become another's.
func (c *Client) dial(ctx context.Context, at Address) (*resp.Conn, error) {
	conn, err := resp.Dial(ctx, resp.Options{Addr: at.String(), Password: c.password, Timeout: c.timeout})
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	id, err := conn.Do(ctx, "SENTINEL", "MYID")
	if err == nil && id.Str != at.ID {
		err = fmt.Errorf("another Sentinel answers there: %s", id.Str)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}
