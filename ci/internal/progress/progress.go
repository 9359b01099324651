// Package progress prints what is being done, how far it is, and how long each step took.
package progress

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Progress counts steps. It may be used by several goroutines.
type Progress struct {
	mu    sync.Mutex
	out   io.Writer
	total int
	done  int
}

// New counts up to total steps on out.
func New(out io.Writer, total int) *Progress { return &Progress{out: out, total: total} }

// Step runs one step and prints a line before it and a line after it.
func (p *Progress) Step(what string, run func() error) error {
	p.mu.Lock()
	p.done++
	label := fmt.Sprintf("[%d/%d] %s", p.done, p.total, what)
	fmt.Fprintf(p.out, "%s …\n", label)
	p.mu.Unlock()

	start := time.Now()
	err := run()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil {
		fmt.Fprintf(p.out, "%s: failed after %s\n", label, Seconds(time.Since(start)))
		return fmt.Errorf("%s: %w", what, err)
	}
	fmt.Fprintf(p.out, "%s: %s\n", label, Seconds(time.Since(start)))
	return nil
}

// Skip counts a step for which there was nothing to do.
func (p *Progress) Skip(what, why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done++
	fmt.Fprintf(p.out, "[%d/%d] %s: %s\n", p.done, p.total, what, why)
}

// Seconds prints a duration as seconds with one decimal.
func Seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
