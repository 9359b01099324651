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

// Do sends one command.
func (l *Local) Do(ctx context.Context, args ...string) (resp.Value, error) {
	l.turn.Lock()
	defer l.turn.Unlock()
	if l.conn == nil {
		conn, err := resp.Dial(ctx, l.options)
		if err != nil {
			return resp.Value{}, err
		}
		l.conn = conn
	}
	value, err := l.conn.Do(ctx, args...)
	var refused resp.Error
	if err != nil && !errors.As(err, &refused) {
		l.conn.Close()
		l.conn = nil
	}
	return value, err
}

// Info asks for all default sections of INFO.
func (l *Local) Info(ctx context.Context) (info.Info, error) {
	value, err := l.Do(ctx, "INFO")
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
