package sentinel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
)

// Council is all Sentinels of a release, by the names that a file lists, one a line.
type Council struct {
	Client    *Client
	ClusterID string
	File      string
	Port      int
	// Lookup resolves a name.
	Lookup func(ctx context.Context, name string) peer.Host

	mu    sync.Mutex
	found map[string]place
}

// place is where a name led to, and when it was last looked up.
type place struct {
	addresses []string
	at        time.Time
	answers   bool
}

const (
	// steadyPlace is how old an address may be of a Sentinel that answers there, and
	// doubtfulPlace of one that does not.
	steadyPlace   = 10 * time.Second
	doubtfulPlace = time.Second
	lookupHaste   = 300 * time.Millisecond
)

// Opinion is one Sentinel's, what host name its pod has, and where it was asked.
type Opinion struct {
	lead.Seat
	Host string
	At   Address
}

// Seats are the opinions without their addresses.
func Seats(opinions []Opinion) lead.Council {
	var seats lead.Council
	for _, o := range opinions {
		seats = append(seats, o.Seat)
	}
	return seats
}

// Ask asks all of them at once what they know of the master. An error means that not
// even their names are known.
func (c *Council) Ask(ctx context.Context) ([]Opinion, error) {
	names, err := c.Names()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	opinions := make([]Opinion, len(names))
	answers := make(chan bool, len(names))
	for i, name := range names {
		go func() {
			opinions[i] = c.ask(ctx, name)
			answers <- opinions[i].Answers
		}()
	}
	answered := 0
	for range names {
		if <-answers {
			if answered++; answered == len(names)/2+1 {
				time.AfterFunc(straggle, cancel)
			}
		}
	}
	return opinions, nil
}

// straggle is how long the others are waited for when most have answered: they may be
// lost.
const straggle = 100 * time.Millisecond

// Names are the host names of all Sentinels.
func (c *Council) Names() ([]string, error) {
	content, err := os.ReadFile(c.File)
	if err != nil {
		return nil, fmt.Errorf("read the list of Sentinels: %w", err)
	}
	names := strings.Fields(string(content))
	if len(names) == 0 {
		return nil, fmt.Errorf("the list of Sentinels in %s is empty", c.File)
	}
	return names, nil
}

func (c *Council) ask(ctx context.Context, name string) Opinion {
	pod := peer.Host{Name: name}.Pod()
	o := Opinion{Seat: lead.Seat{Name: pod}, Host: name}
	for _, ip := range c.whereabouts(ctx, name) {
		o.At = Address{Host: ip, Port: c.Port, ID: ID(c.ClusterID, pod)}
		state, err := c.Client.State(ctx, o.At)
		if err != nil {
			continue
		}
		o.Answers, o.Master, o.Epoch, o.Down = true, state.Master, state.Epoch, state.Down
		break
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.found[name]
	p.answers = o.Answers
	c.found[name] = p
	return o
}

// whereabouts are the addresses of a name, looked up no more often than needed. One that
// can't be looked up is taken to be where it was.
func (c *Council) whereabouts(ctx context.Context, name string) []string {
	c.mu.Lock()
	if c.found == nil {
		c.found = map[string]place{}
	}
	p := c.found[name]
	c.mu.Unlock()
	age := doubtfulPlace
	if p.answers {
		age = steadyPlace
	}
	if time.Since(p.at) < age {
		return p.addresses
	}
	ctx, cancel := context.WithTimeout(ctx, lookupHaste)
	defer cancel()
	p.at = time.Now()
	if host := c.Lookup(ctx, name); len(host.Addresses) > 0 {
		p.addresses = host.Addresses
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.found[name] = p
	return p.addresses
}

// ErrNoMajority is an election that failed because too few Sentinels voted.
var ErrNoMajority = errors.New("no majority of Sentinels votes for it")

// tries bounds how often an epoch is asked for that turns out to be over.
const tries = 3

// Elect has the Sentinels vote for a candidate, by ID, in an epoch after one that is
// known, and returns that epoch once a majority has. Until then, and for as long as a
// failover of theirs may take, no Sentinel does one by itself.
func (c *Council) Elect(ctx context.Context, opinions []Opinion, candidate string, after uint64) (uint64, error) {
	epoch := after
	for _, o := range opinions {
		epoch = max(epoch, o.Epoch)
	}
	council := Seats(opinions)
	for range tries {
		epoch++
		votes, latest, answered := c.poll(ctx, opinions, candidate, epoch)
		if votes >= council.Majority() {
			return epoch, nil
		}
		if answered < council.Majority() {
			break
		}
		// In this epoch they have voted for another, or not all for the same.
		epoch = max(epoch, latest)
	}
	return 0, fmt.Errorf("%w: of %d, %d answer", ErrNoMajority, len(opinions), len(opinions)-silent(opinions))
}

// poll asks for votes in one epoch, until most have voted for the candidate or all have
// answered. It returns how many did, the latest epoch in which any has voted, and how many
// answered.
func (c *Council) poll(ctx context.Context, opinions []Opinion, candidate string, epoch uint64) (votes int, latest uint64, answered int) {
	ctx, cancel := context.WithTimeout(ctx, c.Client.timeout)
	defer cancel()
	answers := make(chan Vote, len(opinions))
	for _, o := range opinions {
		go func() {
			vote := Vote{}
			if o.Answers {
				// Without an answer there is no vote.
				vote, _ = c.Client.Vote(ctx, o.At, o.Master, epoch, candidate)
			}
			answers <- vote
		}()
	}
	for range opinions {
		vote := <-answers
		if vote != (Vote{}) {
			answered++
		}
		latest = max(latest, vote.Epoch)
		if vote.Leader == candidate && vote.Epoch == epoch {
			votes++
		}
		if votes > len(opinions)/2 {
			break
		}
	}
	return votes, latest, answered
}

func silent(opinions []Opinion) int {
	n := 0
	for _, o := range opinions {
		if !o.Answers {
			n++
		}
	}
	return n
}

// Proclaim tells all Sentinels that do not know it yet where the master is in an epoch.
func (c *Council) Proclaim(ctx context.Context, opinions []Opinion, master string, epoch uint64) error {
	errs := make([]error, len(opinions))
	var all sync.WaitGroup
	for i, o := range opinions {
		if !o.Answers || o.Epoch >= epoch {
			continue
		}
		from, ok := other(opinions, o)
		if !ok {
			errs[i] = fmt.Errorf("no other Sentinel is known in whose name %s can be told of the master", o.Name)
			continue
		}
		all.Go(func() { errs[i] = c.Client.Publish(ctx, o.At, from, master, epoch) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// other is the address of another Sentinel than o, one that answers if there is any.
func other(opinions []Opinion, o Opinion) (Address, bool) {
	var found Address
	for _, candidate := range opinions {
		switch {
		case candidate.Name == o.Name || candidate.At.Host == "":
		case candidate.Answers:
			return candidate.At, true
		default:
			found = candidate.At
		}
	}
	return found, found.Host != ""
}
