package sentry

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/conf"
	"github.com/helm-valkey/helm-valkey/entrypoint/sentinel"
	"github.com/helm-valkey/helm-valkey/entrypoint/settings"
)

// What valkey 9.1.2 made of a file of ours.
const written = `bind 10.0.1.5
requirepass "pass \"word\""
sentinel myid e0910e7d45770d0bf62d03252b5dab957f93f849
sentinel monitor mymaster 10.0.1.2 6379 2
sentinel config-epoch mymaster 7
sentinel leader-epoch mymaster 8
sentinel current-epoch 9
sentinel monitor another 10.0.9.9 6379 2
sentinel config-epoch another 99
sentinel known-replica mymaster 10.0.1.3 6379
sentinel known-replica mymaster 10.0.1.3 6379
sentinel known-replica mymaster 127.0.0.1 1
sentinel known-sentinel mymaster 10.0.1.6 26379 "1ff29c731fbf048fc64fa3b331e4d8c0c6850ed1"
sentinel known-sentinel mymaster 10.0.1.8 26379 1ff29c731fbf048fc64fa3b331e4d8c0c6850ed1
`

func TestRecall(t *testing.T) {
	m, ok := recall(written, "mymaster")
	require.True(t, ok)
	require.Equal(t, "10.0.1.2:6379", m.Master)
	require.EqualValues(t, 7, m.ConfigEpoch)
	require.EqualValues(t, 8, m.LeaderEpoch)
	require.EqualValues(t, 9, m.CurrentEpoch)
	require.Equal(t, []sentinel.Address{{Host: "10.0.1.8", Port: 26379, ID: "1ff29c731fbf048fc64fa3b331e4d8c0c6850ed1"}}, m.Sentinels)

	_, ok = recall("sentinel current-epoch x\nsentinel monitor\nsentinel known-sentinel mymaster 1 2\n", "mymaster")
	require.False(t, ok)
}

// A file that is damaged costs what is damaged. What is kept a Sentinel can start with.
func TestRecallDamaged(t *testing.T) {
	id := "1ff29c731fbf048fc64fa3b331e4d8c0c6850ed1"
	tests := []struct {
		name, line string
		want       memory
	}{
		{"all is well", "sentinel monitor mymaster 10.0.1.3 6379 2", memory{Master: "10.0.1.3:6379"}},
		{"IPv6", "sentinel monitor mymaster fd00::3 6379 2", memory{Master: "[fd00::3]:6379"}},
		{"no address", "sentinel monitor mymaster 10.0.1.300 6379 2", memory{}},
		{"a name", "sentinel monitor mymaster v-0.v 6379 2", memory{Master: "v-0.v:6379"}},
		{"an interface", "sentinel monitor mymaster fe80::1%eth0 6379 2", memory{}},
		{"half of an address", "sentinel known-replica mymaster 10.0.1", memory{}},
		{"half of a port", "sentinel known-replica mymaster 10.0.1.3 637:", memory{}},
		{"a port after all", "sentinel known-replica mymaster 10.0.1.3 65536", memory{}},
		{"a replica", "sentinel known-replica mymaster 10.0.1.3 6379", memory{Replicas: []string{"10.0.1.3:6379"}}},
		{"a replica of an old version", "sentinel known-slave mymaster 10.0.1.3 6379", memory{Replicas: []string{"10.0.1.3:6379"}}},
		{"a Sentinel", "sentinel known-sentinel mymaster 10.0.1.3 26379 " + id, memory{Sentinels: []sentinel.Address{{Host: "10.0.1.3", Port: 26379, ID: id}}}},
		{"a Sentinel nowhere", "sentinel known-sentinel mymaster 10.0.1.3 -1 " + id, memory{}},
		{"half of an ID", `sentinel known-sentinel mymaster 10.0.1.3 26379 "1ff29c73`, memory{}},
		{"an ID that is none", "sentinel known-sentinel mymaster 10.0.1.3 26379 " + id[:38] + `\"`, memory{}},
		{"no ID", "sentinel known-sentinel mymaster 10.0.1.3 26379", memory{}},
		{"no epoch", "sentinel config-epoch mymaster x", memory{}},
		{"an epoch before all", "sentinel leader-epoch mymaster -1", memory{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m, ok := recall("sentinel current-epoch 9\n"+tt.line+"\n", "mymaster")
			require.Equal(t, tt.want.Master != "", ok)
			tt.want.CurrentEpoch = 9
			require.Equal(t, tt.want, m)
		})
	}
}

// What is written is recalled, and nothing is in it twice.
func TestRender(t *testing.T) {
	s := settings.Settings{SentinelName: "mymaster", PodName: "v-sentinel-0", PodIP: "10.0.1.5", Bind: "*", SentinelPort: 26379, SentinelDownAfter: 2 * time.Second, Password: `pass "word"`}
	m, _ := recall(written, "mymaster")
	text := render(s, m, 2)
	require.Contains(t, text, `requirepass "pass \"word\""`+"\n")
	again, ok := recall(text, "mymaster")
	require.True(t, ok)
	require.Equal(t, []string{"10.0.1.3:6379", "10.0.1.3:6379", "127.0.0.1:1"}, m.Replicas, "what is written stays as it is")
	m.Replicas = []string{"10.0.1.3:6379"}
	require.Equal(t, m, again)
}

func TestLearn(t *testing.T) {
	m := memory{Master: conf.Detached}
	m.learn("10.0.1.2:6379", 0)
	require.Equal(t, "10.0.1.2:6379", m.Master, "any master rather than none")
	m.learn("10.0.1.3:6379", 5)
	m.learn("10.0.1.4:6379", 4)
	require.Equal(t, memory{Master: "10.0.1.3:6379", ConfigEpoch: 5, CurrentEpoch: 5}, m)
}

// Whatever is in the file: what is recalled of it is what is recalled of a file that is
// written with it, so that no start makes it less.
func FuzzRecall(f *testing.F) {
	f.Add(written, "10.0.1.2", "6379", "1ff29c731fbf048fc64fa3b331e4d8c0c6850ed1", "pass \"word\"\n")
	f.Add("sentinel monitor mymaster fd00::2 6379 2", "fd00::3", "06379", `"1FF29c731fbf048fc64fa3b331e4d8c0c6850ed1"`, "")
	f.Add("sentinel leader-epoch mymaster 4611686018427387904", "127.0.0.1", "1", "", "mymaster")
	f.Add("sentinel monitor mymaster 10.0.1.2 6379 2", "[10.0.1.3", "6379", `"`, "")
	f.Add("", "10.0.1.3", "637:", "", "")
	f.Fuzz(func(t *testing.T, text, host, port, id, password string) {
		text += fmt.Sprintf("\nsentinel known-replica mymaster %s %s\nsentinel known-sentinel mymaster %[1]s %[2]s %[3]s\nsentinel monitor mymaster %[1]s %[2]s 2\n", host, port, id)
		m, ok := recall(text, "mymaster")
		if !ok {
			return
		}
		s := settings.Settings{SentinelName: "mymaster", Password: password}
		file := render(s, m, 2)
		again, ok := recall(file, "mymaster")
		require.True(t, ok)
		// The master is no replica, nor is who was watched before there was any.
		slices.Sort(m.Replicas)
		m.Replicas = slices.DeleteFunc(slices.Compact(m.Replicas), func(address string) bool {
			return address == m.Master || address == conf.Detached
		})
		if len(m.Replicas) == 0 {
			m.Replicas = nil
		}
		require.Equal(t, m, again)
		require.Equal(t, file, render(s, again, 2))
	})
}
