//go:build linux

package server

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/info"
	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
)

// Local talks to this pod's own server. It keeps one connection, makes it anew
// when it breaks, and can be used by several goroutines at once.
type Local struct {
	options resp.Options
	turn    sync.Mutex
	conn    *resp.Conn
}

// localTimeout bounds one exchange: a server that is busy for longer is as good as
// unreachable for a decision.
const localTimeout = 3 * time.Second

// NewLocal names the server behind a socket.
func NewLocal(socket, password string) *Local {
	return &Local{options: resp.Options{Network: "unix", Addr: socket, Password: password, Timeout: localTimeout}}
}

// Do sends one command and returns its answer.
func (l *Local) Do(ctx context.Context, args ...string) (value resp.Value, err error) {
	err = l.with(ctx, func(conn *resp.Conn) (err error) {
		value, err = conn.Do(ctx, args...)
		return err
	})
	return value, err
}

// Nudge makes a replica acknowledge at once what it has, where it would else wait
// for up to a second. A master begins to stream to a replica that synced without
// disk only at its first acknowledgement. The command has no answer.
func (l *Local) Nudge(ctx context.Context) error {
	return l.with(ctx, func(conn *resp.Conn) error { return conn.Send(ctx, "REPLCONF", "GETACK", "*") })
}

func (l *Local) with(ctx context.Context, use func(*resp.Conn) error) error {
	l.turn.Lock()
	defer l.turn.Unlock()
	if l.conn == nil {
		conn, err := resp.Dial(ctx, l.options)
		if err != nil {
			return err
		}
		l.conn = conn
	}
	err := use(l.conn)
	var refused resp.Error
	if err != nil && !errors.As(err, &refused) {
		l.conn.Close()
		l.conn = nil
	}
	return err
}

// Info asks for a section of INFO.
func (l *Local) Info(ctx context.Context, section string) (info.Info, error) {
	value, err := l.Do(ctx, "INFO", section)
	if err != nil {
		return nil, err
	}
	return info.Parse(value.Str), nil
}

// Reset drops the connection: a new server listens behind the socket.
func (l *Local) Reset() {
	l.turn.Lock()
	defer l.turn.Unlock()
	if l.conn != nil {
		l.conn.Close()
		l.conn = nil
	}
}
