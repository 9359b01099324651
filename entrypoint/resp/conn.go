package resp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// Options says whom to ask and how. Network is "tcp" (the default) or "unix".
// Timeout bounds the dial and then each exchange; zero means 2 s. Without a
// Password no AUTH is sent; without a Username the password alone is.
type Options struct {
	Network  string
	Addr     string
	Username string
	Password string
	Timeout  time.Duration
}

const defaultTimeout = 2 * time.Second

// Conn is one authenticated connection. It is not safe for use by several
// goroutines at once, and is of no more use after an error other than Error.
type Conn struct {
	net     net.Conn
	reader  *bufio.Reader
	timeout time.Duration
}

// Dial connects and authenticates. A refused login is an Error within the
// returned error.
func Dial(ctx context.Context, o Options) (*Conn, error) {
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.Network == "" {
		o.Network = "tcp"
	}
	dialer := net.Dialer{Timeout: o.Timeout}
	raw, err := dialer.DialContext(ctx, o.Network, o.Addr)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	c := &Conn{net: raw, reader: bufio.NewReader(raw), timeout: o.Timeout}
	if o.Password == "" {
		return c, nil
	}
	auth := []string{"AUTH", o.Password}
	if o.Username != "" {
		auth = []string{"AUTH", o.Username, o.Password}
	}
	// Who does not answer is waited for no longer than ctx lasts.
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	if _, err := c.Do(ctx, auth...); err != nil {
		c.Close()
		return nil, fmt.Errorf("log in to %s: %w", o.Addr, err)
	}
	return c, nil
}

// Do sends one command and reads its reply. What the server refuses comes back
// as an Error; any other error means that the command's fate is not known.
func (c *Conn) Do(ctx context.Context, args ...string) (Value, error) {
	if err := c.Send(ctx, args...); err != nil {
		return Value{}, err
	}
	v, err := Read(c.reader)
	if err != nil {
		return Value{}, fmt.Errorf("read the reply to %s: %w", args[0], err)
	}
	if v.Kind == '-' || v.Kind == '!' {
		return v, Error(v.Str)
	}
	return v, nil
}

// Send sends a command and reads nothing: for those that have no reply.
func (c *Conn) Send(ctx context.Context, args ...string) error {
	deadline := time.Now().Add(c.timeout)
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := c.net.SetDeadline(deadline); err != nil {
		return fmt.Errorf("set a deadline: %w", err)
	}
	if _, err := c.net.Write(Append(nil, args...)); err != nil {
		return fmt.Errorf("send %s: %w", args[0], err)
	}
	return nil
}

// Close ends the connection.
func (c *Conn) Close() error { return c.net.Close() }

// Append appends a command to b as the array of bulk strings that servers take.
func Append(b []byte, args ...string) []byte {
	b = append(b, '*')
	b = strconv.AppendInt(b, int64(len(args)), 10)
	b = append(b, "\r\n"...)
	for _, arg := range args {
		b = append(b, '$')
		b = strconv.AppendInt(b, int64(len(arg)), 10)
		b = append(b, "\r\n"...)
		b = append(b, arg...)
		b = append(b, "\r\n"...)
	}
	return b
}

// IsCode tells whether err is a server's error of that code, the first word of
// its text: "LOADING", "NOAUTH", "READONLY"…
func IsCode(err error, code string) bool {
	var e Error
	if !errors.As(err, &e) {
		return false
	}
	first, _, _ := strings.Cut(string(e), " ")
	return first == code
}
