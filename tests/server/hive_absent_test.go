//go:build server

package server

import (
	"fmt"
	"testing"
	"time"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// A name that does not exist, as far as a pod hears: its pod may exist all the same,
// and serve the master that this one does not hear.
func TestHiveAbsentReplicaServesTheMaster(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		apart func(r *release.Release, alone, other *release.Pod)
	}{
		{
			name: "its name was denied before it was there",
			apart: func(r *release.Release, alone, other *release.Pod) {
				alone.Hide(other)
				time.Sleep(time.Second)
				r.Isolate(release.Drop, alone)
				r.Mend(alone, other)
			},
		},
		{
			name: "it comes while the other is electing",
			apart: func(r *release.Release, alone, other *release.Pod) {
				other.Delete()
				time.Sleep(3 * time.Second) // nobody remembers it
				r.Isolate(release.Drop, alone)
				r.Mend(alone, other)
				time.Sleep(2 * time.Second)
				other.Create()
			},
		},
	}
	for _, policy := range []string{"safe", "available"} {
		for _, c := range cases {
			t.Run(policy+", "+c.name, func(t *testing.T) {
				t.Parallel()
				r := release.Run(t, hive(policy))
				alone, other := r.Replicas[0], r.Replicas[1]
				load := r.LoadWith(impatient(r.Master))
				r.WaitReplicated(load, 50)
				c.apart(r, alone, other)
				r.WaitReplicated(load, 50)
				release.Throughout(t, 9*time.Second, "one master", func() error {
					info, err := r.Master.Info()
					if err == nil && info["role"] != "master" {
						err = fmt.Errorf("%s is %s", r.Master.Name, info["role"])
					}
					if err == nil && refusesWrites(alone) != nil {
						err = refusesWrites(alone)
					}
					return err
				})
				r.WaitReplicated(load, 50)
				alone.Hide()
				r.Heal()
				r.WaitInSync()
				r.RequireKept(load.Stop())
			})
		}
	}
}
