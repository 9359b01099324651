package metrics

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/info"
	"github.com/helm-valkey/helm-valkey/entrypoint/node"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
	"github.com/helm-valkey/helm-valkey/entrypoint/proxy"
)

func write(t *testing.T, s node.Summary) string {
	t.Helper()
	var out strings.Builder
	require.NoError(t, Write(&out, s))
	parser := expfmt.NewTextParser(model.UTF8Validation)
	_, err := parser.TextToMetricFamilies(strings.NewReader(out.String()))
	require.NoError(t, err, out.String())
	return out.String()
}

func TestMaster(t *testing.T) {
	text := write(t, node.Summary{
		Status: peer.Status{Role: peer.Master, Engine: "valkey", Release: "9.1.2", Term: 3, Offset: 500},
		Ready:  true, Desired: 4, MaxLag: 10 * time.Second, Restarts: 2,
		Names: map[string]string{"10.0.0.1": "v-replica-0"}, Handovers: map[string]int{"done": 1},
		View: node.View{Info: info.Parse(`connected_slaves:3
slave0:ip=10.0.0.1,port=6379,state=online,offset=400,lag=1
slave1:ip=10.0.0.2,port=6379,state=online,offset=0,lag=60
slave2:ip=10.0.0.3,port=6379,state=wait_bgsave,offset=0,lag=0
used_memory:1024
rdb_last_bgsave_status:err
db0:keys=5,expires=1
db10:keys=1,expires=0
db2:keys=1,expires=0
`)},
	})
	for _, line := range []string{
		`valkey_up 1`, `valkey_role{role="master"} 1`, `valkey_info{engine="valkey",release="9.1.2"} 1`,
		`valkey_connected_replicas 3`, `valkey_effective_rf_min 2`, `valkey_underreplicated 2`,
		`valkey_replica_lag_bytes{replica="v-replica-0"} 100`, `valkey_replica_lag_seconds{replica="10.0.0.2"} 60`,
		`valkey_memory_used_bytes 1024`, `valkey_rdb_last_bgsave_ok 0`, `valkey_db_keys{db="0"} 5`,
		`valkey_handovers_total{result="done"} 1`, `valkey_handovers_total{result="failed"} 0`, `valkey_restarts_total 2`, `valkey_holding 0`,
	} {
		require.Contains(t, text, "\n"+line+"\n")
	}
	require.Less(t, strings.Index(text, `{db="2"}`), strings.Index(text, `{db="10"}`), "sorted, so that two scrapes look alike")
	require.NotContains(t, text, "valkey_memory_rss_bytes", "what the server does not say is left out")
	require.NotContains(t, text, "valkey_master_link_up")
}

func TestEndpoint(t *testing.T) {
	text := write(t, node.Summary{
		Status: peer.Status{Promised: 4, Leaving: true}, Fenced: true, Diverged: 1,
		Endpoint: &proxy.Stats{Connections: 3, Replayed: 2, Unknown: 5},
	})
	for _, line := range []string{
		`valkey_leaving 1`, `valkey_fenced 1`, `valkey_promised_term 4`, `valkey_divergences_total 1`,
		`valkey_endpoint_connections 3`, `valkey_endpoint_replayed_commands_total 2`,
		`valkey_endpoint_closed_connections_total{reason="unknown_fate"} 5`,
	} {
		require.Contains(t, text, "\n"+line+"\n")
	}
	require.NotContains(t, write(t, node.Summary{}), "valkey_endpoint", "there is none")
}

func TestReplica(t *testing.T) {
	text := write(t, node.Summary{
		Status: peer.Status{Role: peer.Replica, Offset: 7},
		View:   node.View{Info: info.Parse("master_link_status:up\nmaster_last_io_seconds_ago:3\n")},
	})
	require.Contains(t, text, "\nvalkey_master_link_up 1\n")
	require.Contains(t, text, "\nvalkey_master_last_io_seconds 3\n")
	require.Contains(t, text, "\nvalkey_replication_offset_bytes 7\n")
	require.NotContains(t, text, "valkey_effective_rf_min")
}

func TestNoServer(t *testing.T) {
	text := write(t, node.Summary{Status: peer.Status{Role: peer.None}, Holding: true})
	require.Contains(t, text, "valkey_up 0\n")
	require.Contains(t, text, "\nvalkey_holding 1\n")
	require.NotContains(t, text, "valkey_replication_offset_bytes")
}

func TestExternalMaster(t *testing.T) {
	status := peer.Status{Pod: "v-master-0", Leader: "v-master-0", Role: peer.Replica, External: &peer.External{Address: "old:6379", LinkUp: true, Lag: 7}}
	text := write(t, node.Summary{Status: status})
	require.Contains(t, text, "\nvalkey_external_master_link_up 1\n")
	require.Contains(t, text, "\nvalkey_external_master_lag_bytes 7\n")
	status.External.LinkUp = false
	text = write(t, node.Summary{Status: status})
	require.Contains(t, text, "\nvalkey_external_master_link_up 0\n")
	require.NotContains(t, text, "valkey_external_master_lag_bytes", "nobody knows it")
	status.Pod = "v-replica-0"
	require.NotContains(t, write(t, node.Summary{Status: status}), "valkey_external_master", "one pod follows")
}
