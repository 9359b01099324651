// Package external talks to a server outside the release whose data the release takes over:
// it asks how that stands, and has it refuse writes before it is left.
package external

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/engine"
	"github.com/helm-valkey/helm-valkey/entrypoint/info"
	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
)

const timeout = 2 * time.Second

// Source is that server. It keeps one connection, which is made anew when it breaks, and is
// not safe for use by several goroutines at once.
type Source struct {
	options resp.Options
	conn    *resp.Conn
}

// At names a server. Without a password nobody logs in.
func At(address, username, password string) *Source {
	return &Source{options: resp.Options{Addr: address, Username: username, Password: password, Timeout: timeout}}
}

// Address is "host:port".
func (s *Source) Address() string { return s.options.Addr }

// Close ends the connection.
func (s *Source) Close() {
	if s.conn != nil {
		s.conn.Close()
		s.conn = nil
	}
}

// State is what the server says of itself. Changes stays the same as long as nobody writes.
// Guarded: it refuses writes while it has too few replicas. Upstream is the server that it replicates from itself, if it does.
type State struct {
	Upstream string
	Replid   string
	Offset   int64
	Changes  string
	HasData  bool
	Guarded  bool
	Loading  bool
	Cluster  bool
	Release  engine.Release
}

// Look asks the server how it is.
func (s *Source) Look(ctx context.Context) (State, error) {
	text, err := s.do(ctx, "INFO")
	if err != nil {
		return State{}, err
	}
	return read(info.Parse(text))
}

func read(fields info.Info) (State, error) {
	release, err := engine.Told(fields["valkey_version"], fields["redis_version"])
	if err != nil {
		return State{}, fmt.Errorf("read its INFO: %w", err)
	}
	state := State{
		Replid:  fields["master_replid"],
		Offset:  fields.Int("master_repl_offset"),
		Changes: fields["rdb_changes_since_last_save"] + " " + fields["rdb_last_save_time"],
		HasData: fields.Keys() > 0 || fields.Int("number_of_functions") > 0,
		Loading: fields.Is("loading") || fields.Is("async_loading"),
		Cluster: fields.Is("cluster_enabled"),
		Release: release,
	}
	_, state.Guarded = fields["min_slaves_good_slaves"]
	if fields["role"] == "slave" {
		state.Upstream = fields["master_host"] + ":" + fields["master_port"]
	}
	return state, nil
}

// Problem is why a server of a release can't take over the data of one in this state; empty
// if it can.
func (s State) Problem(own engine.Release) string {
	switch {
	case !own.Reads(s.Release):
		return fmt.Sprintf("it is %s, whose data %s can't read: take an image of that release, or a later one", s.Release, own)
	case s.Cluster:
		return "it is part of a cluster, which has its data on several servers"
	case s.Upstream != "":
		return "it is a replica itself: name its master, " + s.Upstream
	default:
		return ""
	}
}

func (s *Source) do(ctx context.Context, args ...string) (string, error) {
	if s.conn == nil {
		conn, err := resp.Dial(ctx, s.options)
		if err != nil {
			return "", err
		}
		s.conn = conn
	}
	value, err := s.conn.Do(ctx, args...)
	var refused resp.Error
	if err != nil && !errors.As(err, &refused) {
		s.Close()
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", strings.Join(args[:min(2, len(args))], " "), err)
	}
	if len(value.Array) == 2 {
		// The answer to CONFIG GET.
		return value.Array[1].Str, nil
	}
	return value.Str, nil
}

// directive is known by all releases under this name.
const directive = "min-slaves-to-write"

// fence is added to what directive was: no server has as many replicas, and what it was can
// be told from it.
const fence = 1000000

// pause is how long writes are held back, in milliseconds, while the fence is set and the
// release catches up. It ends by itself should nobody be there to end it.
const pause = "30000"

// Fence has the server take no more writes: it holds them back, and then refuses them, until
// Lift. When it returns no write is acknowledged any more. Servers before 6.2 can't hold back
// writes alone, and refuse them at once.
func (s *Source) Fence(ctx context.Context, release engine.Release) error {
	if release.Since(6, 2) {
		_, err := s.do(ctx, "CLIENT", "PAUSE", pause, "WRITE")
		var refused resp.Error
		if err != nil && !(errors.As(err, &refused) && release.Since(RefusesScripts, 0)) {
			return err
		}
	}
	before, err := s.Fenced(ctx)
	if err != nil || before >= fence {
		return err
	}
	_, err = s.do(ctx, "CONFIG", "SET", directive, strconv.Itoa(before+fence))
	return err
}

// RefusesScripts is the first release whose servers refuse what scripts write, too, when they
// have too few replicas.
const RefusesScripts = 7

// Fenced is what the server has for the number of replicas that it needs to take writes.
func (s *Source) Fenced(ctx context.Context) (int, error) {
	text, err := s.do(ctx, "CONFIG", "GET", directive)
	if err != nil {
		return 0, err
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, fmt.Errorf("CONFIG GET %s: %w", directive, err)
	}
	return n, nil
}

// Undo is the command that takes away a fence, of which Fenced tells; empty if there is none.
func Undo(fenced int) string {
	if fenced < fence {
		return ""
	}
	return "CONFIG SET " + directive + " " + strconv.Itoa(fenced-fence)
}

// late is when a command surely has run whose answer was not waited for: the server that was
// busy until now takes its connections in any order.
const late = 200 * time.Millisecond

// Lift takes the fence away, as if there had been none.
func (s *Source) Lift(ctx context.Context, release engine.Release) error {
	err := s.lift(ctx, release)
	select {
	case <-ctx.Done():
		return err
	case <-time.After(late):
		return s.lift(ctx, release)
	}
}

func (s *Source) lift(ctx context.Context, release engine.Release) error {
	fenced, err := s.Fenced(ctx)
	if err == nil && fenced >= fence {
		_, err = s.do(ctx, "CONFIG", "SET", directive, strconv.Itoa(fenced-fence))
	}
	return errors.Join(err, s.Release(ctx, release))
}

// Release lets the writes go on that are held back: to be refused, where the fence stands.
func (s *Source) Release(ctx context.Context, release engine.Release) error {
	if !release.Since(6, 2) {
		return nil
	}
	_, err := s.do(ctx, "CLIENT", "UNPAUSE")
	return err
}
