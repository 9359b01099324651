//go:build server

package server

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// In the middle of a roll mastership goes to a pod that will not be replaced soon.
func TestHeirIsOfTheNewRevision(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1} {
		t.Run(nameOfReplica(n), func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, release.Options{Moves: true, Replicas: 2})
			load := r.LoadWith(r.Clients())
			updated := r.Replicas[n]
			updated.Env["REVISION"] = "two"
			replace(t, updated)
			r.WaitAcknowledged(load, 50)
			r.Master.Delete()
			require.Equal(t, updated, r.Leader())
			r.Master.Create()
			ledger := load.Stop()
			r.WaitSettled()
			requireUnnoticed(t, r, ledger)
		})
	}
}

func nameOfReplica(n int) string { return []string{"replica-0", "replica-1"}[n] }

// A replica that stops itself becomes no master.
func TestHeirThatStopsIsNotChosen(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1} {
		t.Run(nameOfReplica(n), func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, release.Options{Moves: true, Replicas: 2})
			load := r.LoadWith(r.Clients())
			r.WaitAcknowledged(load, 50)
			leaving := r.Replicas[n]
			leaving.BeginTerminate()
			leaving.WaitState(release.Leaving)
			r.Master.BeginTerminate()
			recreate(t, leaving, r.Master)
			require.Equal(t, r.Replicas[1-n], r.Leader())
			r.WaitAcknowledged(load, 50)
			ledger := load.Stop()
			r.WaitSettled()
			requireUnnoticed(t, r, ledger)
		})
	}
}

// Nobody is in sync: the master serves for as long as it may wait, and then stops with
// its data saved.
func TestNobodyIsInSyncWhenTheMasterStops(t *testing.T) {
	t.Parallel()
	for _, persistence := range []string{"rdb", "aof"} {
		for _, silence := range silences {
			t.Run(persistence+", "+silence.name, func(t *testing.T) {
				t.Parallel()
				r := release.Run(t, release.Options{Moves: true, Replicas: 2, Persistence: persistence})
				load := r.LoadWith(r.Master.Clients())
				r.WaitAcknowledged(load, 50)
				for _, p := range r.Replicas {
					silence.away(p)
				}
				r.Master.BeginTerminate()
				r.Master.WaitState(release.Leaving)
				r.WaitAcknowledged(load, 50)
				require.Zero(t, r.Master.WaitExit())
				ledger := load.Stop()
				r.Master.Start()
				r.Master.WaitReady()
				for _, p := range r.Replicas {
					silence.again(p)
				}
				r.WaitInSync()
				requireNothingLost(t, r, ledger)
			})
		}
	}
}

// One pod has another password than the rest: it replicates nothing, and nothing waits
// for it.
func TestWrongPasswordOnOnePod(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1} {
		t.Run(nameOfReplica(n), func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, release.Options{Moves: true, Replicas: 2, Password: password})
			load := r.LoadWith(r.Clients())
			wrong := r.Replicas[n]
			file := filepath.Join(t.TempDir(), "password")
			require.NoError(t, os.WriteFile(file, []byte("another"), 0o600))
			wrong.Env["PASSWORD_FILE"] = file
			wrong.Delete()
			wrong.Create()
			wrong.WaitUnready()
			r.WaitAcknowledged(load, 50)
			require.Zero(t, r.Master.Delete())
			status, err := r.Replicas[1-n].Status()
			require.NoError(t, err)
			require.Equal(t, "master", status.Role)
			r.Master.Create()
			r.Master.WaitReady()
			r.WaitAcknowledged(load, 50)
			require.Error(t, wrong.Ready())
			require.Zero(t, wrong.Terminate(), "nor does it hang itself")
			ledger := load.Stop()
			r.WaitSettled()
			requireUnnoticed(t, r, ledger)
		})
	}
}

// The master's server itself has a wrong password for replication: handed over, it
// could follow nobody. It stops all the same, and nothing is lost.
func TestMasterCannotLogInToItsHeir(t *testing.T) {
	t.Parallel()
	r := release.Run(t, release.Options{Moves: true, Replicas: 2, Password: password, Persistence: "rdb"})
	load := r.LoadWith(r.Clients())
	r.WaitAcknowledged(load, 50)
	r.Master.Do("CONFIG", "SET", "masterauth", "wrong")
	watch := watchMasters(t, r)
	r.Master.BeginTerminate()
	require.Zero(t, r.Master.WaitExit())
	r.Master.Remove()
	r.Master.Create()
	r.WaitAcknowledged(load, 50)
	ledger := load.Stop()
	watch.stop()
	r.WaitSettled()
	requireNothingLost(t, r, ledger)
}
