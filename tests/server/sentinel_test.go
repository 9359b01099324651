//go:build server

package server

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// watched are the options of servers whose master three Sentinels decide on.
func watched(masters, replicas int) release.Options {
	return release.Options{Sentinels: 3, Masters: masters, Replicas: replicas, Password: password}
}

// The first start makes one of the pods master; all Sentinels know it.
func TestSentinelsFirstStart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ masters, replicas int }{{1, 2}, {3, 0}, {2, 1}} {
		r := release.Run(t, watched(c.masters, c.replicas))
		require.Equal(t, r.Master, r.Leader())
	}
}

// The master is lost in one way or another, and comes back.
func TestSentinelsMasterIsLost(t *testing.T) {
	t.Parallel()
	losses := []struct {
		name string
		lose func(p *release.Pod)
	}{
		{"its server is killed", func(p *release.Pod) { p.KillServer() }},
		{"its container is killed", func(p *release.Pod) {
			p.Kill()
			p.Start()
		}},
		{"its pod is deleted by force", func(p *release.Pod) {
			p.ForceDelete()
			p.Create()
		}},
		{"its pod stops", func(p *release.Pod) {
			p.Delete()
			p.Create()
		}},
	}
	for _, loss := range losses {
		for _, masters := range []int{1, 3} {
			t.Run(loss.name, func(t *testing.T) {
				t.Parallel()
				options := watched(masters, 3-masters)
				options.Persistence = "aof"
				r := release.Run(t, options)
				load := confirmedLoad(r)
				for range 2 {
					r.WaitReplicated(load, 100)
					loss.lose(r.Leader())
					r.WaitReplicated(load, 100)
					r.WaitSettled()
				}
				r.RequireKept(load.Stop())
			})
		}
	}
}
