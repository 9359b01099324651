package proxy_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/proxy"
	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// TestMisbehaviourDisturbsNobody has clients that send whatever comes to their mind
// beside others that share upstreams, whose connections go on as if they were alone.
func TestMisbehaviourDisturbsNobody(t *testing.T) {
	for _, engine := range release.Engines(t) {
		t.Run(engine.Name, func(t *testing.T) {
			s := startEngine(t, engine)
			e := front(t, s, proxy.Options{})
			var stop atomic.Bool
			var done sync.WaitGroup
			for n := range 10 {
				done.Go(func() { misbehave(e.address, uint64(n), &stop) })
			}
			for n := range 10 {
				u := e.dial()
				done.Go(func() {
					key := fmt.Sprint("good:", n)
					for round := 0; !stop.Load(); round++ {
						value := fmt.Sprint(key, ":", round)
						_, err := u.Write(append(resp.Append(nil, "SET", key, value), resp.Append(nil, "GET", key)...))
						set, _ := u.reply()
						got, again := u.reply()
						if err != nil || again != nil || text(set) != "OK" || text(got) != value {
							t.Errorf("%v, %v, %q and %q instead of %q", err, again, text(set), text(got), value)
							return
						}
					}
				})
			}
			time.Sleep(1500 * time.Millisecond)
			stop.Store(true)
			done.Wait()
			eventually(t, "those who are gone are forgotten", func() error {
				if now := e.Stats(); now.Connections > 10 || now.Upstreams > 2 || now.Waiting > 0 {
					return fmt.Errorf("%+v", now)
				}
				return nil
			})
			t.Logf("%+v", e.Stats())
		})
	}
}

// phrases are what clients may say that is allowed, but odd in most orders.
var phrases = []string{
	"MULTI", "EXEC", "DISCARD", "WATCH x", "UNWATCH", "RESET", "HELLO 2", "HELLO 3", "HELLO 9", "SELECT 1", "SELECT 99",
	"SUBSCRIBE a b", "UNSUBSCRIBE", "UNSUBSCRIBE a b", "PSUBSCRIBE a*", "SSUBSCRIBE a", "MONITOR", "PUBLISH a b", "QUIT", "AUTH x", "AUTH a b",
	"CLIENT REPLY OFF", "CLIENT REPLY SKIP", "CLIENT REPLY ON", "CLIENT TRACKING ON", "CLIENT TRACKING OFF", "CLIENT NO-EVICT ON",
	"CLIENT SETNAME x", "CLIENT SETINFO LIB-NAME x", "CLIENT", "CLIENT ID", "BLPOP nothing 0.02", "XREAD BLOCK 20 STREAMS none $", "WAIT 0 0", "WAIT 1 20",
	"EVAL return{err='READONLY'} 0", "EVAL return{1,{2,{3}}} 0", "GET x", "GET x y z", "SET x y", "MGET x y", "LRANGE x 0 -1", "ECHO hello", "COMMAND COUNT", "COMMAND",
	"POST / HTTP/1.1", "Host: x", "NOSUCH command", "CLIENT 'REPLY' OFF", "GET \"x", "PING", "ping hello", "", " ",
}

// garbage are bytes that are no command, or not yet.
var garbage = []string{
	"*0\r\n", "*-1\r\n", "*01\r\n", "*1\r\n$4\r\nPINGxx", "*1\r\n+x\r\n", "*3\r\n$3\r\nSET\r\n$1\r\n", "*99999999\r\n", "*2\r\n$3\r\nGET\r\n$-1\r\n",
	"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$700000000\r\n", "*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$40000\r\n", "\x00\x01\x02", "\r\n", "\n", "$3\r\nGET\r\n", "*\r\n", "*1\r\n$0\r\n\r\n",
	"*1\r\n$40000\r\n" + strings.Repeat("y", 40_000) + "\r\n", "*2\r\n$9\r\nSUBSCRIBE\r\n$50000\r\n" + strings.Repeat("z", 50_000) + "\r\n",
	"*3\r\n$3\r\nSET\r\n$1\r\nx\r\n$40000\r\n" + strings.Repeat("v", 40_000) + "\r\n", "*4\r\n$3\r\nSET\r\n$1\r\nx\r\n$40000\r\n" + strings.Repeat("v", 40_000) + "\r\n:1\r\n",
}

func misbehave(address string, seed uint64, stop *atomic.Bool) {
	random := rand.New(rand.NewPCG(seed, 3))
	for !stop.Load() {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return
		}
		reading := make(chan struct{})
		go func() {
			defer close(reading)
			_, _ = io.Copy(io.Discard, conn)
		}()
		for range 1 + random.IntN(20) {
			var wire []byte
			for range 1 + random.IntN(5) {
				wire = append(wire, nonsense(random)...)
			}
			cut := random.IntN(len(wire) + 1)
			_, _ = conn.Write(wire[:cut])
			if random.IntN(4) == 0 {
				time.Sleep(time.Duration(random.IntN(3)) * time.Millisecond)
			}
			if random.IntN(8) > 0 {
				_, _ = conn.Write(wire[cut:])
			}
		}
		tcp := conn.(*net.TCPConn)
		switch random.IntN(4) {
		case 0:
			_ = tcp.SetLinger(0)
		case 1:
			_ = tcp.CloseWrite()
			_ = tcp.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
			<-reading
		case 2:
			time.Sleep(time.Duration(random.IntN(30)) * time.Millisecond)
		}
		conn.Close()
		<-reading
	}
}

func nonsense(random *rand.Rand) []byte {
	phrase := phrases[random.IntN(len(phrases))]
	switch random.IntN(5) {
	case 0:
		return []byte(phrase + "\r\n")
	case 1:
		return []byte(garbage[random.IntN(len(garbage))])
	default:
		return resp.Append(nil, strings.Fields(phrase)...)
	}
}
