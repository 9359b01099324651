// Package writer puts a server under a write load whose every acknowledged
// write can be accounted for afterwards.
//
// Each writer sends one SET at a time, to a key that nobody else writes, and
// remembers it once the server has acknowledged it. A WAIT 1 behind each SET
// tells the writes that a replica had acknowledged as well from those that only
// the master had: the first kind must survive the master's crash, the second
// kind may be lost with it.
package writer

import (
	"context"
	"fmt"
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
	Password string        // empty: no authentication
	Writers  int           // writers at once, each on its own connection
	Pause    time.Duration // between two writes of one writer
	Wait     time.Duration // limit of the WAIT 1 behind each write; 0: no WAIT
	Timeout  time.Duration // limit of one connection attempt, and of one command
	Prefix   string        // of the keys; one per run, so that runs do not mix
	Size     int           // least size of a value, in bytes
}

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

// Load is a running set of writers.
type Load struct {
	options Options
	start   time.Time
	cancel  context.CancelFunc
	done    sync.WaitGroup

	mu     sync.Mutex
	ledger Ledger
}

// Start begins to write and returns at once. The load goes on until Stop is
// called or ctx ends.
func Start(ctx context.Context, options Options) *Load {
	ctx, cancel := context.WithCancel(ctx)
	l := &Load{
		options: options,
		start:   time.Now(),
		cancel:  cancel,
		ledger: Ledger{
			Prefix: options.Prefix,
			Size:   options.Size,
			Errors: map[string]int{},
		},
	}
	for n := range options.Writers {
		l.done.Go(func() { l.write(ctx, n) })
	}
	return l
}

// Stop lets the commands under way finish, ends the writers and returns what
// they recorded.
func (l *Load) Stop() *Ledger {
	l.cancel()
	l.done.Wait()
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

// write is the life of one writer. Every attempt has its own sequence number,
// so that a write of unknown fate is never mistaken for a later one.
func (l *Load) write(ctx context.Context, writer int) {
	var conn *resp.Conn
	defer func() {
		if conn != nil {
			_ = conn.Close()
		}
	}()
	backoff := firstBackoff
	for seq := 1; ctx.Err() == nil; seq++ {
		if conn == nil {
			var err error
			if conn, err = l.dial(ctx); err != nil {
				l.failed(ctx, err)
				pause(ctx, backoff)
				backoff = min(2*backoff, maxBackoff)
				continue
			}
		}
		if err := l.set(ctx, conn, writer, seq); err != nil {
			l.failed(ctx, err)
			_ = conn.Close()
			conn = nil
			pause(ctx, backoff)
			backoff = min(2*backoff, maxBackoff)
			continue
		}
		backoff = firstBackoff
		pause(ctx, l.options.Pause)
	}
}

func (l *Load) dial(ctx context.Context) (*resp.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, l.options.Timeout)
	defer cancel()
	return dial(ctx, l.options.Address, l.options.Password, l.options.Timeout)
}

// set sends one SET and the WAIT behind it. A command that is under way when
// the load is stopped is let finish: its answer counts.
func (l *Load) set(ctx context.Context, conn *resp.Conn, writer, seq int) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.options.Timeout+l.options.Wait)
	defer cancel()
	w := Write{Writer: writer, Seq: seq}
	if _, err := conn.Do(ctx, "SET", l.ledger.Key(w), l.ledger.Value(w)); err != nil {
		return err
	}
	w.At = time.Since(l.start)
	index := l.acknowledged(w)
	if l.options.Wait == 0 {
		return nil
	}
	reply, err := conn.Do(ctx, "WAIT", "1", strconv.FormatInt(l.options.Wait.Milliseconds(), 10))
	if err != nil {
		return fmt.Errorf("wait: %w", err)
	}
	l.confirmed(index, int(reply.Int))
	return nil
}

func (l *Load) acknowledged(w Write) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ledger.Writes = append(l.ledger.Writes, w)
	return len(l.ledger.Writes) - 1
}

func (l *Load) confirmed(index, replicas int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ledger.Writes[index].Replicas = replicas
}

// failed counts an error, unless it only says that the load was stopped.
func (l *Load) failed(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ledger.Errors[Kind(err)]++
}

func dial(ctx context.Context, address, password string, timeout time.Duration) (*resp.Conn, error) {
	return resp.Dial(ctx, resp.Options{Addr: address, Password: password, Timeout: timeout})
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
