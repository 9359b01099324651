//go:build linux

package writer

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"syscall"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
)

// Dialer opens connections: from another network namespace, for example. Nil
// stands for the usual one.
type Dialer func(ctx context.Context, address string) (net.Conn, error)

// Dial opens a connection.
func (d Dialer) Dial(ctx context.Context, address string) (net.Conn, error) {
	if d == nil {
		return (&net.Dialer{}).DialContext(ctx, "tcp", address)
	}
	return d(ctx, address)
}

// conn is one authenticated connection. Unlike the entrypoint's own it sends several
// commands in one go, and can tell that the other side has ended it.
type conn struct {
	net     net.Conn
	reader  *bufio.Reader
	timeout time.Duration
}

func dial(ctx context.Context, dialer Dialer, address, password string, timeout time.Duration) (*conn, error) {
	dialing, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	raw, err := dialer.Dial(dialing, address)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	c := &conn{net: raw, reader: bufio.NewReader(raw), timeout: timeout}
	if password == "" {
		return c, nil
	}
	if _, err := c.do(ctx, "AUTH", password); err != nil {
		raw.Close()
		return nil, fmt.Errorf("log in: %w", err)
	}
	return c, nil
}

// send writes commands, and sets the deadline of their replies.
func (c *conn) send(ctx context.Context, commands []byte) error {
	deadline := time.Now().Add(c.timeout)
	if d, ok := ctx.Deadline(); ok {
		deadline = d
	}
	if err := c.net.SetDeadline(deadline); err != nil {
		return fmt.Errorf("set a deadline: %w", err)
	}
	if _, err := c.net.Write(commands); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	return nil
}

// reply reads one reply. A server's error is a resp.Error, after which the
// connection goes on.
func (c *conn) reply() (resp.Value, error) {
	value, err := resp.Read(c.reader)
	if err != nil {
		return value, fmt.Errorf("read: %w", err)
	}
	if value.Kind == '-' || value.Kind == '!' {
		return value, resp.Error(value.Str)
	}
	return value, nil
}

func (c *conn) do(ctx context.Context, args ...string) (resp.Value, error) {
	if err := c.send(ctx, resp.Append(nil, args...)); err != nil {
		return resp.Value{}, err
	}
	return c.reply()
}

// over tells whether the other side has ended the connection. Clients that keep
// connections look before they use one again.
func (c *conn) over() bool {
	socket, ok := c.net.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return true
	}
	ended := false
	err = raw.Control(func(fd uintptr) {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		ended = err == nil && n == 0 || err != nil && err != syscall.EAGAIN
	})
	return err != nil || ended
}
