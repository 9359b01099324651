package proxy_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/proxy"
)

// A process that is frozen can't test itself: with these in its environment the test's
// binary is a proxy, before a server's socket, that does what it is told on its input.
const (
	helperSocket = "PROXY_TEST_SOCKET"
	helperLease  = "PROXY_TEST_LEASE"
)

func TestMain(m *testing.M) {
	if socket := os.Getenv(helperSocket); socket != "" {
		if err := help(socket, os.Getenv(helperLease)); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func help(socket, lease string) error {
	duration, err := time.ParseDuration(lease)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.77.1.1:0")
	if err != nil {
		return err
	}
	p, err := proxy.New(proxy.Options{
		Listener:  listener.(*net.TCPListener),
		Lease:     duration,
		OnRefused: func() { fmt.Println("refused") },
	})
	if err != nil {
		return err
	}
	go p.Serve(context.Background())
	go func() {
		for {
			p.Renew()
			time.Sleep(duration / 20)
		}
	}()
	fmt.Println(listener.Addr())
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		switch in.Text() {
		case "point":
			err = p.Point(proxy.Target{Network: "unix", Address: socket})
			fmt.Println("pointed", err)
		case "count":
			s := p.Stats()
			fmt.Println("counted", s.Commands, s.Upstreams)
		}
	}
	return nil
}

// helper is a proxy in a process of its own.
type helper struct {
	endpoint
	command *exec.Cmd
	in      io.Writer
	lines   chan string
}

func startHelper(t *testing.T, s *server, lease time.Duration) *helper {
	t.Helper()
	h := &helper{endpoint: endpoint{t: t}, command: exec.Command(os.Args[0]), lines: make(chan string, 100)}
	h.command.Env = append(os.Environ(), helperSocket+"="+s.socket(), helperLease+"="+lease.String())
	in, err := h.command.StdinPipe()
	require.NoError(t, err)
	h.in = in
	out, err := h.command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, h.command.Start())
	t.Cleanup(func() {
		_ = h.command.Process.Kill()
		_ = h.command.Wait()
	})
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			h.lines <- lines.Text()
		}
		close(h.lines)
	}()
	h.address = h.line("127.")
	h.tell("point")
	h.line("pointed")
	return h
}

func (h *helper) tell(order string) {
	h.t.Helper()
	_, err := fmt.Fprintln(h.in, order)
	require.NoError(h.t, err)
}

// line waits for one that begins so.
func (h *helper) line(prefix string) string {
	h.t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case line, ok := <-h.lines:
			require.True(h.t, ok, "the helper ended")
			if strings.HasPrefix(line, prefix) {
				return line
			}
		case <-timeout:
			require.FailNow(h.t, "in vain", "a line that begins with %q", prefix)
		}
	}
}

// count asks for the commands that the helper has sent to its server, and for its
// connections to it.
func (h *helper) count() (commands, upstreams int) {
	h.t.Helper()
	h.tell("count")
	_, err := fmt.Sscanf(h.line("counted"), "counted %d %d", &commands, &upstreams)
	require.NoError(h.t, err)
	return commands, upstreams
}

// warm waits until two clients share a connection.
func (h *helper) warm() {
	h.t.Helper()
	a, b := h.dial(), h.dial()
	defer a.Close()
	defer b.Close()
	eventually(h.t, "clients share upstreams", func() error {
		a.do("GET", "nothing")
		b.do("GET", "nothing")
		if _, n := h.count(); n != 1 {
			return fmt.Errorf("%d upstreams", n)
		}
		return nil
	})
}

// passes waits until a command is on its way to the server.
func (h *helper) passes(send func()) {
	h.t.Helper()
	before, _ := h.count()
	send()
	eventually(h.t, "the command is on its way", func() error {
		if n, _ := h.count(); n == before {
			return io.ErrNoProgress
		}
		return nil
	})
}

func (h *helper) freeze() {
	h.t.Helper()
	freeze(h.t, h.command.Process)
}

func (h *helper) thaw() {
	h.t.Helper()
	require.NoError(h.t, h.command.Process.Signal(syscall.SIGCONT))
}

// blackHole is an address whose every packet is dropped: nobody accepts the
// connections that wait there already.
func blackHole(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	t.Cleanup(func() { syscall.Close(fd) })
	require.NoError(t, syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 77, 1, 2}}))
	require.NoError(t, syscall.Listen(fd, 0))
	name, err := syscall.Getsockname(fd)
	require.NoError(t, err)
	address := fmt.Sprint("127.77.1.2:", name.(*syscall.SockaddrInet4).Port)
	for {
		conn, err := net.DialTimeout("tcp", address, 200*time.Millisecond)
		if err != nil {
			return address
		}
		t.Cleanup(func() { conn.Close() })
	}
}
