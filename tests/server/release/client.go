//go:build linux

package release

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
)

const commandTimeout = 20 * time.Second

// Try sends one command to the pod's server, on a connection of its own.
func (p *Pod) Try(args ...string) (resp.Value, error) {
	return p.TryFor(commandTimeout, args...)
}

// TryFor is Try with a deadline.
func (p *Pod) TryFor(timeout time.Duration, args ...string) (resp.Value, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	conn, err := p.release.connect(ctx, p.Address(), timeout)
	if err != nil {
		return resp.Value{}, fmt.Errorf("%s: %w", p.Name, err)
	}
	defer conn.Close()
	value, err := conn.Do(ctx, args...)
	if err != nil {
		return value, fmt.Errorf("%s: %s: %w", p.Name, args[0], err)
	}
	return value, nil
}

// Connect logs in to a server, or to a write endpoint, as a client.
func (r *Release) Connect(ctx context.Context, address string) (*resp.Conn, error) {
	return r.connect(ctx, address, commandTimeout)
}

func (r *Release) connect(ctx context.Context, address string, timeout time.Duration) (conn *resp.Conn, err error) {
	err = r.asClient(func() (err error) {
		conn, err = resp.Dial(ctx, resp.Options{Addr: address, Password: r.Options.Password, Timeout: timeout})
		return err
	})
	return conn, err
}

// Connect opens a connection to a pod's write endpoint, which the test's end closes.
func (p *Pod) Connect() *resp.Conn {
	tb := p.release.TB
	tb.Helper()
	conn, err := p.release.Connect(tb.Context(), p.Endpoint())
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = conn.Close() })
	return conn
}

// Do is Try for a command that has to succeed.
func (p *Pod) Do(args ...string) resp.Value {
	p.release.TB.Helper()
	value, err := p.Try(args...)
	require.NoError(p.release.TB, err)
	return value
}

// Info returns the server's INFO.
func (p *Pod) Info() (map[string]string, error) {
	value, err := p.Try("INFO")
	if err != nil {
		return nil, err
	}
	info := map[string]string{}
	for line := range strings.Lines(value.Str) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			info[name] = value
		}
	}
	return info, nil
}

// MustInfo is Info of a server that has to answer.
func (p *Pod) MustInfo() map[string]string {
	p.release.TB.Helper()
	info, err := p.Info()
	require.NoError(p.release.TB, err)
	return info
}

// Save makes the server write a snapshot, once no other is being written.
func (p *Pod) Save() {
	p.release.TB.Helper()
	Eventually(p.release.TB, Patience, "a snapshot of "+p.Name, func() error {
		_, err := p.Try("SAVE")
		return err
	})
}

// Keys returns how many keys the server holds.
func (p *Pod) Keys() int {
	p.release.TB.Helper()
	return int(p.Do("DBSIZE").Int)
}

// Fill writes n keys of size bytes each, named prefix:0 and on, and waits until
// as many replicas as run hold them.
func (r *Release) Fill(prefix string, n, size int) {
	r.TB.Helper()
	const perCommand = 64
	r.fill(prefix, n, size, perCommand)
}

// FillSingly is Fill with a command for each key, for tests to which the commands
// in the append-only file matter.
func (r *Release) FillSingly(prefix string, n, size int) {
	r.TB.Helper()
	r.fill(prefix, n, size, 1)
}

func (r *Release) fill(prefix string, n, size, perCommand int) {
	r.TB.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	master := r.Master
	if r.Options.Moves {
		master = r.Leader()
	}
	conn, err := r.connect(ctx, master.Address(), Patience)
	require.NoError(r.TB, err)
	defer conn.Close()
	value := strings.Repeat("x", size)
	for start := 0; start < n; start += perCommand {
		args := []string{"MSET"}
		for i := start; i < min(start+perCommand, n); i++ {
			args = append(args, prefix+":"+strconv.Itoa(i), value)
		}
		_, err := conn.Do(ctx, args...)
		require.NoError(r.TB, err, "fill %s", master.Name)
	}
	running := 0
	for _, p := range r.Others(master) {
		if p.Running() {
			running++
		}
	}
	reply, err := conn.Do(ctx, "WAIT", strconv.Itoa(running), strconv.FormatInt(Patience.Milliseconds()/2, 10))
	require.NoError(r.TB, err)
	require.EqualValues(r.TB, running, reply.Int, "replicas that hold what was filled in")
}

// RequireFilled checks that the server holds all n keys of a Fill.
func (p *Pod) RequireFilled(prefix string, n int) {
	p.release.TB.Helper()
	args := make([]string, 0, n+1)
	args = append(args, "EXISTS")
	for i := range n {
		args = append(args, prefix+":"+strconv.Itoa(i))
	}
	require.EqualValues(p.release.TB, n, p.Do(args...).Int, "keys %s:… on %s", prefix, p.Name)
}

func (p *Pod) metric(name string) (string, error) {
	_, body, err := p.Get("/metrics")
	if err != nil {
		return "", err
	}
	for line := range bytes.Lines(body) {
		sample, value, ok := strings.Cut(strings.TrimSpace(string(line)), " ")
		if ok && sample == name {
			return value, nil
		}
	}
	return "", fmt.Errorf("/metrics of %s has no %s", p.Name, name)
}
