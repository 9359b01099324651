//go:build server

package server

import (
	"testing"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
	"github.com/helm-valkey/helm-valkey/tests/writer"
)

// hive are the options of three pods of which any may be master.
func hive(policy string) release.Options {
	return release.Options{Hive: policy, Replicas: 2, Password: password}
}

// confirmedLoad are clients that ask of each write whether a replica has it.
func confirmedLoad(r *release.Release) *writer.Load {
	options := writer.Defaults("")
	options.Endpoint = r.Endpoint
	return r.LoadWith(options)
}

// losses are the ways in which a master is lost, and comes back.
var losses = []struct {
	name string
	lose func(p *release.Pod)
}{
	{"its server is killed", func(p *release.Pod) { p.KillServer() }},
	{"its entrypoint is killed", func(p *release.Pod) {
		p.KillEntrypoint()
		p.Start()
	}},
	{"its container is killed", func(p *release.Pod) {
		p.Kill()
		p.Start()
	}},
	{"its pod is deleted by force", func(p *release.Pod) {
		p.ForceDelete()
		p.Create()
	}},
	{"its pod is deleted by force, and its data with it", func(p *release.Pod) {
		p.ForceDelete()
		p.EmptyVolume()
		p.Create()
	}},
	{"its pod stops", func(p *release.Pod) {
		p.Delete()
		p.Create()
	}},
}

// loseTwice has a master be lost in one way, and the next one: each time there is one
// master again, and no write is lost that a replica had acknowledged.
func loseTwice(t *testing.T, options release.Options, lose func(p *release.Pod)) {
	r := release.Run(t, options)
	load := confirmedLoad(r)
	for range 2 {
		r.WaitReplicated(load, 100)
		lose(r.Leader())
		r.WaitReplicated(load, 100)
		r.WaitSettled()
	}
	r.RequireKept(load.Stop())
}

func TestHiveMasterIsLost(t *testing.T) {
	t.Parallel()
	for _, loss := range losses {
		for _, persistence := range []string{"none", "aof"} {
			t.Run(loss.name+", "+persistence, func(t *testing.T) {
				t.Parallel()
				options := hive("safe")
				options.Persistence = persistence
				loseTwice(t, options, loss.lose)
			})
		}
	}
}
