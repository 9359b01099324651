//go:build linux

package proxy

import (
	"bytes"
	"errors"
	"strconv"
	"time"
)

// How long a login that was refused is not tried again for those who share it.
const barredFor = time.Second

var errBusy = errors.New("the server lets nobody in yet")

// ownReply looks at the reply to a command of the proxy's own.
func (u *upstream) ownReply(o *op, data []byte) {
	u.value = -1
	switch {
	case o.kind == opWait && u.first == ':':
		text, _, _ := bytes.Cut(data[1:], []byte("\r\n"))
		if n, err := strconv.ParseInt(string(text), 10, 64); err == nil {
			u.value = n
		}
	case o.kind == opLogin && u.first == '-':
		u.denied = true
		u.busy = u.busy || temporary(data)
	}
}

// temporary tells an error that says nothing of the login from one that does.
func temporary(line []byte) bool {
	for _, prefix := range [...]string{"-LOADING", "-MASTERDOWN", "-BUSY", "-ERR max"} {
		if bytes.HasPrefix(line, []byte(prefix)) {
			return true
		}
	}
	return false
}

// loggedIn is called when the whole login has been answered.
func (u *upstream) loggedIn(l *loop) {
	u.out.trim(u.out.sent)
	switch {
	case !u.denied:
		u.opened(l)
	case u.busy:
		l.unreachable(u, errBusy)
	case u.owner != nil:
		// What it was it can't be again.
		l.count.broken.Add(1)
		u.owner.close(l)
	default:
		u.pool.barred = l.now.Add(barredFor)
		u.close(l)
		l.wake()
	}
}

// unreachable gives up a connection that was never there. Those who wait for it go
// on waiting, for another try or another master.
func (l *loop) unreachable(u *upstream, err error) {
	l.p.options.Log.Debug("master not reached", "error", err)
	owner := u.owner
	u.close(l)
	if owner != nil && owner.own == u {
		owner.own = nil
	}
	l.retryAt = l.now.Add(retryPause)
	l.p.tell(&l.p.unreached)
}

// retryPause is the time between two attempts to reach a master.
const retryPause = 20 * time.Millisecond
