package sentinel

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
)

const (
	clusterID = "ns/v"
	password  = "secret"
	master    = "10.0.1.2:6379"
	// candidate is the ID of the pod that asks for votes, rival that of another.
	candidate = "1111111111111111111111111111111111111111"
	rival     = "2222222222222222222222222222222222222222"
	// patience is far more than anything here takes: who waits for so long waits for what
	// does not come.
	patience = 30 * time.Second
)

// fake is a Sentinel that answers as real ones do not, or too late, or as they seldom do.
// What they do otherwise is tested with real ones, in tests/server.
type fake struct {
	name     string
	listener net.Listener
	running  sync.WaitGroup

	mu sync.Mutex
	// honest are the answers of a Sentinel that is well, others what it says instead.
	honest, others map[string]answer
	heard          []string
	dials, ended   int
	conns          []net.Conn
}

// answer is what a Sentinel says to a command, as it goes on the wire. Nothing is no
// answer: the connection hangs.
type answer func(args []string) string

func says(wire string) answer { return func([]string) string { return wire } }

var hangs = says("")

// What a command to a Sentinel is called here.
const (
	login   = "AUTH"
	whoAmI  = "MYID"
	state   = "MASTER"
	vote    = "IS-MASTER-DOWN-BY-ADDR"
	publish = "PUBLISH"
)

// fakes are n of them, each at an address of its own, on one port. They say who they are,
// that they hear the master since epoch 5, and vote for everybody.
func fakes(t testing.TB, n int) []*fake {
	t.Helper()
	var all []*fake
	port := 0
	for i := range n {
		listener, err := net.Listen("tcp", fmt.Sprintf("127.77.2.%d:%d", i+1, port))
		require.NoError(t, err)
		f := &fake{name: fmt.Sprintf("v-sentinel-%d.v", i), listener: listener, others: map[string]answer{}}
		f.honest = map[string]answer{
			login:   says("+OK\r\n"),
			whoAmI:  says(bulk(f.at().ID)),
			state:   says(watching(5)),
			vote:    func(args []string) string { return voted(args[5], number(args[4])) },
			publish: says(":1\r\n"),
		}
		port = f.at().Port
		f.running.Go(f.serve)
		t.Cleanup(f.stop)
		all = append(all, f)
	}
	return all
}

func (f *fake) serve() {
	for {
		conn, err := f.listener.Accept()
		if err != nil {
			return
		}
		f.mu.Lock()
		f.dials++
		f.conns = append(f.conns, conn)
		f.mu.Unlock()
		f.running.Go(func() { f.talk(conn) })
	}
}

// talk lasts until either side closes the connection.
func (f *fake) talk(conn net.Conn) {
	defer f.end(conn)
	reader := bufio.NewReader(conn)
	for {
		command, err := resp.Read(reader)
		if err != nil {
			return
		}
		var args []string
		for _, arg := range command.Array {
			args = append(args, arg.Str)
		}
		name := args[0]
		if name == "SENTINEL" {
			name = args[1]
		}
		f.mu.Lock()
		f.heard = append(f.heard, strings.Join(args, " "))
		answer := f.others[name]
		if answer == nil {
			answer = f.honest[name]
		}
		f.mu.Unlock()
		if _, err := conn.Write([]byte(answer(args))); err != nil {
			return
		}
	}
}

func (f *fake) end(conn net.Conn) {
	conn.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended++
}

// open is how many of its connections have not ended.
func (f *fake) open() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dials - f.ended
}

func (f *fake) stop() {
	f.listener.Close()
	f.mu.Lock()
	for _, conn := range f.conns {
		conn.Close()
	}
	f.mu.Unlock()
	f.running.Wait()
}

// on has it answer a command in another way; without one as if it were well.
func (f *fake) on(command string, other answer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.others[command] = other
}

// at is where it is, and who it is among the Sentinels of the release.
func (f *fake) at() Address {
	at := f.listener.Addr().(*net.TCPAddr)
	return Address{Host: at.IP.String(), Port: at.Port, ID: ID(clusterID, f.pod())}
}

func (f *fake) pod() string { return peer.Host{Name: f.name}.Pod() }

// asked are the commands that it was given and that begin with these words.
func (f *fake) asked(words ...string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(f.heard), func(command string) bool {
		return !strings.HasPrefix(command, strings.Join(words, " "))
	})
}

// epochs are those in which it was asked for its vote.
func (f *fake) epochs() []uint64 {
	var all []uint64
	for _, command := range f.asked("SENTINEL", vote) {
		all = append(all, number(strings.Fields(command)[4]))
	}
	return all
}

// dialled is how many connections there have been to it.
func (f *fake) dialled() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dials
}

// client is one that waits: a machine may be slow.
func client() *Client {
	c := NewClient("mymaster", password)
	c.timeout = 2 * patience
	return c
}

// council is that of some fakes.
func council(t testing.TB, all ...*fake) *Council {
	t.Helper()
	var names []string
	places := map[string]string{}
	for _, f := range all {
		names = append(names, f.name)
		places[f.name] = f.at().Host
	}
	return &Council{
		Client: client(), ClusterID: clusterID, Port: all[0].at().Port,
		File: listed(t, strings.Join(names, "\n")+"\n"),
		Lookup: func(_ context.Context, name string) peer.Host {
			return peer.Host{Name: name, Addresses: []string{places[name]}}
		},
	}
}

// opinions are those of fakes that are well: as Ask gives them, which waits for none that is
// slow, as one here may be.
func opinions(all []*fake) []Opinion {
	var told []Opinion
	for _, f := range all {
		told = append(told, Opinion{lead.Seat{Name: f.pod(), Answers: true, Master: master, Epoch: 5}, f.name, f.at()})
	}
	return told
}

// listed is a file with a list of Sentinels.
func listed(t testing.TB, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "sentinels")
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
	return file
}

// number is 0 for what is none.
func number(text string) uint64 {
	n, _ := strconv.ParseUint(text, 10, 64)
	return n
}

func bulk(text string) string { return fmt.Sprintf("$%d\r\n%s\r\n", len(text), text) }

func array(elements ...string) string {
	return fmt.Sprintf("*%d\r\n%s", len(elements), strings.Join(elements, ""))
}

// bulks is an array of strings.
func bulks(texts ...string) string { return string(resp.Append(nil, texts...)) }

// watching is what a Sentinel says of the master that it hears since an epoch.
func watching(epoch uint64) string {
	return bulks("name", "mymaster", "ip", "10.0.1.2", "port", "6379", "flags", "master", "config-epoch", strconv.FormatUint(epoch, 10))
}

// voted is how a Sentinel says whom it has voted for in an epoch.
func voted(leader string, epoch uint64) string {
	return array(":0\r\n", bulk(leader), fmt.Sprintf(":%d\r\n", epoch))
}

// patient is a context that lasts for as long as a test may.
func patient(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}
