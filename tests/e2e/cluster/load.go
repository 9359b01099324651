//go:build e2e || bench

package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/writer"
)

// Load is a set of writers on a node, which write through the write endpoint as
// an application's pod does, kube-proxy included.
type Load struct {
	release  *Release
	node     string
	password string // file
	ledger   string // file
	command  *exec.Cmd
	stdout   bytes.Buffer
	stderr   bytes.Buffer
	ended    chan error
}

// StartLoad starts the usual writers on a node. The test has to Stop them.
func (r *Release) StartLoad(node string) *Load {
	r.TB.Helper()
	dir := r.TB.TempDir()
	l := &Load{
		release:  r,
		node:     node,
		password: filepath.Join(dir, "password"),
		ledger:   filepath.Join(dir, "ledger"),
		ended:    make(chan error, 1),
	}
	require.NoError(r.TB, os.WriteFile(l.password, []byte(r.Password()), 0o600))
	l.command = commandOn(context.Background(), node, filepath.Join(tools(r.TB), "writer"), append([]string{
		"load", "-address", r.Endpoint(Master), "-ledger", l.ledger,
	}, l.passwordFlags()...)...)
	l.command.Stdout, l.command.Stderr = &l.stdout, &l.stderr
	l.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(r.TB, l.command.Start())
	go func() { l.ended <- l.command.Wait() }()
	r.TB.Cleanup(func() { _ = l.command.Process.Kill() })
	return l
}

func (l *Load) passwordFlags() []string {
	if content, err := os.ReadFile(l.password); err != nil || len(content) == 0 {
		return nil
	}
	return []string{"-password-file", l.password}
}

// WaitWrites waits until the master has got n more keys from anybody.
func (l *Load) WaitWrites(n int) {
	r := l.release
	r.TB.Helper()
	start := -1
	Eventually(r.TB, fmt.Sprintf("%d more keys", n), func() error {
		value, err := r.Try(r.Endpoint(Master), "DBSIZE")
		if err != nil {
			return err
		}
		if start < 0 {
			start = int(value.Int)
		}
		if got := int(value.Int) - start; got < n {
			return fmt.Errorf("%d so far", got)
		}
		return nil
	})
}

const loadPatience = 10 * time.Second

// Stop ends the writers and returns their figures.
func (l *Load) Stop() writer.Summary {
	tb := l.release.TB
	tb.Helper()
	require.NoError(tb, l.command.Process.Signal(syscall.SIGTERM))
	select {
	case err := <-l.ended:
		require.NoError(tb, err, "writers: %s", l.stderr.String())
	case <-time.After(loadPatience):
		require.FailNow(tb, "writers do not stop", "%s", l.stderr.String())
	}
	var summary writer.Summary
	require.NoError(tb, json.Unmarshal(l.stdout.Bytes(), &summary), "%s", l.stdout.String())
	return summary
}

// Verify reads every acknowledged write back through the write endpoint and from
// each replica, the write endpoint's finding first.
func (l *Load) Verify() []writer.Finding {
	r := l.release
	r.TB.Helper()
	addresses := []string{r.Endpoint(Master)}
	replicas, err := r.Pods(Replica)
	require.NoError(r.TB, err)
	for name := range replicas {
		address, err := r.Address(name, "valkey")
		require.NoError(r.TB, err)
		addresses = append(addresses, address)
	}
	slices.Sort(addresses[1:])
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	args := append([]string{"verify", "-ledger", l.ledger}, l.passwordFlags()...)
	command := commandOn(ctx, l.node, filepath.Join(tools(r.TB), "writer"), append(args, addresses...)...)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	output, err := command.Output()
	require.NoError(r.TB, err, "verify: %s", stderr.String())
	var findings []writer.Finding
	require.NoError(r.TB, json.Unmarshal(output, &findings), "%s", output)
	require.Len(r.TB, findings, len(addresses))
	return findings
}

// RequireKept stops the writers, waits for a release in sync, and fails if a write
// is gone that a replica had acknowledged.
func (l *Load) RequireKept() (writer.Summary, writer.Finding) {
	tb := l.release.TB
	tb.Helper()
	summary := l.Stop()
	l.release.WaitReady()
	findings := l.Verify()
	for _, finding := range findings {
		require.Zero(tb, finding.LostReplicated, "writes lost at %s that a replica had acknowledged: %v", finding.Address, finding.Examples)
		require.Zero(tb, finding.Wrong, "keys with a wrong value at %s: %v", finding.Address, finding.Examples)
		require.Equal(tb, findings[0].Found, finding.Found, "writes found at %s", finding.Address)
	}
	require.NotZero(tb, summary.Replicated)
	tb.Logf("%d writes acknowledged, %d by a replica too, longest gap %s, %d lost, none that a replica had acknowledged; errors %v",
		summary.Acknowledged, summary.Replicated, summary.LongestGap.Round(time.Millisecond), findings[0].Lost, summary.Errors)
	return summary, findings[0]
}

// CountFilled returns how many of the n keys of a Fill a server holds.
func (r *Release) CountFilled(address, prefix string, n int) (int, error) {
	args := []string{"EXISTS"}
	for i := range n {
		args = append(args, prefix+":"+strconv.Itoa(i))
	}
	value, err := r.Try(address, args...)
	return int(value.Int), err
}

// Fill writes n keys of size bytes, named prefix:0 and on, through the write
// endpoint.
func (r *Release) Fill(prefix string, n, size int) {
	r.TB.Helper()
	value := string(bytes.Repeat([]byte("x"), size))
	const perCommand = 64
	for start := 0; start < n; start += perCommand {
		args := []string{"MSET"}
		for i := start; i < min(start+perCommand, n); i++ {
			args = append(args, prefix+":"+strconv.Itoa(i), value)
		}
		r.Do(Master, args...)
	}
}
