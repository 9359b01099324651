//go:build server

package server

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// What matters most, on every engine: handovers nobody notices, and a hive whose
// master's server is killed, hangs, or is cut off.
func TestEveryEngineHandsOver(t *testing.T) {
	t.Parallel()
	for _, engine := range release.Engines(t) {
		t.Run(engine.Name, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, release.Options{Engine: engine, Moves: true, Replicas: 2, Password: password})
			load := r.LoadWith(r.Clients())
			for range 4 {
				r.WaitAcknowledged(load, 50)
				replace(t, r.Leader())
			}
			ledger := load.Stop()
			r.WaitSettled()
			requireUnnoticed(t, r, ledger)
		})
	}
}

func TestEveryEngineElects(t *testing.T) {
	t.Parallel()
	for _, engine := range release.Engines(t) {
		t.Run(engine.Name, func(t *testing.T) {
			t.Parallel()
			options := hive("safe")
			options.Engine = engine
			r := release.Run(t, options)
			load := confirmedLoad(r)
			r.WaitReplicated(load, 50)

			leader := r.Leader()
			leader.KillServer()
			r.WaitReplicated(load, 50)
			require.NotEqual(t, leader, r.Leader())

			leader = r.Leader()
			leader.FreezeServer()
			r.WaitReplicated(load, 50)
			require.NotEqual(t, leader, r.Leader())
			leader.ThawServerIfStopped()

			leader = r.Leader()
			r.Isolate(release.Drop, leader)
			r.WaitReplicated(load, 50)
			r.Heal()
			require.NotEqual(t, leader, r.Leader())

			r.WaitReplicated(load, 50)
			ledger := load.Stop()
			r.WaitSettled()
			r.RequireKept(ledger)
		})
	}
}

// pairs are upgrades, and what their servers can't do: replicate from a newer one.
// Servers of one kind read what older ones write; an older one refuses the snapshot of
// a newer one whose format it does not know.
var pairs = []struct {
	from, to string
	back     bool // the old server can also follow the new one
}{
	{"valkey-8.0", "valkey-8.1", true},
	{"valkey-8.1", "valkey-9.1", true},
	{"valkey-8.0", "valkey-9.1", true},
	{"redis-7.0", "redis-8.0", false},
	{"redis-7.0", "valkey-8.0", false},
	{"redis-7.0", "valkey-9.1", false},
}

// The pods are replaced one by one with those of a newer server, the replicas first,
// and the writers notice nothing.
func TestUpgradeOfTheServer(t *testing.T) {
	t.Parallel()
	for _, pair := range pairs {
		t.Run(pair.from+" to "+pair.to, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, release.Options{Engine: engineNamed(t, pair.from), Moves: true, Replicas: 2, Password: password})
			upgrade := func(p *release.Pod) {
				p.Env["SERVER"] = engineNamed(t, pair.to).Server()
				p.Env["REVISION"] = "two"
				replace(t, p)
			}
			load := r.LoadWith(r.Clients())
			r.WaitAcknowledged(load, 50)
			upgrade(r.Replicas[1])
			r.WaitAcknowledged(load, 50)
			upgrade(r.Replicas[0])
			r.WaitAcknowledged(load, 50)
			upgrade(r.Master)
			r.WaitAcknowledged(load, 50)
			ledger := load.Stop()
			leader := r.WaitSettled()
			require.NotEqual(t, r.Master, leader)
			requireUnnoticed(t, r, ledger)
		})
	}
}

// In the middle of an upgrade a master of the new release has replicas of the old.
func TestOldReplicaOfANewMaster(t *testing.T) {
	t.Parallel()
	for _, pair := range pairs {
		if !pair.back {
			continue
		}
		t.Run(pair.from+" after "+pair.to, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, release.Options{Engine: engineNamed(t, pair.from), Moves: true, Replicas: 2})
			load := r.LoadWith(r.Clients())
			r.WaitAcknowledged(load, 50)
			updated := r.Replicas[1]
			updated.Env["SERVER"] = engineNamed(t, pair.to).Server()
			updated.Env["REVISION"] = "two"
			replace(t, updated)
			r.WaitAcknowledged(load, 50)
			// It stays as old as it was, and takes in everything from the new one.
			replace(t, r.Master)
			r.WaitAcknowledged(load, 50)
			ledger := load.Stop()
			require.Equal(t, updated, r.WaitSettled())
			requireUnnoticed(t, r, ledger)
			// And back, while the rest is old.
			load = r.LoadWith(r.Clients())
			r.WaitAcknowledged(load, 50)
			replace(t, updated)
			r.WaitAcknowledged(load, 50)
			ledger = load.Stop()
			r.WaitSettled()
			requireUnnoticed(t, r, ledger)
		})
	}
}

// An old server that can't read what the new master sends is never ready, and in
// nobody's way: writers go on, and it may be replaced as well.
func TestOldReplicaThatCannotFollowANewMaster(t *testing.T) {
	t.Parallel()
	for _, pair := range pairs {
		if pair.back {
			continue
		}
		t.Run(pair.from+" after "+pair.to, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, release.Options{Engine: engineNamed(t, pair.from), Moves: true, Replicas: 2})
			load := r.LoadWith(r.Clients())
			r.WaitAcknowledged(load, 50)
			upgrade := func(p *release.Pod) {
				p.Env["SERVER"] = engineNamed(t, pair.to).Server()
				p.Env["REVISION"] = "two"
				p.Delete()
				p.Create()
			}
			upgrade(r.Replicas[1])
			r.Replicas[1].WaitReady()
			r.WaitAcknowledged(load, 50)
			old := r.Master
			old.Delete()
			require.Equal(t, r.Replicas[1], r.Leader())
			old.Create()
			old.WaitUnready()
			release.Throughout(t, 3*time.Second, "an old server that is not ready", old.Unready)
			r.WaitAcknowledged(load, 50)
			upgrade(old)
			upgrade(r.Replicas[0])
			r.WaitAcknowledged(load, 50)
			ledger := load.Stop()
			r.WaitSettled()
			requireUnnoticed(t, r, ledger)
		})
	}
}

func engineNamed(t *testing.T, name string) release.Engine {
	t.Helper()
	for _, engine := range release.Engines(t) {
		if engine.Name == name {
			return engine
		}
	}
	t.Skipf("%s is not in the cache", name)
	return release.Engine{}
}
