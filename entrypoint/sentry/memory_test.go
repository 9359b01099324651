package sentry

import (
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

// What is written is recalled, and nothing is in it twice.
func TestRender(t *testing.T) {
	s := settings.Settings{SentinelName: "mymaster", PodName: "v-sentinel-0", PodIP: "10.0.1.5", Bind: "*", SentinelPort: 26379, SentinelDownAfter: 2 * time.Second, Password: `pass "word"`}
	m, _ := recall(written, "mymaster")
	text := render(s, m, 2)
	require.Contains(t, text, `requirepass "pass \"word\""`+"\n")
	again, ok := recall(text, "mymaster")
	require.True(t, ok)
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

func FuzzRecall(f *testing.F) {
	f.Add(written)
	f.Fuzz(func(t *testing.T, text string) {
		m, ok := recall(text, "mymaster")
		if !ok {
			return
		}
		again, _ := recall(render(settings.Settings{SentinelName: "mymaster"}, m, 2), "mymaster")
		require.Equal(t, m.ConfigEpoch, again.ConfigEpoch)
		require.Equal(t, m.LeaderEpoch, again.LeaderEpoch)
	})
}
