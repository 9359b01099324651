package proxy_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/proxy"
	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
)

// TestNobodyGetsAnothersBytes has many clients, each with keys and values of its
// own, while targets change at random and connections to them are killed.
func TestNobodyGetsAnothersBytes(t *testing.T) {
	for name, durability := range map[string]proxy.Durability{
		"async": {},
		// Nobody confirms anything: every reply to a write is replaced.
		"replicated": {Replicas: 1, Timeout: 2 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) { mixUp(t, durability) })
	}
}

func mixUp(t *testing.T, durability proxy.Durability) {
	servers := []*server{start(t), start(t), start(t)}
	e := serve(t, proxy.Options{Threads: 2, HoldTimeout: time.Second, Durability: durability})
	require.NoError(t, e.Point(servers[0].target()))
	var stop atomic.Bool
	var done sync.WaitGroup
	var exchanged, broken atomic.Int64
	for n := range 40 {
		done.Go(func() {
			random := rand.New(rand.NewPCG(uint64(n), 1))
			for !stop.Load() {
				if err := talk(e.address, fmt.Sprintf("client-%d:", n), random, &stop, &exchanged); err != nil {
					broken.Add(1)
					if strings.Contains(err.Error(), "foreign") {
						t.Errorf("client %d: %v", n, err)
						stop.Store(true)
					}
				}
			}
		})
	}
	for n := range 10 {
		done.Go(func() { misbehave(e.address, uint64(n), &stop) })
	}
	random := rand.New(rand.NewPCG(7, 7))
	for begin := time.Now(); time.Since(begin) < 4*time.Second && !stop.Load(); {
		time.Sleep(time.Duration(random.IntN(30)) * time.Millisecond)
		s := servers[random.IntN(len(servers))]
		switch random.IntN(24) {
		case 19:
			s.kill()
			s.run()
		case 20, 21, 22, 23:
			e.Abandon()
			require.NoError(t, e.Point(s.target()))
		case 0, 1, 2, 3, 4:
			e.Hold()
			time.Sleep(time.Duration(random.IntN(10)) * time.Millisecond)
			require.NoError(t, e.Point(s.target()))
		case 5, 6, 7, 8, 9:
			_, _ = s.try("CLIENT", "KILL", "TYPE", "normal")
		case 10, 11, 12, 13, 14:
			_, _ = s.try("REPLICAOF", "127.0.0.1", "1")
			time.Sleep(time.Duration(random.IntN(10)) * time.Millisecond)
			_, _ = s.try("REPLICAOF", "NO", "ONE")
			require.NoError(t, e.Point(s.target()))
		default:
			require.NoError(t, e.Point(s.target()))
		}
	}
	stop.Store(true)
	done.Wait()
	t.Logf("%d replies, %d connections ended, %+v", exchanged.Load(), broken.Load(), e.Stats())
	require.Greater(t, exchanged.Load(), int64(1000))
}

// talk is one connection of a client whose every key and value bears its tag, with
// commands of all kinds in pipelines of any length.
func talk(address, tag string, random *rand.Rand, stop *atomic.Bool, exchanged *atomic.Int64) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	reader := bufio.NewReader(conn)
	for round := 0; !stop.Load(); round++ {
		if err := conn.SetDeadline(time.Now().Add(3 * time.Second)); err != nil {
			return err
		}
		var wire []byte
		var want []string // how the answers may begin
		for range 1 + random.IntN(12) {
			command, answers := sentence(tag, round, random)
			wire = resp.Append(wire, command...)
			want = append(want, answers)
		}
		if _, err := conn.Write(wire); err != nil {
			return err
		}
		if random.IntN(50) == 0 {
			return nil // leaves with commands under way
		}
		for _, answers := range want {
			reply, err := resp.Read(reader)
			if err != nil {
				return err
			}
			if !expected(text(reply), answers) {
				return fmt.Errorf("foreign: %.60q instead of %.60q", text(reply), answers)
			}
			exchanged.Add(1)
		}
	}
	return nil
}

// sentence makes up a command and says how its answer may begin.
func sentence(tag string, round int, random *rand.Rand) (command []string, answers string) {
	value := fmt.Sprint(tag, round, ":", random.IntN(1_000_000), ":")
	switch random.IntN(30) {
	case 0:
		value += strings.Repeat("x", 100_000)
	case 1, 2:
		value += strings.Repeat("y", 3000)
	case 3:
		return []string{"SELECT", "0"}, "OK"
	case 4:
		return []string{"CLIENT", "SETNAME", strings.TrimRight(tag, ":")}, "OK"
	}
	switch random.IntN(4) {
	case 0:
		answers = tag + ",(null)"
		if len(value) > 32<<10 {
			answers += ",READONLY" // too long to be kept and sent again
		}
		return []string{"SET", tag, value, "GET"}, answers
	case 1:
		return []string{"GET", tag}, tag + ",(null)"
	case 2:
		return []string{"MGET", tag, tag}, tag + ",(null)"
	default:
		return []string{"ECHO", value}, value
	}
}

func expected(got, answers string) bool {
	for answer := range strings.SplitSeq(answers+",MASTERDOWN,NOREPLICAS", ",") {
		if strings.HasPrefix(got, answer) {
			return true
		}
	}
	return false
}
