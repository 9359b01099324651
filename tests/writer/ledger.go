//go:build linux

package writer

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Write is one write that the server acknowledged.
type Write struct {
	Writer   int
	Seq      int
	At       time.Duration // since the start of the load
	Replicas int           // that had acknowledged it when WAIT returned
}

// Ledger is what the writers of one load recorded.
type Ledger struct {
	Prefix  string
	Size    int
	Elapsed time.Duration
	Writes  []Write
	Errors  map[string]int
	// Said is the first error of each kind.
	Said map[string]string
	// Unknown are writes that were sent and never answered: done or not.
	Unknown []Write
	// Closed counts the connections that the other side ended between two commands.
	Closed int
}

// Key returns the key that a write went to.
func (l *Ledger) Key(w Write) string {
	return fmt.Sprintf("%s:%d:%d", l.Prefix, w.Writer, w.Seq)
}

// Value returns the value that a write left under its key.
func (l *Ledger) Value(w Write) string {
	value := fmt.Sprintf("%d/%d", w.Writer, w.Seq)
	if missing := l.Size - len(value); missing > 0 {
		value += strings.Repeat(".", missing)
	}
	return value
}

// Summary is a ledger in figures.
type Summary struct {
	Acknowledged int
	Replicated   int // acknowledged by a replica too
	Errors       map[string]int
	Closed       int           // connections, between two commands
	LongestGap   time.Duration // without an acknowledged write from any writer
	GapStart     time.Duration // since the start of the load
	Elapsed      time.Duration
}

// Summary counts the ledger.
func (l *Ledger) Summary() Summary {
	start, length := l.gap()
	return Summary{
		Acknowledged: len(l.Writes),
		Replicated:   l.replicated(),
		Errors:       l.Errors,
		Closed:       l.Closed,
		LongestGap:   length,
		GapStart:     start,
		Elapsed:      l.Elapsed,
	}
}

// Since returns the part of the ledger with the writes that were acknowledged after at.
func (l *Ledger) Since(at time.Duration) *Ledger {
	part := *l
	part.Writes = nil
	for _, w := range l.Writes {
		if w.At > at {
			part.Writes = append(part.Writes, w)
		}
	}
	return &part
}

// Of returns the part of the ledger with what one writer wrote.
func (l *Ledger) Of(writer int) *Ledger {
	part := *l
	part.Writes = nil
	for _, w := range l.Writes {
		if w.Writer == writer {
			part.Writes = append(part.Writes, w)
		}
	}
	return &part
}

func (l *Ledger) replicated() int {
	n := 0
	for _, w := range l.Writes {
		if w.Replicas > 0 {
			n++
		}
	}
	return n
}

// gap returns the longest time in which no writer got an acknowledgement,
// from the start of the load to its end.
func (l *Ledger) gap() (start, length time.Duration) {
	times := make([]time.Duration, 0, len(l.Writes)+1)
	for _, w := range l.Writes {
		times = append(times, w.At)
	}
	slices.Sort(times)
	times = append(times, max(l.Elapsed, last(times)))
	var previous time.Duration
	for _, at := range times {
		if at-previous > length {
			start, length = previous, at-previous
		}
		previous = at
	}
	return start, length
}

func last(times []time.Duration) time.Duration {
	if len(times) == 0 {
		return 0
	}
	return times[len(times)-1]
}
