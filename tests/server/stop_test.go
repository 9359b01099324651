//go:build server

package server

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

const snapshot = "dump.rdb"

func TestStop(t *testing.T) {
	t.Parallel()
	for _, s := range setups(t) {
		t.Run(s.name(), func(t *testing.T) {
			t.Parallel()
			options := s.options(0)
			options.Standalone = true
			r := release.Run(t, options)
			r.Fill("key", 100, 100)
			require.Zero(t, r.Master.Terminate(), "exit code")
			require.Equal(t, s.persistence == "rdb", contains(r.Master.Files(), snapshot), "files %v", r.Master.Files())

			r.Master.Start()
			r.WaitInSync()
			if s.persistence == "none" {
				require.Zero(t, r.Master.Keys())
			} else {
				r.Master.RequireFilled("key", 100)
			}
		})
	}
}

// The whole release is stopped and started again, the master last and first.
func TestStopAll(t *testing.T) {
	t.Parallel()
	for _, persistence := range []string{"aof", "rdb"} {
		t.Run(persistence, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, release.Options{Replicas: 2, Persistence: persistence, Password: password})
			load := r.Load()
			r.WaitReplicated(load, 100)
			ledger := load.Stop()
			for _, p := range r.Pods() {
				require.Zero(t, p.Delete(), "exit code of %s", p.Name)
			}
			for _, p := range r.Pods() {
				p.Create()
			}
			r.WaitInSync()
			require.Zero(t, r.RequireKept(ledger).Lost)
		})
	}
}

// A server that has not loaded its data yet looks empty. What it would write now
// must not take the place of the data.
func TestStopWhileLoading(t *testing.T) {
	t.Parallel()
	r := release.Run(t, release.Options{Standalone: true, Persistence: "rdb"})
	r.Fill("key", 20_000, 100)
	require.Zero(t, r.Master.Terminate())
	before, err := os.ReadFile(filepath.Join(r.Master.Data(), snapshot))
	require.NoError(t, err)

	r.Configure(slowLoading)
	r.Master.Start()
	waitLoading(t, r.Master)
	r.Master.Terminate()
	after, err := os.ReadFile(filepath.Join(r.Master.Data(), snapshot))
	require.NoError(t, err)
	require.Equal(t, len(before), len(after), "size of the snapshot")

	r.Configure("")
	r.Master.Start()
	r.WaitInSync()
	r.Master.RequireFilled("key", 20_000)
}

func TestStopWithoutAServer(t *testing.T) {
	t.Parallel()
	r := alone(t, release.Options{BootstrapWait: time.Second}, func(p *release.Pod) { p.Freeze() })
	r.Master.WaitState(release.Holding)
	require.Zero(t, r.Master.Terminate(), "exit code of a pod that held")
}

// A stopped master lets the replicas have its last writes: they take over
// nothing, and it comes back with all of them.
func TestStopUnderLoad(t *testing.T) {
	t.Parallel()
	for _, persistence := range []string{"aof", "rdb", "none"} {
		t.Run(persistence, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, release.Options{Replicas: 2, Persistence: persistence})
			load := r.Load()
			r.WaitReplicated(load, 100)
			require.Zero(t, r.Master.Terminate(), "exit code")
			r.Master.Start()
			r.WaitReplicated(load, 100)
			ledger := load.Stop()
			r.WaitInSync()
			finding := r.RequireKept(ledger)
			require.Zero(t, finding.Lost, "a clean stop loses nothing: %v", finding.Examples)
		})
	}
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}
