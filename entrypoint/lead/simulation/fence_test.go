package simulation

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/entrypoint/lead"
)

// A server that counts its replicas by whole seconds, once a second, takes writes for
// FenceWait after the last acknowledgement at most, and for nearly as long at worst.
func TestServerFencesItselfWithinFenceWait(t *testing.T) {
	w := &world{}
	p := &pod{world: w, rate: 1}
	s := &p.server
	s.pod = p
	longest := int64(0)
	for acked := int64(0); acked < second; acked += 10 * millisecond {
		for phase := int64(0); phase < second; phase += 10 * millisecond {
			w.now = acked
			s.slots = []slot{{online: true, acked: s.seconds()}}
			for w.now = phase; ; w.now += second {
				if s.count(); w.now > acked && s.good == 0 {
					break
				}
			}
			longest = max(longest, w.now-acked)
		}
	}
	require.LessOrEqual(t, time.Duration(longest)*time.Microsecond, lead.FenceWait)
	require.Greater(t, time.Duration(longest)*time.Microsecond, lead.FenceWait-50*time.Millisecond)
}
