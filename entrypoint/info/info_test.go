package info

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const master = "# Replication\r\nrole:master\r\nconnected_slaves:2\r\n" +
	"slave0:ip=10.0.0.2,port=6379,state=online,offset=420,lag=1\r\n" +
	"slave1:ip=fd00::3,port=6380,state=wait_bgsave,offset=0,lag=0,type=replica\r\n" +
	"master_replid:abc\r\nmaster_repl_offset:434\r\nloading:0\r\nasync_loading:1\r\n" +
	"# Keyspace\r\ndb0:keys=3,expires=1,avg_ttl=0\r\ndb11:keys=4,expires=0,avg_ttl=0\r\ndbx:keys=9\r\n"

func TestParse(t *testing.T) {
	i := Parse(master)
	require.Equal(t, "master", i["role"])
	require.Equal(t, int64(434), i.Int("master_repl_offset"))
	require.Zero(t, i.Int("no_such_field"))
	require.True(t, i.Is("async_loading"))
	require.False(t, i.Is("loading"))
	require.Equal(t, int64(7), i.Keys())
	require.Equal(t, "1", i.Databases()["0"]["expires"])
	require.Equal(t, []Replica{
		{IP: "10.0.0.2", Port: "6379", State: "online", Offset: 420, Lag: 1},
		{IP: "fd00::3", Port: "6380", State: "wait_bgsave"},
	}, i.Replicas())
}

func TestReplicasBelieveTheList(t *testing.T) {
	require.Empty(t, Parse("connected_slaves:5\r\n").Replicas())
	require.Empty(t, Parse("connected_slaves:-5\r\n").Replicas())
}

func FuzzParse(f *testing.F) {
	f.Add(master)
	f.Fuzz(func(t *testing.T, text string) {
		i := Parse(text)
		_, _, _ = i.Keys(), i.Replicas(), i.Databases()
	})
}
