//go:build e2e || bench

package cluster

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/library"
	"github.com/helm-valkey/helm-valkey/tests/writer"
)

// Clients are writers on a node as applications are: they write through the write
// Service, kube-proxy included, one command at a time, and are patient enough for a
// handover.
func (r *Release) Clients(node string) writer.Options {
	r.TB.Helper()
	options := writer.Defaults(r.Endpoint(Master))
	options.Dialer = writersOn(node)
	options.Password = r.Password()
	options.Timeout = commandTimeout
	options.Wait = 0
	return options
}

// Confirmed are writers that ask of each write whether a replica has it, and give up
// after a second.
func (r *Release) Confirmed(node string) writer.Options {
	r.TB.Helper()
	options := r.Clients(node)
	usual := writer.Defaults("")
	options.Wait, options.Timeout = usual.Wait, usual.Timeout
	return options
}

// At sends writers to the write endpoint of one pod alone, past the Service.
func (r *Release) At(podName string, options writer.Options) writer.Options {
	r.TB.Helper()
	address, err := r.Address(podName, "proxy")
	require.NoError(r.TB, err)
	options.Address = address
	return options
}

// Through sends writers through a client library that finds the master by asking the
// Sentinels at an address: their Service's, or that of one pod. They are good for one load.
func (r *Release) Through(l library.Library, sentinels string, options writer.Options) writer.Options {
	r.TB.Helper()
	client, err := l.Open(library.Options{Sentinels: []string{sentinels}, Password: options.Password, Dialer: options.Dialer})
	require.NoError(r.TB, err)
	options.Address = l.Name
	return client.Writers(options)
}

func writersOn(node string) writer.Dialer {
	dial := dialFrom(node)
	return func(ctx context.Context, address string) (net.Conn, error) { return dial(ctx, "tcp", address) }
}

// Load is a running set of writers.
type Load struct {
	*writer.Load
	release *Release
	address string
}

// StartLoad starts writers. The test has to Stop them.
func (r *Release) StartLoad(options writer.Options) *Load {
	r.TB.Helper()
	r.TB.Logf("writers on %s from %s", options.Address, time.Now().UTC().Format("15:04:05.000"))
	l := &Load{writer.Start(context.Background(), options), r, options.Address}
	r.TB.Cleanup(func() { l.Stop() })
	return l
}

// WaitWrites waits until n more writes have been acknowledged.
func (l *Load) WaitWrites(n int) {
	l.release.TB.Helper()
	l.wait(n, "acknowledged", l.Acknowledged)
}

// WaitReplicated waits until a replica has acknowledged n more writes.
func (l *Load) WaitReplicated(n int) {
	l.release.TB.Helper()
	l.wait(n, "acknowledged by a replica", l.Replicated)
}

// WaitRefused waits until n more writes have failed.
func (l *Load) WaitRefused(n int) {
	l.release.TB.Helper()
	l.wait(n, "refused", l.Failures)
}

func (l *Load) wait(n int, what string, count func() int) {
	l.release.TB.Helper()
	want := count() + n
	Eventually(l.release.TB, fmt.Sprintf("%d more writes on %s that are %s", n, l.address, what), func() error {
		if got := count(); got < want {
			return fmt.Errorf("%d to go; %d failures: %v", want-got, l.Failures(), l.Said())
		}
		return nil
	})
}

// Kept is what became of a ledger's writes.
type Kept struct {
	writer.Summary
	writer.Finding
}

// Verify reads every acknowledged write back, through the write Service and then from
// every pod.
func (r *Release) Verify(ledger *writer.Ledger) []writer.Finding {
	r.TB.Helper()
	pods, err := r.Pods("")
	require.NoError(r.TB, err)
	var addresses []string
	for name := range pods {
		address, err := r.Address(name, "valkey")
		require.NoError(r.TB, err)
		addresses = append(addresses, address)
	}
	slices.Sort(addresses)
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	var findings []writer.Finding
	for _, address := range append([]string{r.Endpoint(Master)}, addresses...) {
		finding, err := writer.VerifyFrom(ctx, writersOn(client), address, r.Password(), ledger)
		require.NoError(r.TB, err)
		findings = append(findings, *finding)
	}
	return findings
}

// RequireKept waits for a release in sync, and fails if a write is gone that a replica
// had acknowledged. Nobody may write any more.
func (r *Release) RequireKept(ledger *writer.Ledger) Kept {
	r.TB.Helper()
	r.WaitReady()
	findings := r.Verify(ledger)
	for _, finding := range findings {
		require.Zero(r.TB, finding.LostReplicated, "writes lost at %s that a replica had acknowledged: %v", finding.Address, finding.Examples)
		require.Zero(r.TB, finding.Wrong, "keys with a wrong value at %s: %v", finding.Address, finding.Examples)
		require.Equal(r.TB, findings[0].Found, finding.Found, "writes found at %s", finding.Address)
	}
	kept := Kept{ledger.Summary(), findings[0]}
	r.TB.Logf("%d writes acknowledged, %d by a replica too, longest gap %s after %s, %d lost, none that a replica had acknowledged; %d reconnected, errors %v",
		kept.Acknowledged, kept.Replicated, kept.LongestGap.Round(time.Millisecond), kept.GapStart.Round(time.Millisecond), kept.Lost, kept.Closed, ledger.Said)
	return kept
}

// RequireAllKept is RequireKept where no acknowledged write may be gone at all.
func (r *Release) RequireAllKept(ledger *writer.Ledger) Kept {
	r.TB.Helper()
	kept := r.RequireKept(ledger)
	require.NotZero(r.TB, kept.Acknowledged)
	require.Zero(r.TB, kept.Lost, "acknowledged writes that are lost: %v", kept.Examples)
	return kept
}

// RequireUnnoticed is RequireAllKept where besides no command failed: clients noticed
// nothing but connections that ended between two commands.
func (r *Release) RequireUnnoticed(ledger *writer.Ledger) Kept {
	r.TB.Helper()
	kept := r.RequireAllKept(ledger)
	require.Empty(r.TB, ledger.Errors, "what clients were told: %v", ledger.Said)
	require.Empty(r.TB, ledger.Unknown, "commands without an answer")
	return kept
}

// Gap is the longest time without an acknowledged write that ended after begin, and
// when it started, counted from begin.
func Gap(ledger *writer.Ledger, begin time.Duration) (start, length time.Duration) {
	previous := begin
	for _, w := range ledger.Since(begin).Writes {
		if w.At-previous > length {
			start, length = previous-begin, w.At-previous
		}
		previous = max(previous, w.At)
	}
	return start, length
}

// GapAround is the longest time between two acknowledged writes of those that touch the
// span from from to to.
func GapAround(ledger *writer.Ledger, from, to time.Duration) time.Duration {
	var length, previous time.Duration
	for i, w := range ledger.Writes {
		if i > 0 && previous <= to && w.At >= from {
			length = max(length, w.At-previous)
		}
		previous = max(previous, w.At)
	}
	return length
}

// Last is when the last write between begin and end was acknowledged, counted from
// begin; 0: none was.
func Last(ledger *writer.Ledger, begin, end time.Duration) time.Duration {
	last := begin
	for _, w := range ledger.Since(begin).Writes {
		if w.At < end {
			last = max(last, w.At)
		}
	}
	return last - begin
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
