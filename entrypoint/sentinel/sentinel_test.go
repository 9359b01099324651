package sentinel

import (
	"bufio"
	"context"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/resp"
)

// Sentinels and pods of another release of the chart have to come to the same.
func TestID(t *testing.T) {
	require.Equal(t, "20482c45bb46a835f97796af5db42718c5c142a4", ID("ns/v", "v-sentinel-0"))
	require.NotEqual(t, ID("ns/v", "v-sentinel-0"), ID("ns/v", "v-sentinel-1"))
	require.NotEqual(t, ID("ns/v", "v-sentinel-0"), ID("other/v", "v-sentinel-0"))
}

func TestAddress(t *testing.T) {
	require.Equal(t, "10.0.1.2:26379", Address{Host: "10.0.1.2", Port: 26379}.String())
	require.Equal(t, "[fd00::2]:26379", Address{Host: "fd00::2", Port: 26379}.String())
}

func value(t testing.TB, wire string) resp.Value {
	t.Helper()
	v, err := resp.Read(bufio.NewReader(strings.NewReader(wire)))
	require.NoError(t, err)
	return v
}

func TestFields(t *testing.T) {
	tests := []struct {
		name, wire string
		want       map[string]string
	}{
		{"names and values", bulks("ip", "10.0.1.2", "flags", ""), map[string]string{"ip": "10.0.1.2", "flags": ""}},
		{"a map", "%1\r\n" + bulk("ip") + bulk("10.0.1.2"), map[string]string{"ip": "10.0.1.2"}},
		{"nothing", "*0\r\n", map[string]string{}},
		{"no array", "*-1\r\n", map[string]string{}},
		{"a text", "+OK\r\n", map[string]string{}},
		{"a name without a value", bulks("ip", "10.0.1.2", "port"), map[string]string{"ip": "10.0.1.2"}},
		{"a name twice", bulks("ip", "10.0.1.2", "ip", "10.0.1.3"), map[string]string{"ip": "10.0.1.3"}},
		{"a number", array(bulk("port"), ":6379\r\n"), map[string]string{"port": "6379"}},
		{"null", array(bulk("ip"), "$-1\r\n"), map[string]string{"ip": ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, Fields(value(t, tt.wire))) })
	}
}

func TestParse(t *testing.T) {
	told := func(ip, port, flags, epoch string) string {
		return bulks("name", "mymaster", "ip", ip, "port", port, "flags", flags, "config-epoch", epoch, "quorum", "2")
	}
	tests := []struct {
		name, wire string
		want       State
	}{
		{"it hears the master", told("10.0.1.2", "6379", "master", "7"), State{master, 7, false}},
		{"it does not", told("10.0.1.2", "6379", "s_down,master", "7"), State{master, 7, true}},
		{"nor do the others", told("10.0.1.2", "6379", "s_down,o_down,master", "7"), State{master, 7, true}},
		{"the link is lost, which it does not hold against it yet", told("10.0.1.2", "6379", "master,disconnected", "7"), State{master, 7, false}},
		{"IPv6", told("fd00::2", "6379", "master", "7"), State{"[fd00::2]:6379", 7, false}},
		{"there has been no master yet", told("127.0.0.1", "1", "s_down,master,disconnected", "0"), State{"127.0.0.1:1", 0, true}},
		{"the last epoch that there is", told("10.0.1.2", "6379", "master", "18446744073709551615"), State{master, 1<<64 - 1, false}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parse(value(t, tt.wire))
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tests := map[string]string{
		"nothing":                "*0\r\n",
		"no array":               "*-1\r\n",
		"a text":                 "+OK\r\n",
		"no address":             bulks("port", "6379", "config-epoch", "7"),
		"an empty address":       bulks("ip", "", "port", "6379", "config-epoch", "7"),
		"no port":                bulks("ip", "10.0.1.2", "config-epoch", "7"),
		"no epoch":               bulks("ip", "10.0.1.2", "port", "6379"),
		"an epoch without value": bulks("ip", "10.0.1.2", "port", "6379", "config-epoch"),
		"an epoch before all":    bulks("ip", "10.0.1.2", "port", "6379", "config-epoch", "-1"),
		"an epoch after all":     bulks("ip", "10.0.1.2", "port", "6379", "config-epoch", "18446744073709551616"),
		"lists within the list":  array(bulks("ip", "10.0.1.2"), bulks("port", "6379"), bulks("config-epoch", "7")),
	}
	for name, wire := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := parse(value(t, wire))
			require.ErrorContains(t, err, "a Sentinel tells of a master at")
		})
	}
}

// Whatever a Sentinel says: it is a master at an address, or an error.
func FuzzParse(f *testing.F) {
	f.Add(watching(7))
	f.Add("%2\r\n+ip\r\n+fd00::2\r\n+port\r\n:6379\r\n")
	f.Add("*-1\r\n")
	f.Add(array(bulks("ip", "10.0.1.2"), "_\r\n", ":7\r\n"))
	f.Fuzz(func(t *testing.T, wire string) {
		v, err := resp.Read(bufio.NewReader(strings.NewReader(wire)))
		if err != nil {
			return
		}
		fields := Fields(v)
		require.LessOrEqual(t, len(fields), len(v.Array)/2)
		state, err := parse(v)
		if err != nil {
			require.Equal(t, State{}, state)
			return
		}
		require.Equal(t, net.JoinHostPort(fields["ip"], fields["port"]), state.Master)
		require.Greater(t, len(state.Master), len("[]:"))
		require.Equal(t, strings.Contains(fields["flags"], "_down"), state.Down)
	})
}

// What says something else than a Sentinel of the release is as good as none, and is
// asked again.
func TestStateOfNone(t *testing.T) {
	another := ID(clusterID, "v-sentinel-9")
	tests := []struct {
		name, to, says string
		want           string
		// dials is how many connections it takes to be told then: it is kept where what
		// comes next can be read.
		dials int
	}{
		{"another Sentinel", whoAmI, bulk(another), "another Sentinel answers there: " + another, 2},
		{"one that is nobody", whoAmI, "$-1\r\n", "another Sentinel answers there", 2},
		{"a server that is no Sentinel", whoAmI, "-ERR unknown command 'SENTINEL'\r\n", "unknown command", 2},
		{"no server at all", whoAmI, "HTTP/1.1 400 Bad Request\r\n\r\n", "protocol error", 2},
		{"another password", login, "-WRONGPASS invalid username-password pair\r\n", "WRONGPASS", 2},
		{"it watches another master", state, "-ERR No such master with that name\r\n", ErrUnknownMaster.Error(), 1},
		{"it refuses", state, "-BUSY wait\r\n", "BUSY wait", 1},
		{"a text", state, "+OK\r\n", "a Sentinel tells of a master at", 1},
		{"a master without an address", state, bulks("name", "mymaster"), "a Sentinel tells of a master at", 1},
		{"half of an answer, and what can't be read", state, "*2\r\n$2\r\nip\r\n?\r\n", "protocol error", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := fakes(t, 1)[0]
			client := client()
			f.on(tt.to, says(tt.says))
			got, err := client.State(patient(t), f.at())
			require.ErrorContains(t, err, tt.want)
			require.Equal(t, State{}, got)

			f.on(tt.to, nil)
			got, err = client.State(patient(t), f.at())
			require.NoError(t, err)
			require.Equal(t, State{Master: master, Epoch: 5}, got)
			require.Equal(t, tt.dials, f.dialled())
		})
	}
}

// A Sentinel that is elsewhere now is asked there, and nothing is kept of where it was.
func TestElsewhere(t *testing.T) {
	all := fakes(t, 2)
	before, now := all[0], all[1]
	moved := Address{Host: now.at().Host, Port: now.at().Port, ID: before.at().ID}
	now.on(whoAmI, says(bulk(moved.ID)))
	client := client()
	for _, at := range []Address{before.at(), moved, moved} {
		_, err := client.State(patient(t), at)
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool { return before.open() == 0 }, patience, time.Millisecond)
	require.Equal(t, 1, now.dialled())
	require.Equal(t, 1, now.open())
}

// Nobody waits for a Sentinel that hangs: its connection is closed as soon as ctx ends,
// whatever it was to say.
func TestHangs(t *testing.T) {
	for _, command := range []string{login, whoAmI, state} {
		t.Run(command, func(t *testing.T) {
			f := fakes(t, 1)[0]
			client := client()
			ctx, cancel := context.WithCancel(patient(t))
			f.on(command, func([]string) string {
				cancel()
				return ""
			})
			_, err := client.State(ctx, f.at())
			require.ErrorIs(t, err, net.ErrClosed)

			f.on(command, nil)
			_, err = client.State(patient(t), f.at())
			require.NoError(t, err, "it is asked anew")
		})
	}
}

// A Sentinel that is slow is given up by itself.
func TestSlow(t *testing.T) {
	f := fakes(t, 1)[0]
	f.on(state, hangs)
	client := NewClient("mymaster", password)
	_, err := client.State(context.Background(), f.at())
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

// Who waits for the answer to another's question goes when ctx ends, before that is there.
func TestTurns(t *testing.T) {
	f := fakes(t, 1)[0]
	client := client()
	over, cancel := context.WithCancel(patient(t))
	cancel()
	second := make(chan error, 1)
	f.on(state, func([]string) string {
		_, err := client.State(over, f.at())
		second <- err
		return watching(5)
	})
	_, err := client.State(patient(t), f.at())
	require.NoError(t, err)
	require.ErrorIs(t, <-second, context.Canceled)
}

func TestVoteOfNone(t *testing.T) {
	tests := []struct{ name, says, want string }{
		{"it watches another address", voted("*", 0), "watches another address"},
		{"it votes in no epoch", voted("*", Never), "votes in no epoch"},
		{"an epoch before all", array(":0\r\n", bulk(candidate), ":-1\r\n"), "votes in no epoch"},
		{"a text", "+OK\r\n", "no vote of Sentinel"},
		{"an error", "-BUSY wait\r\n", "BUSY wait"},
		{"no epoch", array(":0\r\n", bulk(candidate)), "no vote of Sentinel"},
		{"more than a vote", array(":0\r\n", bulk(candidate), ":6\r\n", ":7\r\n"), "no vote of Sentinel"},
		{"what can't be read", "?\r\n", "protocol error"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := fakes(t, 1)[0]
			f.on(vote, says(tt.says))
			got, err := client().Vote(patient(t), f.at(), master, 6, candidate)
			require.ErrorContains(t, err, tt.want)
			require.Equal(t, Vote{}, got)
		})
	}
}

// No Sentinel is told or asked of a master without an address.
func TestMasterWithoutAddress(t *testing.T) {
	f := fakes(t, 1)[0]
	client := client()
	_, err := client.Vote(patient(t), f.at(), "10.0.1.2", 6, candidate)
	require.ErrorContains(t, err, `"10.0.1.2"`)
	require.ErrorContains(t, client.Publish(patient(t), f.at(), f.at(), "", 6), `""`)
	require.Zero(t, f.dialled())
}
