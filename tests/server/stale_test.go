//go:build server

package server

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// The replica stopped first, so what its volume holds is older than the master's:
// also where the file does not tell, as an append-only file does not.
func TestReplicasVolumeIsOlderThanTheMasters(t *testing.T) {
	t.Parallel()
	for _, persistence := range []string{"aof", "rdb"} {
		t.Run(persistence, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, release.Options{Replicas: 1, ReplicaVolumes: true, Persistence: persistence})
			r.Fill("old", 100, 100)
			require.Zero(t, r.Replicas[0].Delete())
			r.Fill("new", 100, 100)
			require.Zero(t, r.Master.Delete())

			r.Replicas[0].Create()
			waitKeys(t, r.Replicas[0], 100)
			r.Master.Create()
			r.WaitInSync()
			for _, p := range r.Pods() {
				p.RequireFilled("old", 100)
				p.RequireFilled("new", 100)
			}
		})
	}
}

// The replica's volume is all that is left, and its pod comes later than the
// master's, when its name does not exist yet. That an operator let the master start
// empty all the same does not put nothing in the place of something.
func TestReplicasVolumeIsAllThatIsLeft(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		persistence, emptyMaster string
		meanwhile                func(master *release.Pod)
	}{
		"aof, hold":  {"aof", "hold", func(master *release.Pod) { master.WaitState(release.Holding) }},
		"rdb, hold":  {"rdb", "hold", func(master *release.Pod) { master.WaitState(release.Holding) }},
		"aof, start": {"aof", "start", func(master *release.Pod) { master.WaitReady() }},
		"rdb, start": {"rdb", "start", func(master *release.Pod) { master.WaitReady() }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, release.Options{
				Replicas: 2, ReplicaVolumes: true, Persistence: tt.persistence, BootstrapWait: 2 * time.Second,
				Env: map[string]string{"EMPTY_MASTER": tt.emptyMaster},
			})
			r.Fill("key", 100, 100)
			for _, p := range r.Pods() {
				require.Zero(t, p.Delete())
			}
			r.Master.EmptyVolume()
			r.Master.Create()
			tt.meanwhile(r.Master)
			for _, p := range r.Replicas {
				p.Create()
			}
			r.WaitInSync()
			for _, p := range r.Pods() {
				p.RequireFilled("key", 100)
			}
		})
	}
}

// waitKeys waits until a server that may still load holds n keys.
func waitKeys(t *testing.T, p *release.Pod, n int64) {
	t.Helper()
	release.Eventually(t, release.Patience, fmt.Sprintf("%d keys on %s", n, p.Name), func() error {
		reply, err := p.Try("DBSIZE")
		if err == nil && reply.Int != n {
			err = fmt.Errorf("%d keys", reply.Int)
		}
		return err
	})
}

// What the master's server held is gone with its process, and the replicas that
// hold it were cut off some time before: none of them was in sync any more.
func TestEmptyMasterWaitsForReplicasThatWereCutOffBefore(t *testing.T) {
	t.Parallel()
	for _, persistence := range []string{"none", "rdb"} {
		t.Run(persistence, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, release.Options{
				Replicas: 2, Persistence: persistence, BootstrapWait: 2 * time.Second, Env: map[string]string{"MAX_LAG": "2s"},
			})
			r.Fill("key", 100, 100)
			for _, p := range r.Replicas {
				p.Freeze()
			}
			release.Eventually(t, release.Patience, "a master that knows it is alone", func() error {
				return expectMetric(r.Master, "valkey_effective_rf_min", "1")
			})
			release.Eventually(t, release.Patience, "a record that says so", func() error {
				content, err := os.ReadFile(filepath.Join(r.Master.Data(), "entrypoint-state.json"))
				if err == nil && strings.Contains(string(content), `"online"`) {
					err = errors.New("replicas are still listed as in sync")
				}
				return err
			})
			r.Master.KillServer()
			r.Master.WaitState(release.Holding)
			for _, p := range r.Replicas {
				p.Thaw()
			}
			r.WaitInSync()
			for _, p := range r.Pods() {
				p.RequireFilled("key", 100)
			}
		})
	}
}

// A replica was promoted and then lost; the others went on under the master. When
// it is back its data are old, although it still is a master.
func TestPromotedReplicaThatWasLostIsNotJoined(t *testing.T) {
	t.Parallel()
	for _, meanwhile := range []string{"knows of the new master", "knows nothing"} {
		t.Run(meanwhile, func(t *testing.T) {
			t.Parallel()
			r := release.Run(t, release.Options{
				Replicas: 2, BootstrapWait: 2 * time.Second, Password: password,
				Env: map[string]string{"DISKLESS_SYNC_DELAY": "3"},
			})
			r.Fill("old", 100, 100)
			r.Master.KillServer()
			promoted := waitPromoted(t, r)
			other := r.Replicas[0]
			if other == promoted {
				other = r.Replicas[1]
			}
			// It is to be promoted next, so it must hold the data.
			release.Eventually(t, release.Patience, "the other to hold the data", func() error { return holds(other, 100) })
			promoted.Freeze()
			// The link to a frozen server ends only with its timeout, so this one starts anew.
			r.Master.KillServer()
			r.Master.WaitReady()
			fill(t, r, other, "new", 100)

			r.Master.Kill()
			promoted.Thaw()
			if meanwhile == "knows of the new master" {
				release.Eventually(t, release.Patience, "the lost replica to be master no more", func() error {
					info, err := promoted.Info()
					if err == nil && info["role"] != "slave" {
						err = fmt.Errorf("it is %s", info["role"])
					}
					return err
				})
			}
			r.Master.Start()
			r.WaitInSync()
			for _, p := range r.Pods() {
				p.RequireFilled("old", 100)
				p.RequireFilled("new", 100)
			}
		})
	}
}

func holds(p *release.Pod, n int64) error {
	reply, err := p.Try("DBSIZE")
	if err == nil && reply.Int != n {
		err = fmt.Errorf("%s holds %d keys", p.Name, reply.Int)
	}
	return err
}

// fill writes n keys and waits until one replica holds them.
func fill(t *testing.T, r *release.Release, replica *release.Pod, prefix string, n int) {
	t.Helper()
	for i := range n {
		r.Master.Do("SET", fmt.Sprintf("%s:%d", prefix, i), "v")
	}
	release.Eventually(t, release.Patience, "a replica that holds them", func() error {
		reply, err := replica.Try("EXISTS", fmt.Sprintf("%s:%d", prefix, n-1))
		if err == nil && reply.Int != 1 {
			err = fmt.Errorf("%s does not hold them", replica.Name)
		}
		return err
	})
}
