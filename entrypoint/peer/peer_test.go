package peer

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

type pod struct {
	orders []Order
	refuse error
}

func (p *pod) Status(context.Context) Status { return Status{Pod: "v-replica-0", Term: 4} }
func (p *pod) take(_ context.Context, o Order) error {
	p.orders = append(p.orders, o)
	return p.refuse
}
func (p *pod) Promote(ctx context.Context, o Order) error  { return p.take(ctx, o) }
func (p *pod) Follow(ctx context.Context, o Order) error   { return p.take(ctx, o) }
func (p *pod) Handover(ctx context.Context, o Order) error { return p.take(ctx, o) }
func (p *pod) Intent(ctx context.Context, o Order) error   { return p.take(ctx, o) }
func (p *pod) Canvass(ctx context.Context, o Order) error  { return p.take(ctx, o) }
func (p *pod) Cutover(ctx context.Context, o Order) error  { return p.take(ctx, o) }

func serve(t *testing.T, h http.Handler) (ip string, port int) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	ip, text, err := net.SplitHostPort(strings.TrimPrefix(server.URL, "http://"))
	require.NoError(t, err)
	port, err = strconv.Atoi(text)
	require.NoError(t, err)
	return ip, port
}

func TestAskAndOrder(t *testing.T) {
	p := &pod{}
	key := NewKey("ns/v", "secret")
	ip, port := serve(t, Handler(key, p))
	client := NewClient(key, port)
	ctx := context.Background()

	status, err := client.Status(ctx, ip)
	require.NoError(t, err)
	require.Equal(t, uint64(4), status.Term)
	require.Empty(t, p.orders)

	want := Order{Term: 5, Leader: "v-master-0", Address: "10.0.0.1:6379"}
	for _, ask := range []func(context.Context, string, Order) (Status, error){client.Promote, client.Follow, client.Handover, client.Intent, client.Canvass, client.Cutover} {
		_, err := ask(ctx, ip, want)
		require.NoError(t, err)
	}
	require.Equal(t, []Order{want, want, want, want, want, want}, p.orders)

	p.refuse = errors.New("term 5 is over")
	_, err = client.Promote(ctx, ip, want)
	require.ErrorIs(t, err, ErrRefused)
	require.ErrorContains(t, err, "term 5 is over")
}

func TestStrangersAreNotBelieved(t *testing.T) {
	p := &pod{}
	ip, port := serve(t, Handler(NewKey("ns/v", "secret"), p))
	for name, key := range map[string]Key{"another password": NewKey("ns/v", "other"), "another release": NewKey("ns/w", "secret")} {
		t.Run(name, func(t *testing.T) {
			_, err := NewClient(key, port).Promote(context.Background(), ip, Order{Term: 9})
			require.ErrorContains(t, err, "not signed")
			require.NotErrorIs(t, err, ErrRefused)
		})
	}
	require.Empty(t, p.orders)

	response, err := http.Post("http://"+net.JoinHostPort(ip, strconv.Itoa(port))+pathPromote, "application/json", strings.NewReader(`{"term":9}`))
	require.NoError(t, err)
	response.Body.Close()
	require.Equal(t, http.StatusForbidden, response.StatusCode)
	require.Empty(t, p.orders)
}

// A server that answers with somebody else's words is found out.
func TestForgedAnswers(t *testing.T) {
	ip, port := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(headerSignature, NewKey("ns/v", "guess").sign("answer", r.Header.Get(headerNonce), "200", "{}"))
		_, _ = w.Write([]byte("{}"))
	}))
	_, err := NewClient(NewKey("ns/v", "secret"), port).Status(context.Background(), ip)
	require.ErrorContains(t, err, "not signed")
}

func TestHosts(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	peers := file("peers", "v-master-0.m\nv-replica-0.r\nv-replica-1.r\n")
	hosts := file("hosts", "10.0.0.1 v-master-0.m m\n10.0.0.2 v-replica-0.r r # zone a\n10.0.0.9 r\n")
	d := Directory{Self: "v-master-0", PeersFile: peers, HostsFile: hosts, Services: []string{"m", "r"}}

	got, err := d.Hosts(context.Background())
	require.NoError(t, err)
	require.Equal(t, []Host{
		{Name: "v-replica-0.r", Addresses: []string{"10.0.0.2"}},
		{Name: "v-replica-1.r", Absent: true},
		{Addresses: []string{"10.0.0.9"}},
	}, got)

	file("hosts", "10.0.0.2 v-replica-0.r\n")
	got, err = d.Hosts(context.Background())
	require.NoError(t, err)
	require.False(t, got[1].Absent, "DNS that does not list this pod proves nothing")
}
