//go:build server

package server

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/library"
	"github.com/helm-valkey/helm-valkey/tests/server/release"
	"github.com/helm-valkey/helm-valkey/tests/writer"
)

// startApplications starts applications that write through a library, which is told of the
// Sentinels.
func startApplications(r *release.Release, l library.Library) *writer.Load {
	r.TB.Helper()
	var sentinels []string
	for _, p := range r.Sentinels {
		sentinels = append(sentinels, net.JoinHostPort(p.IP, release.SentinelPort))
	}
	client, err := l.Open(library.Options{Sentinels: sentinels, Password: password, Dialer: r.Dial})
	require.NoError(r.TB, err)
	options := writer.Defaults("")
	options.Pause, options.Wait, options.Timeout = time.Millisecond, 0, 3*time.Second
	return r.LoadWith(client.Writers(options))
}

// waitReady waits until there is a master and all pods are ready. While direct clients
// write, nobody is in sync for longer than a moment.
func waitReady(r *release.Release) {
	r.TB.Helper()
	r.Leader()
	for _, p := range r.Pods() {
		p.WaitReady()
	}
}

// Applications that find the master through Sentinels notice of a planned stop that it is
// another for a moment, and lose nothing.
func TestClientLibrariesAndPlannedStops(t *testing.T) {
	t.Parallel()
	for _, l := range library.All {
		t.Run(l.Name, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, watched(1, 2))
			load := startApplications(r, l)
			for range 3 {
				time.Sleep(time.Second)
				leader := r.Leader()
				leader.Delete()
				leader.Create()
				waitReady(r)
			}
			time.Sleep(time.Second)
			ledger := load.Stop()
			r.WaitSettled()
			for i := range writer.Writers {
				kept := ledger.Of(i).Summary()
				t.Logf("%d writes, longest gap %s", kept.Acknowledged, kept.LongestGap)
				require.Less(t, kept.LongestGap, 1500*time.Millisecond)
			}
			requireNothingLost(t, r, ledger)
		})
	}
}

// They find the next master when it is lost, too.
func TestClientLibrariesAndLosses(t *testing.T) {
	t.Parallel()
	losses := map[string]func(p *release.Pod){
		"its server is killed": func(p *release.Pod) { p.KillServer() },
		"its pod is deleted by force": func(p *release.Pod) {
			p.ForceDelete()
			p.Create()
		},
		"its server hangs": func(p *release.Pod) { p.FreezeServer() },
	}
	for _, l := range library.All {
		for loss, lose := range losses {
			t.Run(l.Name+", "+loss, func(t *testing.T) {
				t.Parallel()
				r := release.Run(t, watched(1, 2))
				load := startApplications(r, l)
				time.Sleep(time.Second)
				lose(r.Leader())
				time.Sleep(6 * time.Second)
				waitReady(r)
				ledger := load.Stop()
				for i := range writer.Writers {
					written := ledger.Of(i)
					t.Logf("%d writes, longest gap %s", len(written.Writes), written.Summary().LongestGap)
					require.NotEmpty(t, written.Writes)
					last := written.Writes[len(written.Writes)-1].At
					require.Less(t, ledger.Elapsed-last, 2*time.Second, "it writes again")
				}
			})
		}
	}
}
