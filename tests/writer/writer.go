//go:build linux

// Package writer puts a server under a write load whose every acknowledged
// write can be accounted for afterwards.
//
// Each writer sends one SET at a time, or several in one go, to keys that nobody
// else writes, and remembers those that the server has acknowledged. A WAIT 1
// behind tells the writes that a replica had acknowledged as well from those that
// only the master had: the first kind must survive the master's crash, the second
// kind may be lost with it.
package writer

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
)

// Writers is how many write at once by default.
const Writers = 4

// Options says where to write, and how hard.
type Options struct {
	Address  string        // host:port that every writer connects to
	Endpoint func() string // asked for the address of each connection instead of Address; empty: nobody serves
	Dialer   Dialer        // what connections are opened with
	Set      Setter        // writes in place of connections of the writers' own
	Close    func()        // called when the writers have ended
	Password string        // empty: no authentication
	Writers  int           // writers at once, each on its own connection
	Depth    int           // commands that each of them sends in one go; 0: one
	Pause    time.Duration // between two writes of one writer
	Wait     time.Duration // limit of the WAIT 1 behind each write; 0: no WAIT
	Timeout  time.Duration // limit of one connection attempt, and of one command
	Prefix   string        // of the keys; one per run, so that runs do not mix
	Size     int           // least size of a value, in bytes
}

// Setter sets a key, and then waits so long for a replica; 0: not at all. It returns how
// many replicas have the write, and an error only where nobody says that the key is set.
type Setter func(ctx context.Context, key, value string, wait time.Duration) (replicas int, err error)

// Defaults returns the load that the figures of other charts were measured
// with: four writers, 5 ms between two writes.
func Defaults(address string) Options {
	return Options{
		Address: address,
		Writers: Writers,
		Pause:   5 * time.Millisecond,
		Wait:    100 * time.Millisecond,
		Timeout: time.Second,
		Prefix:  "load:" + strconv.FormatInt(time.Now().UnixNano(), 36),
	}
}

const (
	firstBackoff = time.Millisecond
	maxBackoff   = 16 * time.Millisecond
)

// ErrNoEndpoint is what a writer gets that has nowhere to connect to.
var ErrNoEndpoint = errors.New("no endpoint is ready")

// Load is a running set of writers.
type Load struct {
	options Options
	start   time.Time
	cancel  context.CancelFunc
	done    sync.WaitGroup
	close   sync.Once

	mu     sync.Mutex
	ledger Ledger
}

// Start begins to write and returns at once. The load goes on until Stop is
// called or ctx ends.
func Start(ctx context.Context, options Options) *Load {
	ctx, cancel := context.WithCancel(ctx)
	options.Depth = max(options.Depth, 1)
	l := &Load{
		options: options,
		start:   time.Now(),
		cancel:  cancel,
		ledger: Ledger{
			Prefix: options.Prefix,
			Size:   options.Size,
			Errors: map[string]int{},
			Said:   map[string]string{},
		},
	}
	for n := range options.Writers {
		l.done.Go(func() { (&life{load: l, writer: n}).run(ctx) })
	}
	return l
}

// Stop lets the commands under way finish, ends the writers and returns what
// they recorded.
func (l *Load) Stop() *Ledger {
	l.cancel()
	l.done.Wait()
	if l.options.Close != nil {
		l.close.Do(l.options.Close)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ledger.Elapsed == 0 {
		l.ledger.Elapsed = time.Since(l.start)
	}
	return &l.ledger
}

// Acknowledged returns how many writes have been acknowledged so far.
func (l *Load) Acknowledged() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.ledger.Writes)
}

// Replicated returns how many writes a replica has acknowledged so far.
func (l *Load) Replicated() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ledger.replicated()
}

// Elapsed is how long the load has run, as the times of its writes count.
func (l *Load) Elapsed() time.Duration { return time.Since(l.start) }

// Failures returns how many errors there have been so far.
func (l *Load) Failures() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, times := range l.ledger.Errors {
		n += times
	}
	return n
}

// Said returns the first error of each kind so far.
func (l *Load) Said() map[string]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return maps.Clone(l.ledger.Said)
}

// life is that of one writer. Every attempt has its own sequence number, so that a
// write of unknown fate is never mistaken for a later one.
type life struct {
	load   *Load
	writer int
	seq    int
	conn   *conn
}

func (w *life) run(ctx context.Context) {
	defer w.leave()
	backoff := firstBackoff
	for ctx.Err() == nil {
		if err := w.write(ctx); err != nil {
			w.leave()
			w.load.failed(ctx, err)
			pause(ctx, backoff)
			backoff = min(2*backoff, maxBackoff)
			continue
		}
		backoff = firstBackoff
		pause(ctx, w.load.options.Pause)
	}
}

func (w *life) leave() {
	if w.conn != nil {
		_ = w.conn.net.Close()
		w.conn = nil
	}
}

func (w *life) write(ctx context.Context) error {
	l := w.load
	if l.options.Set != nil {
		w.seq++
		return l.setThrough(ctx, Write{Writer: w.writer, Seq: w.seq})
	}
	writes := make([]Write, 0, l.options.Depth)
	var commands []byte
	for range l.options.Depth {
		w.seq++
		next := Write{Writer: w.writer, Seq: w.seq}
		writes = append(writes, next)
		commands = resp.Append(commands, "SET", l.ledger.Key(next), l.ledger.Value(next))
	}
	if w.conn != nil && w.conn.over() {
		w.leave()
		l.ended()
	}
	if w.conn == nil {
		var err error
		if w.conn, err = l.dial(ctx); err != nil {
			return err
		}
	}
	return l.set(ctx, w.conn, commands, writes)
}

func (l *Load) dial(ctx context.Context) (*conn, error) {
	address := l.options.Address
	if l.options.Endpoint != nil {
		if address = l.options.Endpoint(); address == "" {
			return nil, ErrNoEndpoint
		}
	}
	return dial(ctx, l.options.Dialer, address, l.options.Password, l.options.Timeout)
}

// set sends the commands of writes in one go, and the WAIT behind them. What is under
// way when the load is stopped is let finish: the answers count.
func (l *Load) set(ctx context.Context, c *conn, commands []byte, writes []Write) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.options.Timeout+l.options.Wait)
	defer cancel()
	if err := c.send(ctx, commands); err != nil {
		l.unanswered(writes)
		return err
	}
	var refused error
	var done []int
	for i, w := range writes {
		_, err := c.reply()
		var said resp.Error
		switch {
		case errors.As(err, &said):
			refused = err
		case err != nil:
			l.unanswered(writes[i:])
			return err
		default:
			w.At = time.Since(l.start)
			done = append(done, l.acknowledged(w))
		}
	}
	if refused != nil || l.options.Wait == 0 {
		return refused
	}
	reply, err := c.do(ctx, "WAIT", "1", strconv.FormatInt(l.options.Wait.Milliseconds(), 10))
	if err != nil {
		return fmt.Errorf("wait: %w", err)
	}
	l.confirmed(done, int(reply.Int))
	return nil
}

// setThrough has somebody else write. What is under way when the load is stopped is let
// finish here, too.
func (l *Load) setThrough(ctx context.Context, w Write) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.options.Timeout+l.options.Wait)
	defer cancel()
	replicas, err := l.options.Set(ctx, l.ledger.Key(w), l.ledger.Value(w), l.options.Wait)
	if err != nil {
		l.unanswered([]Write{w})
		return err
	}
	w.At, w.Replicas = time.Since(l.start), replicas
	l.acknowledged(w)
	return nil
}

func (l *Load) acknowledged(w Write) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ledger.Writes = append(l.ledger.Writes, w)
	return len(l.ledger.Writes) - 1
}

func (l *Load) confirmed(indexes []int, replicas int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, i := range indexes {
		l.ledger.Writes[i].Replicas = replicas
	}
}

func (l *Load) unanswered(writes []Write) {
	at := time.Since(l.start)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range writes {
		w.At = at
		l.ledger.Unknown = append(l.ledger.Unknown, w)
	}
}

func (l *Load) ended() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ledger.Closed++
}

// failed counts an error, unless it only says that the load was stopped.
func (l *Load) failed(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	kind := Kind(err)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ledger.Errors[kind] == 0 {
		l.ledger.Said[kind] = fmt.Sprintf("after %s: %v", time.Since(l.start).Round(time.Millisecond), err)
	}
	l.ledger.Errors[kind]++
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
