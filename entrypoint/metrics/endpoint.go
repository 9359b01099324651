//go:build linux

package metrics

import (
	"github.com/helm-valkey/helm-valkey/entrypoint/node"
	"github.com/helm-valkey/helm-valkey/entrypoint/proxy"
)

// endpoint writes the figures of the write endpoint, and of what it means for
// mastership that it may move.
func (w writer) endpoint(s node.Summary) {
	if s.Endpoint == nil {
		return
	}
	w.one("valkey_leaving", gauge, "1 while the pod stops.", truth(s.Status.Leaving))
	w.one("valkey_fenced", gauge, "1 while this master refuses writes because too few replicas acknowledge them.", truth(s.Fenced))
	w.one("valkey_promised_term", gauge, "Latest mastership that this pod has promised to another pod.", s.Status.Promised)
	w.one("valkey_divergences_total", counter, "Times that writes of this pod which no other had were saved to a file before they were dropped.", s.Diverged)
	p := *s.Endpoint
	w.one("valkey_endpoint_connections", gauge, "Clients of the write endpoint.", p.Connections)
	w.one("valkey_endpoint_upstreams", gauge, "Connections of the write endpoint to the master.", p.Upstreams)
	w.one("valkey_endpoint_waiting", gauge, "Clients whose command waits for a master.", p.Waiting)
	w.one("valkey_endpoint_connections_total", counter, "Clients accepted.", p.Accepted)
	w.one("valkey_endpoint_rejected_connections_total", counter, "Clients refused for the limit.", p.Rejected)
	w.one("valkey_endpoint_commands_total", counter, "Commands sent to a master.", p.Commands)
	w.one("valkey_endpoint_replayed_commands_total", counter, "Commands that a server refused as no master, and that ran on the next one.", p.Replayed)
	w.one("valkey_endpoint_hold_timeouts_total", counter, "Commands answered with an error because no master came in time.", p.HoldTimeout)
	w.one("valkey_endpoint_unconfirmed_writes_total", counter, "Writes answered with an error because too few replicas confirmed them in time.", p.Unconfirmed)
	w.head("valkey_endpoint_closed_connections_total", counter, "Connections closed by the write endpoint, by reason.")
	for _, closed := range closedBy(p) {
		w.labelled("valkey_endpoint_closed_connections_total", "reason", closed.reason, closed.count)
	}
}

type closed struct {
	reason string
	count  uint64
}

func closedBy(p proxy.Stats) []closed {
	return []closed{
		{"unknown_fate", p.Unknown},
		{"state_lost", p.Broken},
		{"slow_reader", p.Slow},
		{"late", p.Late},
	}
}
