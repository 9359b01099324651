//go:build server

package server

import (
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// masterWatch writes to every server itself, all the time, and notes who took the
// write: whoever does is a master. Mastership that moves shows as one pod after
// another; two masters at once as one, the other, and the first again.
type masterWatch struct {
	t    *testing.T
	r    *release.Release
	quit chan struct{}
	done sync.WaitGroup

	mu    sync.Mutex
	taken []taken
}

// taken is a write that a server took: it was sent at from, and answered at to.
type taken struct {
	pod      string
	from, to time.Time
}

const watchEvery = 10 * time.Millisecond

func watchMasters(t *testing.T, r *release.Release) *masterWatch {
	t.Helper()
	w := &masterWatch{t: t, r: r, quit: make(chan struct{})}
	for _, p := range r.Pods() {
		w.done.Go(func() { w.follow(p) })
	}
	return w
}

func (w *masterWatch) follow(p *release.Pod) {
	for n := 0; ; n++ {
		select {
		case <-w.quit:
			return
		case <-time.After(watchEvery):
		}
		from := time.Now()
		if _, err := p.TryFor(time.Second, "SET", "watch:"+p.Name, strconv.Itoa(n)); err != nil {
			continue
		}
		w.mu.Lock()
		w.taken = append(w.taken, taken{p.Name, from, time.Now()})
		w.mu.Unlock()
	}
}

// stop ends the watch, and fails if a server took a write that was sent after another
// server had taken one which was itself sent after the first server's last: unless the
// first became master again, which takes a later term.
func (w *masterWatch) stop() {
	w.t.Helper()
	close(w.quit)
	w.done.Wait()
	_, term, err := w.latest()
	require.NoError(w.t, err)
	moves := w.moves()
	w.t.Logf("writes were taken by one server after another: %v; latest term %d", moves, term)
	require.LessOrEqual(w.t, uint64(len(moves)), term, "servers that took writes, one after another: more than there were terms")
}

// moves are the servers that took writes, each once for every time that it began to
// after another had.
func (w *masterWatch) moves() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var moves []string
	var last taken
	for _, next := range w.taken {
		// In the order of the answers; of two that overlap nobody knows which was first.
		if len(moves) == 0 || next.pod != moves[len(moves)-1] && next.from.After(last.to) {
			moves = append(moves, next.pod)
		}
		if next.pod == moves[len(moves)-1] {
			last = next
		}
	}
	return moves
}

// latest is the pod with the latest term, and that.
func (w *masterWatch) latest() (leader string, term uint64, err error) {
	for _, p := range w.r.Pods() {
		if !p.Running() {
			continue
		}
		status, failed := p.Status()
		if failed != nil {
			return "", 0, failed
		}
		if status.Term > term {
			leader, term = status.Leader, status.Term
		}
	}
	return leader, term, err
}
