package peer

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Record types and answers as RFC 1035 and 3596 number them.
const (
	typeA    = 1
	typeAAAA = 28

	noError  = 0
	servFail = 2
	nxDomain = 3

	silent = -1
)

// nameserver makes the resolver ask a nameserver that holds no record at all, and
// whose answer to each type of question is as given.
func nameserver(t *testing.T, answers map[uint16]int) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	go func() {
		buffer := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			answer, ok := reply(buffer[:n], answers)
			if !ok {
				continue
			}
			if _, err := conn.WriteTo(answer, from); err != nil {
				return
			}
		}
	}()
	before := net.DefaultResolver
	t.Cleanup(func() { net.DefaultResolver = before })
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// reply repeats the question, authoritatively, with no record and an answer's code.
func reply(query []byte, answers map[uint16]int) ([]byte, bool) {
	const header, kindAndClass = 12, 4
	end := header
	for query[end] != 0 {
		end += int(query[end]) + 1
	}
	end++
	code := answers[uint16(query[end])<<8|uint16(query[end+1])]
	if code == silent {
		return nil, false
	}
	answer := append([]byte{}, query[:end+kindAndClass]...)
	answer[2], answer[3] = 0x84, byte(code)
	copy(answer[4:header], []byte{0, 1, 0, 0, 0, 0, 0, 0})
	return answer, true
}

// On a cluster of one family every name lacks the other's records. That says
// nothing as long as the question for the first went unanswered, as it does when
// one of the two packets is lost.
func TestLookup(t *testing.T) {
	tests := []struct {
		name    string
		answers map[uint16]int
		absent  bool
	}{
		{"no such name", map[uint16]int{typeA: nxDomain, typeAAAA: nxDomain}, true},
		{"a name without addresses", map[uint16]int{typeA: noError, typeAAAA: noError}, true},
		{"the question for IPv4 is lost", map[uint16]int{typeA: silent, typeAAAA: noError}, false},
		{"the question for IPv6 is lost", map[uint16]int{typeA: noError, typeAAAA: silent}, false},
		{"the server can't tell", map[uint16]int{typeA: servFail, typeAAAA: servFail}, false},
		{"the server can't tell of IPv4", map[uint16]int{typeA: servFail, typeAAAA: noError}, false},
		{"nobody answers", map[uint16]int{typeA: silent, typeAAAA: silent}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			nameserver(t, tt.answers)
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			got := Directory{}.Lookup(ctx, "v-replica-0.r.test")
			require.Empty(t, got.Addresses)
			require.Equal(t, tt.absent, got.Absent)
		})
	}
}

func TestLookupOfAddresses(t *testing.T) {
	got := Directory{}.Lookup(t.Context(), "::1")
	require.Equal(t, Host{Name: "::1", Addresses: []string{"::1"}}, got)
	got = Directory{}.Lookup(t.Context(), "localhost")
	require.Contains(t, got.Addresses, "127.0.0.1")
}

// Kubernetes writes a pod's own name into its /etc/hosts, so that it resolves
// whatever DNS knows.
func TestOwnNameFromTheHostsFileProvesNothing(t *testing.T) {
	dir := t.TempDir()
	peers, hosts := filepath.Join(dir, "peers"), filepath.Join(dir, "hosts")
	require.NoError(t, os.WriteFile(peers, []byte("v-master-0.m\nv-replica-0.r\n"), 0o600))
	d := Directory{Self: "v-master-0", PeersFile: peers, HostsFile: hosts, Services: []string{"m", "r"}}

	require.NoError(t, os.WriteFile(hosts, []byte("10.0.0.1 v-master-0.m\n"), 0o600))
	got, err := d.Hosts(t.Context())
	require.NoError(t, err)
	require.Equal(t, []Host{{Name: "v-replica-0.r"}}, got)

	require.NoError(t, os.WriteFile(hosts, []byte("10.0.0.1 v-master-0.m m\n"), 0o600))
	got, err = d.Hosts(t.Context())
	require.NoError(t, err)
	require.Equal(t, []Host{{Name: "v-replica-0.r", Absent: true}}, got)
}
