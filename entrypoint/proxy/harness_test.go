package proxy_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/info"
	"github.com/helm-valkey/helm-valkey/entrypoint/proxy"
	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

const patience = 10 * time.Second

var addresses atomic.Uint32

// server is a real server on an address of its own.
type server struct {
	t       testing.TB
	engine  release.Engine
	args    []string
	address string
	dir     string
	command *exec.Cmd
}

func start(t testing.TB, args ...string) *server {
	t.Helper()
	return startEngine(t, release.DefaultEngine(t), args...)
}

func startEngine(t testing.TB, engine release.Engine, args ...string) *server {
	t.Helper()
	n := addresses.Add(1)
	ip := fmt.Sprintf("127.77.%d.%d", 100+os.Getpid()%100, n%250+1)
	s := &server{t: t, engine: engine, args: args, address: net.JoinHostPort(ip, "6390"), dir: t.TempDir()}
	s.run()
	t.Cleanup(s.kill)
	return s
}

func (s *server) socket() string { return s.dir + "/socket" }

func (s *server) target() proxy.Target { return proxy.Target{Network: "tcp", Address: s.address} }

func (s *server) run() {
	s.t.Helper()
	host, port, err := net.SplitHostPort(s.address)
	require.NoError(s.t, err)
	args := append([]string{
		"--port", port, "--bind", host, "--save", "", "--dir", s.dir,
		"--unixsocket", s.socket(), "--repl-diskless-sync-delay", "0", "--replica-announce-ip", host,
	}, s.args...)
	s.command = exec.Command(s.engine.Server(), args...)
	require.NoError(s.t, s.command.Start())
	s.eventually("it answers", func() error {
		_, err := s.try("INFO")
		if err != nil && strings.Contains(err.Error(), "NOAUTH") {
			return nil
		}
		return err
	})
}

func (s *server) kill() {
	if s.command != nil {
		_ = s.command.Process.Kill()
		_ = s.command.Wait()
		s.command = nil
	}
}

func (s *server) follow(master *server) {
	s.t.Helper()
	host, port, err := net.SplitHostPort(master.address)
	require.NoError(s.t, err)
	s.do("REPLICAOF", host, port)
	s.eventually("it is in sync", func() error {
		now := info.Parse(s.do("INFO").Str)
		if now["master_link_status"] != "up" {
			return fmt.Errorf("link %q", now["master_link_status"])
		}
		return nil
	})
}

func (s *server) try(args ...string) (resp.Value, error) {
	conn, err := resp.Dial(context.Background(), resp.Options{Addr: s.address})
	if err != nil {
		return resp.Value{}, err
	}
	defer conn.Close()
	return conn.Do(context.Background(), args...)
}

func (s *server) do(args ...string) resp.Value {
	s.t.Helper()
	v, err := s.try(args...)
	require.NoError(s.t, err)
	return v
}

func (s *server) eventually(what string, check func() error) {
	s.t.Helper()
	eventually(s.t, what, check)
}

func eventually(t testing.TB, what string, check func() error) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			require.NoError(t, err, "in vain: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// endpoint is a running proxy.
type endpoint struct {
	*proxy.Proxy
	t       testing.TB
	address string
	refused atomic.Int64
	stop    context.CancelFunc
}

func serve(t testing.TB, o proxy.Options) *endpoint {
	t.Helper()
	listener, err := net.Listen("tcp", "127.77.1.1:0")
	require.NoError(t, err)
	e := &endpoint{t: t, address: listener.Addr().String()}
	o.Listener = listener.(*net.TCPListener)
	inner := o.OnRefused
	o.OnRefused = func() {
		e.refused.Add(1)
		if inner != nil {
			inner()
		}
	}
	e.Proxy, err = proxy.New(o)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- e.Serve(ctx) }()
	e.stop = stop
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
	})
	return e
}

// front starts a proxy before a server, and waits until it knows the commands.
func front(t testing.TB, s *server, o proxy.Options) *endpoint {
	t.Helper()
	e := serve(t, o)
	require.NoError(t, e.Point(s.target()))
	e.shares(max(o.Threads, 1))
	return e
}

// shares waits until the clients of each thread share an upstream.
func (e *endpoint) shares(threads int) {
	e.t.Helper()
	users := make([]*user, 2*threads)
	for i := range users {
		users[i] = e.dial()
		defer users[i].Close()
	}
	eventually(e.t, "clients share upstreams", func() error {
		for _, u := range users {
			u.do("GET", "nothing")
		}
		if n := e.Stats().Upstreams; n > threads {
			return fmt.Errorf("%d upstreams", n)
		}
		return nil
	})
}

// passes waits until a command is on its way to the server.
func (e *endpoint) passes(send func()) {
	e.t.Helper()
	before := e.Stats().Commands
	send()
	eventually(e.t, "the command is on its way", func() error {
		if e.Stats().Commands == before {
			return io.ErrNoProgress
		}
		return nil
	})
}

// user is a client that talks on the wire.
type user struct {
	net.Conn
	t testing.TB
	r *bufio.Reader
}

func (e *endpoint) dial() *user {
	e.t.Helper()
	conn, err := net.Dial("tcp", e.address)
	require.NoError(e.t, err)
	e.t.Cleanup(func() { conn.Close() })
	require.NoError(e.t, conn.SetDeadline(time.Now().Add(3*patience)))
	return &user{Conn: conn, t: e.t, r: bufio.NewReader(conn)}
}

func (u *user) send(args ...string) {
	u.t.Helper()
	u.raw(string(resp.Append(nil, args...)))
}

func (u *user) raw(wire string) {
	u.t.Helper()
	_, err := u.Write([]byte(wire))
	require.NoError(u.t, err)
}

func (u *user) read() resp.Value {
	u.t.Helper()
	v, err := u.reply()
	require.NoError(u.t, err)
	return v
}

func (u *user) reply() (resp.Value, error) { return resp.Read(u.r) }

func (u *user) do(args ...string) resp.Value {
	u.t.Helper()
	u.send(args...)
	return u.read()
}

// says checks a reply by its text, for numbers too.
func (u *user) says(want string, args ...string) {
	u.t.Helper()
	require.Equal(u.t, want, text(u.do(args...)), strings.Join(args, " "))
}

func text(v resp.Value) string {
	switch {
	case v.Null:
		return "(null)"
	case v.Kind == ':':
		return strconv.FormatInt(v.Int, 10)
	case len(v.Array) > 0:
		parts := make([]string, 0, len(v.Array))
		for _, element := range v.Array {
			parts = append(parts, text(element))
		}
		return strings.Join(parts, " ")
	default:
		return v.Str
	}
}

// gone checks that the proxy has closed the connection.
func (u *user) gone() {
	u.t.Helper()
	// Messages that nobody asked for may come before the end.
	_, err := io.Copy(io.Discard, u.r)
	require.NotErrorIs(u.t, err, os.ErrDeadlineExceeded)
}
