package cli

import (
	"context"
	"io"
)

// interruptible reads what may never end, such as a terminal, until the context
// does. Who has been told of that reads no more.
type interruptible struct {
	ctx    context.Context
	from   io.Reader
	buffer []byte // not the caller's, who goes on while the last read still waits
}

func newInterruptible(ctx context.Context, from io.Reader) *interruptible {
	return &interruptible{ctx: ctx, from: from, buffer: make([]byte, 64<<10)}
}

func (r *interruptible) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	type result struct {
		n   int
		err error
	}
	done := make(chan result, 1)
	go func() {
		n, err := r.from.Read(r.buffer[:min(len(p), len(r.buffer))])
		done <- result{n, err}
	}()
	select {
	case <-r.ctx.Done():
		return 0, r.ctx.Err()
	case got := <-done:
		return copy(p, r.buffer[:got.n]), got.err
	}
}
