//go:build linux

package proxy

import (
	"fmt"
	"syscall"
	"time"
)

// listener accepts clients for all loops.
type listener struct {
	fd     int
	turn   uint64
	paused bool // no descriptor was left for a client
	since  time.Time
}

func (l *loop) listen(fd int) error {
	if err := registerReadable(l.waiter.epoll, fd); err != nil {
		return err
	}
	l.listener = &listener{fd: fd}
	l.handle(fd, l.listener)
	return nil
}

// acceptAtOnce bounds how many connections are accepted before others have a turn.
const acceptAtOnce = 64

func (s *listener) event(l *loop, _ uint32) {
	for range acceptAtOnce {
		fd, _, err := syscall.Accept4(s.fd, syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC)
		switch err {
		case nil:
			l.p.admit(l, fd, s.turn)
			s.turn++
		case syscall.EINTR, syscall.ECONNABORTED:
		case syscall.EAGAIN:
			return
		default:
			l.p.options.Log.Warn("accept a connection", "error", err)
			unregister(l.waiter.epoll, s.fd)
			s.paused, s.since = true, l.now
			return
		}
	}
}

// acceptPause is how long to wait for a descriptor to be free.
const acceptPause = 100 * time.Millisecond

// resume goes on to accept.
func (s *listener) resume(l *loop) {
	if s.paused && l.now.Sub(s.since) >= acceptPause && registerReadable(l.waiter.epoll, s.fd) == nil {
		s.paused = false
	}
}

// The servers' own words.
const errTooMany = "-ERR max number of clients reached\r\n"

// admit takes a new connection to a loop; loops take turns.
func (p *Proxy) admit(first *loop, fd int, turn uint64) {
	if p.clients.Add(1) > int64(p.options.MaxConnections) {
		p.clients.Add(-1)
		first.count.rejected.Add(1)
		writeSocket(fd, []byte(errTooMany))
		syscall.Close(fd)
		return
	}
	first.count.accepted.Add(1)
	l := p.loops[turn%uint64(len(p.loops))]
	if l == first {
		l.adopt(fd)
		return
	}
	l.post(func() { l.adopt(fd) })
}

// adopt makes a connection a client of this loop.
func (l *loop) adopt(fd int) {
	c := &client{fd: fd}
	c.pool = l.pool(&c.session)
	if len(l.slow) > 0 {
		_, c.session.own = l.slow[peerAddress(fd)]
	}
	tuneClient(fd)
	if err := l.watch(fd, c); err != nil || l.stopped {
		l.p.options.Log.Warn("take over a connection", "error", err)
		syscall.Close(fd)
		l.p.clients.Add(-1)
		return
	}
	l.clients[c] = struct{}{}
}

// drainQuiet is how long a client may say nothing before it is let go without having
// been answered first. Right behind an answer nobody has just sent the next command.
const drainQuiet = 500 * time.Millisecond

// drain stops to accept, and lets every client go as soon as it is answered.
func (l *loop) drain() {
	l.draining, l.drainAt = true, l.now
	if l.listener != nil {
		unregister(l.waiter.epoll, l.listener.fd)
		l.handlers[l.listener.fd] = nil
		if err := syscall.Shutdown(l.listener.fd, syscall.SHUT_RD); err != nil {
			l.p.options.Log.Warn("stop to listen", "error", fmt.Errorf("shut down: %w", err))
		}
		l.listener = nil
	}
}
