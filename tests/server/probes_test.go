//go:build server

package server

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// slowLoading makes the server spend half a millisecond on each key of a snapshot,
// and each command of an append-only file, that it loads, and look up from its work
// often.
const slowLoading = "key-load-delay 500\nloading-process-events-interval-bytes 1024"

func waitLoading(t *testing.T, p *release.Pod) {
	t.Helper()
	release.Eventually(t, release.Patience, p.Name+" to load", func() error {
		status, err := p.Status()
		if err == nil && !status.Loading {
			err = fmt.Errorf("state %q, loading %t", status.State, status.Loading)
		}
		return err
	})
}

func TestProbesWhileLoading(t *testing.T) {
	t.Parallel()
	for _, persistence := range []string{"aof", "rdb"} {
		t.Run(persistence, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, release.Options{Standalone: true, Persistence: persistence})
			r.FillSingly("key", 20_000, 100)
			require.Zero(t, r.Master.Terminate())
			r.Configure(slowLoading)
			r.Master.Start()
			waitLoading(t, r.Master)
			release.Throughout(t, 2*time.Second, "live and not ready while it loads", func() error {
				// In this order: what was still loading afterwards was so before.
				live, unready := r.Master.Live(), r.Master.Unready()
				status, err := r.Master.Status()
				switch {
				case err != nil:
					return err
				case live != nil:
					return live
				case status.Loading:
					return unready
				default:
					return nil
				}
			})
			r.WaitInSync()
			startup, err := r.Master.Probe("/startup")
			require.NoError(t, err)
			require.True(t, startup.OK, startup.Reason)
		})
	}
}

func TestProbesOfAHungServer(t *testing.T) {
	t.Parallel()
	r := release.Run(t, release.Options{Replicas: 1})
	r.Master.FreezeServer()
	r.Master.WaitUnready()
	release.Eventually(t, release.Patience, "a hung server not to be live", func() error {
		check, err := r.Master.Probe("/live")
		if err == nil && check.OK {
			err = fmt.Errorf("still live")
		}
		return err
	})
	require.NoError(t, r.Replicas[0].Live(), "a replica's life does not depend on its master")
	r.Master.ThawServer()
	r.WaitInSync()
	require.NoError(t, r.Master.Live())
}

func TestReplicaThatFallsBehindIsNotReady(t *testing.T) {
	t.Parallel()
	r := release.Run(t, release.Options{
		Replicas:      1,
		Configuration: "repl-ping-replica-period 1",
		Env:           map[string]string{"MAX_LAG": "2s"},
	})
	release.Eventually(t, release.Patience, "a replica that counts", func() error {
		return expectMetric(r.Master, "valkey_effective_rf_min", "2")
	})
	r.Master.FreezeServer()
	r.Replicas[0].WaitUnready()
	r.Master.ThawServer()
	r.WaitInSync()

	r.Replicas[0].FreezeServer()
	release.Eventually(t, release.Patience, "a replica that does not count", func() error {
		return expectMetric(r.Master, "valkey_effective_rf_min", "1")
	})
	require.NoError(t, expectMetric(r.Master, "valkey_underreplicated", "1"))
	r.Replicas[0].ThawServer()
	r.WaitInSync()
	release.Eventually(t, release.Patience, "a replica that counts again", func() error {
		return expectMetric(r.Master, "valkey_effective_rf_min", "2")
	})
}

func expectMetric(p *release.Pod, name, want string) error {
	if got := p.Metric(name); got != want {
		return fmt.Errorf("%s of %s is %s, not %s", name, p.Name, got, want)
	}
	return nil
}

func TestProbesWhileTheMasterIsAway(t *testing.T) {
	t.Parallel()
	r := release.Run(t, release.Options{Replicas: 1, Persistence: "aof"})
	require.Zero(t, r.Master.Terminate())
	r.Replicas[0].WaitUnready()
	require.NoError(t, r.Replicas[0].Live())
	r.Master.Start()
	r.WaitInSync()
}
