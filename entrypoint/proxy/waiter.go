//go:build linux

package proxy

import (
	"errors"
	"fmt"
	"math"
	"os"
	"syscall"
	"time"
)

// waiter waits for the events of one epoll descriptor.
type waiter struct {
	epoll  int
	file   *os.File // the same descriptor, known to Go's own poller
	raw    syscall.RawConn
	events []syscall.EpollEvent
}

const (
	maxEvents = 256
	forever   = time.Duration(math.MaxInt64)
)

func newWaiter() (*waiter, error) {
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("create epoll: %w", err)
	}
	// Go's poller takes what does not block.
	if err := syscall.SetNonblock(epoll, true); err != nil {
		syscall.Close(epoll)
		return nil, fmt.Errorf("create epoll: %w", err)
	}
	w := &waiter{epoll: epoll, file: os.NewFile(uintptr(epoll), "epoll"), events: make([]syscall.EpollEvent, maxEvents)}
	if w.raw, err = w.file.SyscallConn(); err == nil {
		err = w.file.SetReadDeadline(time.Time{})
	}
	if err != nil {
		w.close()
		return nil, fmt.Errorf("have epoll polled: %w", err)
	}
	return w, nil
}

func (w *waiter) close() { w.file.Close() }

// wait returns what has happened, after patience at the latest. It is quick while it
// sleeps in the kernel; but each such sleep keeps Go's scheduler busy for 10 ms, which an
// idle process notices. At rest it is parked as any goroutine instead.
func (w *waiter) wait(patience time.Duration, rest bool) ([]syscall.EpollEvent, error) {
	var n int
	var err error
	switch {
	case !rest || patience == 0:
		n, err = syscall.EpollWait(w.epoll, w.events, int(min(patience, restAfter)/time.Millisecond))
	default:
		var deadline time.Time
		if patience != forever {
			deadline = time.Now().Add(patience)
		}
		if err := w.file.SetReadDeadline(deadline); err != nil {
			return nil, fmt.Errorf("wait for events: %w", err)
		}
		parked := w.raw.Read(func(uintptr) bool {
			n, err = syscall.EpollWait(w.epoll, w.events, 0)
			return n > 0 || err != nil
		})
		if parked != nil && !errors.Is(parked, os.ErrDeadlineExceeded) {
			err = parked
		}
	}
	if err != nil && err != syscall.EINTR {
		return nil, fmt.Errorf("wait for events: %w", err)
	}
	return w.events[:max(n, 0)], nil
}
