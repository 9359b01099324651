//go:build linux

package writer

import (
	"context"
	"fmt"
	"time"
)

// Finding is what one server still holds of a ledger.
type Finding struct {
	Address        string
	Found          int
	Lost           int // acknowledged writes that are gone
	LostReplicated int // … although a replica had acknowledged them
	Wrong          int // keys with somebody else's value
	Examples       []string
	Missing        []Write // what is counted in Lost
}

const (
	verifyBatch   = 500
	verifyTimeout = 30 * time.Second
	maxExamples   = 10
)

// Verify reads every acknowledged write back from the server at address.
func Verify(ctx context.Context, address, password string, ledger *Ledger) (*Finding, error) {
	return VerifyFrom(ctx, nil, address, password, ledger)
}

// VerifyFrom is Verify over connections that a dialer opens.
func VerifyFrom(ctx context.Context, dialer Dialer, address, password string, ledger *Ledger) (*Finding, error) {
	ctx, cancel := context.WithTimeout(ctx, verifyTimeout)
	defer cancel()
	c, err := dial(ctx, dialer, address, password, verifyTimeout)
	if err != nil {
		return nil, fmt.Errorf("verify %s: %w", address, err)
	}
	defer c.net.Close()
	finding := &Finding{Address: address}
	for start := 0; start < len(ledger.Writes); start += verifyBatch {
		batch := ledger.Writes[start:min(start+verifyBatch, len(ledger.Writes))]
		values, err := read(ctx, c, ledger, batch)
		if err != nil {
			return nil, fmt.Errorf("verify %s: %w", address, err)
		}
		finding.compare(ledger, batch, values)
	}
	return finding, nil
}

func read(ctx context.Context, c *conn, ledger *Ledger, batch []Write) ([]string, error) {
	args := make([]string, 0, len(batch)+1)
	args = append(args, "MGET")
	for _, w := range batch {
		args = append(args, ledger.Key(w))
	}
	reply, err := c.do(ctx, args...)
	if err != nil {
		return nil, err
	}
	if len(reply.Array) != len(batch) {
		return nil, fmt.Errorf("MGET of %d keys returned %d values", len(batch), len(reply.Array))
	}
	values := make([]string, len(batch))
	for i, value := range reply.Array {
		values[i] = value.Str
	}
	return values, nil
}

// compare adds a batch to the finding. No value of a ledger is empty, so an
// empty one stands for a missing key.
func (f *Finding) compare(ledger *Ledger, batch []Write, values []string) {
	for i, w := range batch {
		switch values[i] {
		case ledger.Value(w):
			f.Found++
			continue
		case "":
			f.Lost++
			f.Missing = append(f.Missing, w)
			if w.Replicas > 0 {
				f.LostReplicated++
			}
		default:
			f.Wrong++
		}
		if len(f.Examples) < maxExamples {
			f.Examples = append(f.Examples, fmt.Sprintf("%s, acknowledged after %s by %d replicas: %q",
				ledger.Key(w), w.At.Round(time.Millisecond), w.Replicas, values[i]))
		}
	}
}
