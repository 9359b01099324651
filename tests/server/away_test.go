//go:build server

package server

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
	"github.com/helm-valkey/helm-valkey/tests/writer"
)

// confirmed are writers on the write Service that ask of each write whether a replica
// has it.
func confirmed(r *release.Release) writer.Options {
	options, usual := r.Clients(), writer.Defaults("")
	options.Wait, options.Timeout = usual.Wait, usual.Timeout
	return options
}

// The server dies of a replica's pod that is master, as after a restart of the master's
// own pod. That takes over at once, however long the dead one waits for its restart.
func TestMasterAwayFromHomeIsKilled(t *testing.T) {
	t.Parallel()
	for _, persistence := range []string{"none", "rdb", "aof"} {
		for _, volumes := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, volumes of replicas %t", persistence, volumes), func(t *testing.T) {
				t.Parallel()
				r := release.Run(t, release.Options{
					Moves: true, Replicas: 2, Persistence: persistence, ReplicaVolumes: volumes, Password: password,
					BootstrapWait: never,
				})
				for range 4 {
					replace(t, r.Master)
					leader := r.WaitSettled()
					require.NotEqual(t, r.Master, leader)
					load := r.LoadWith(confirmed(r))
					r.WaitReplicated(load, 100)
					leader.KillServer()
					r.WaitReplicated(load, 100)
					ledger := load.Stop()
					r.WaitSettled()
					r.RequireKept(ledger)
					t.Logf("%s killed: %s without writes", leader.Name, ledger.Summary().LongestGap.Round(time.Millisecond))
				}
			})
		}
	}
}
