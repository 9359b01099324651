package writer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
)

func TestGap(t *testing.T) {
	cases := []struct {
		name    string
		at      []time.Duration
		elapsed time.Duration
		start   time.Duration
		length  time.Duration
	}{
		{name: "no write at all", elapsed: 9, start: 0, length: 9},
		{name: "before the first write", at: []time.Duration{5, 6}, elapsed: 7, start: 0, length: 5},
		{name: "between two writes, recorded out of order", at: []time.Duration{9, 1, 2, 10}, elapsed: 11, start: 2, length: 7},
		{name: "after the last write", at: []time.Duration{1, 2}, elapsed: 8, start: 2, length: 6},
		{name: "a write that was let finish after the stop", at: []time.Duration{1, 9}, elapsed: 8, start: 1, length: 8},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ledger := &Ledger{Elapsed: c.elapsed}
			for _, at := range c.at {
				ledger.Writes = append(ledger.Writes, Write{At: at})
			}
			start, length := ledger.gap()
			require.Equal(t, c.start, start)
			require.Equal(t, c.length, length)
		})
	}
}

func TestCompare(t *testing.T) {
	ledger := &Ledger{Prefix: "p", Size: 8}
	kept := Write{Writer: 1, Seq: 1}
	lost := Write{Writer: 1, Seq: 2}
	replicated := Write{Writer: 1, Seq: 3, Replicas: 1}
	wrong := Write{Writer: 1, Seq: 4, Replicas: 1}
	finding := &Finding{}
	finding.compare(ledger, []Write{kept, lost, replicated, wrong}, []string{"1/1.....", "", "", "1/3....."})
	require.Equal(t, 1, finding.Found)
	require.Equal(t, 2, finding.Lost)
	require.Equal(t, 1, finding.LostReplicated)
	require.Equal(t, 1, finding.Wrong)
	require.Len(t, finding.Examples, 3)
}

func TestKind(t *testing.T) {
	cases := map[string]error{
		"readonly": fmt.Errorf("wait: %w", resp.Error("READONLY You can't write against a read only replica.")),
		"refused":  fmt.Errorf("connect: %w", syscall.ECONNREFUSED),
		"reset":    fmt.Errorf("send: %w", syscall.ECONNRESET),
		"closed":   fmt.Errorf("read: %w", io.EOF),
		"timeout":  context.DeadlineExceeded,
		"other":    errors.New("anything else"),
	}
	for want, err := range cases {
		t.Run(want, func(t *testing.T) { require.Equal(t, want, Kind(err)) })
	}
}
