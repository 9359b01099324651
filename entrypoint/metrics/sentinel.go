//go:build linux

package metrics

import (
	"bufio"
	"cmp"
	"io"
	"strings"

	"github.com/helm-valkey/helm-valkey/entrypoint/sentry"
)

// WriteSentinel writes the metrics of a Sentinel's pod.
func WriteSentinel(to io.Writer, s sentry.Summary) error {
	w := writer{bufio.NewWriter(to)}
	w.one("valkey_sentinel_up", gauge, "1 if the Sentinel answers.", truth(s.Master != ""))
	w.one("valkey_sentinel_ready", gauge, "1 if it knows a master.", truth(s.Ready))
	w.one("valkey_sentinel_votes", gauge, "1 if it votes: one that has forgotten its votes waits before.", truth(s.Votes))
	w.one("valkey_sentinel_restarts_total", counter, "Restarts of the Sentinel in place, after it died.", s.Restarts)
	w.one("valkey_sentinel_resets_total", counter, "How often it was made to forget replicas and Sentinels that have gone.", s.Resets)
	if s.Master != "" {
		w.one("valkey_sentinel_master_down", gauge, "1 while it does not hear the master.", truth(strings.Contains(s.Flags, "_down")))
		w.one("valkey_sentinel_epoch", gauge, "Epoch in which the master became that.", s.Epoch)
		w.one("valkey_sentinel_known_sentinels", gauge, "Other Sentinels that it knows.", cmp.Or(s.Peers, "0"))
		w.one("valkey_sentinel_known_replicas", gauge, "Replicas that it knows.", cmp.Or(s.Replicas, "0"))
		w.one("valkey_sentinel_quorum", gauge, "Sentinels that have to miss the master before another is made.", cmp.Or(s.Quorum, "0"))
	}
	return w.Flush()
}
