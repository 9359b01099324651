// Package metrics writes a pod's metrics in Prometheus' text format: what people
// alert on, so that no exporter is needed beside the server.
package metrics

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/helm-valkey/helm-valkey/entrypoint/node"
	"github.com/helm-valkey/helm-valkey/entrypoint/peer"
)

// metric is one field of INFO as a metric. Kind is gauge or counter.
type metric struct{ field, name, kind, help string }

// plain are the fields that are passed on as they are. Absent ones, which the
// release does not know, are left out.
var plain = []metric{
	{"uptime_in_seconds", "valkey_uptime_seconds", gauge, "Seconds since the server started."},
	{"connected_clients", "valkey_connected_clients", gauge, "Client connections, replicas not among them."},
	{"blocked_clients", "valkey_blocked_clients", gauge, "Clients in a blocking command."},
	{"maxclients", "valkey_max_clients", gauge, "Limit of client connections."},
	{"rejected_connections", "valkey_rejected_connections_total", counter, "Connections refused for the limit."},
	{"total_connections_received", "valkey_connections_received_total", counter, "Connections accepted."},
	{"used_memory", "valkey_memory_used_bytes", gauge, "Memory that the allocator gave the server."},
	{"used_memory_rss", "valkey_memory_rss_bytes", gauge, "Resident memory."},
	{"used_memory_peak", "valkey_memory_peak_bytes", gauge, "Highest use of memory."},
	{"used_memory_dataset", "valkey_memory_dataset_bytes", gauge, "Memory of the data set."},
	{"maxmemory", "valkey_memory_max_bytes", gauge, "Limit of memory; 0 is none."},
	{"mem_fragmentation_ratio", "valkey_memory_fragmentation_ratio", gauge, "Resident memory to memory in use."},
	{"total_commands_processed", "valkey_commands_processed_total", counter, "Commands run."},
	{"instantaneous_ops_per_sec", "valkey_ops_per_second", gauge, "Commands a second, as the server samples them."},
	{"total_net_input_bytes", "valkey_net_input_bytes_total", counter, "Bytes received."},
	{"total_net_output_bytes", "valkey_net_output_bytes_total", counter, "Bytes sent."},
	{"total_error_replies", "valkey_error_replies_total", counter, "Commands answered with an error."},
	{"keyspace_hits", "valkey_keyspace_hits_total", counter, "Look-ups of keys that were there."},
	{"keyspace_misses", "valkey_keyspace_misses_total", counter, "Look-ups of keys that were not."},
	{"evicted_keys", "valkey_evicted_keys_total", counter, "Keys evicted for the limit of memory."},
	{"expired_keys", "valkey_expired_keys_total", counter, "Keys that expired."},
	{"loading", "valkey_loading", gauge, "1 while the server loads data."},
	{"rdb_changes_since_last_save", "valkey_rdb_changes_since_last_save", gauge, "Writes since the last snapshot."},
	{"rdb_last_save_time", "valkey_rdb_last_save_timestamp_seconds", gauge, "Time of the last snapshot."},
	{"rdb_last_bgsave_time_sec", "valkey_rdb_last_bgsave_duration_seconds", gauge, "How long the last snapshot took; -1 for none."},
	{"rdb_bgsave_in_progress", "valkey_rdb_bgsave_in_progress", gauge, "1 while a snapshot is taken."},
	{"aof_enabled", "valkey_aof_enabled", gauge, "1 while the append-only file is on."},
	{"aof_rewrite_in_progress", "valkey_aof_rewrite_in_progress", gauge, "1 while the append-only file is rewritten."},
	{"aof_current_size", "valkey_aof_current_size_bytes", gauge, "Size of the append-only file."},
	{"aof_delayed_fsync", "valkey_aof_delayed_fsync_total", counter, "Writes that waited for the disk."},
	{"latest_fork_usec", "valkey_latest_fork_microseconds", gauge, "How long the last fork took."},
	{"sync_full", "valkey_full_resyncs_total", counter, "Full resyncs given to replicas."},
	{"sync_partial_ok", "valkey_partial_resyncs_total", counter, "Partial resyncs given to replicas."},
	{"sync_partial_err", "valkey_partial_resyncs_denied_total", counter, "Partial resyncs that became full ones."},
	{"repl_backlog_size", "valkey_replication_backlog_size_bytes", gauge, "Size of the replication backlog."},
	{"pubsub_channels", "valkey_pubsub_channels", gauge, "Channels with subscribers."},
	{"slowlog_len", "valkey_slowlog_length", gauge, "Entries in the slow log."},
}

// states are fields that say "ok" or something else.
var states = []metric{
	{"rdb_last_bgsave_status", "valkey_rdb_last_bgsave_ok", gauge, "1 if the last snapshot succeeded."},
	{"aof_last_write_status", "valkey_aof_last_write_ok", gauge, "1 if the last write to the append-only file succeeded."},
	{"aof_last_bgrewrite_status", "valkey_aof_last_rewrite_ok", gauge, "1 if the last rewrite of the append-only file succeeded."},
}

const (
	gauge   = "gauge"
	counter = "counter"
)

// Write writes all metrics of a pod.
func Write(to io.Writer, s node.Summary) error {
	w := writer{bufio.NewWriter(to)}
	w.pod(s)
	w.endpoint(s)
	w.replication(s)
	w.external(s)
	for _, m := range plain {
		if value, ok := s.View.Info[m.field]; ok {
			w.one(m.name, m.kind, m.help, value)
		}
	}
	for _, m := range states {
		if value, ok := s.View.Info[m.field]; ok {
			w.one(m.name, m.kind, m.help, truth(value == "ok"))
		}
	}
	w.keyspace(s)
	return w.Flush()
}

type writer struct{ *bufio.Writer }

func (w writer) head(name, kind, help string) {
	fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

func (w writer) one(name, kind, help string, value any) {
	w.head(name, kind, help)
	fmt.Fprintf(w, "%s %v\n", name, value)
}

func (w writer) labelled(name, key, value string, figure any) {
	fmt.Fprintf(w, "%s{%s=%s} %v\n", name, key, label(value), figure)
}

func (w writer) pod(s node.Summary) {
	fresh := s.View.Info != nil
	w.one("valkey_up", gauge, "1 if the server answers.", truth(fresh))
	w.head("valkey_info", gauge, "Engine and release of the server.")
	fmt.Fprintf(w, "valkey_info{engine=%s,release=%s} 1\n", label(s.Status.Engine), label(s.Status.Release))
	w.head("valkey_role", gauge, "1 for the server's role.")
	fmt.Fprintf(w, "valkey_role{role=%s} 1\n", label(s.Status.Role))
	w.one("valkey_ready", gauge, "1 if the pod is ready.", truth(s.Ready))
	w.one("valkey_holding", gauge, "1 while a master does not start because peers that do not answer may hold newer data.", truth(s.Holding))
	w.one("valkey_term", gauge, "Number of the mastership that this pod follows.", s.Status.Term)
	w.one("valkey_restarts_total", counter, "Restarts of the server in place, after it died.", s.Restarts)
	w.head("valkey_handovers_total", counter, "Handovers of mastership from this pod, by result.")
	for _, result := range []string{"done", "failed"} {
		w.labelled("valkey_handovers_total", "result", result, s.Handovers[result])
	}
}

func (w writer) replication(s node.Summary) {
	switch s.Status.Role {
	case peer.Replica:
		w.one("valkey_master_link_up", gauge, "1 if this replica's link to its master is up.", truth(s.View.LinkUp()))
		w.one("valkey_master_sync_in_progress", gauge, "1 while this replica takes in a full resync.", truth(s.View.Syncing()))
		w.one("valkey_master_last_io_seconds", gauge, "Seconds since this replica last heard of its master; -1 without a link.", s.View.Info.Int("master_last_io_seconds_ago"))
	case peer.Master:
		w.master(s)
	default:
		return
	}
	w.one("valkey_replication_offset_bytes", gauge, "Replication offset.", s.Status.Offset)
}

// external is written as long as the release follows a server outside.
func (w writer) external(s node.Summary) {
	e := s.Status.External
	if e == nil || s.Status.Leader != s.Status.Pod {
		return
	}
	w.one("valkey_external_master_link_up", gauge, "1 if the link to the external master is up and no full resync is under way.", truth(e.LinkUp))
	if e.LinkUp {
		w.one("valkey_external_master_lag_bytes", gauge, "Bytes of the external master's replication stream that are missing here.", e.Lag)
	}
}

func (w writer) master(s node.Summary) {
	replicas := s.View.Info.Replicas()
	w.one("valkey_connected_replicas", gauge, "Replicas connected to this master.", len(replicas))
	effective := 1
	w.head("valkey_replica_lag_seconds", gauge, "Seconds since the replica last acknowledged.")
	for _, r := range replicas {
		fmt.Fprintf(w, "valkey_replica_lag_seconds{replica=%s} %d\n", label(cmp.Or(s.Names[r.IP], r.IP)), r.Lag)
	}
	w.head("valkey_replica_lag_bytes", gauge, "Bytes of the replication stream that the replica has not acknowledged.")
	for _, r := range replicas {
		fmt.Fprintf(w, "valkey_replica_lag_bytes{replica=%s} %d\n", label(cmp.Or(s.Names[r.IP], r.IP)), max(0, s.Status.Offset-r.Offset))
		if r.State == "online" && time.Duration(r.Lag)*time.Second <= s.MaxLag {
			effective++
		}
	}
	w.one("valkey_effective_rf_min", gauge, "Copies of the data that are in sync: the master and its replicas within the lag bound.", effective)
	w.one("valkey_underreplicated", gauge, "Copies of the data that are missing.", max(0, s.Desired-effective))
}

func (w writer) keyspace(s node.Summary) {
	databases := s.View.Info.Databases()
	for _, m := range []metric{{"keys", "valkey_db_keys", gauge, "Keys by database."}, {"expires", "valkey_db_expiring_keys", gauge, "Keys with an expiry by database."}} {
		w.head(m.name, m.kind, m.help)
		for _, db := range slices.SortedFunc(maps.Keys(databases), byNumber) {
			fmt.Fprintf(w, "%s{db=%s} %s\n", m.name, label(db), cmp.Or(databases[db][m.field], "0"))
		}
	}
}

func byNumber(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b)) }

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

var labels = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func label(value string) string { return `"` + labels.Replace(value) + `"` }
