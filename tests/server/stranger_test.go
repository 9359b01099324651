//go:build server

package server

import (
	"testing"
	"time"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// The address of the master's pod goes to the master of another release, and
// nothing but the address keeps them apart: there is no password.
func TestForeignMasterAtTheMastersAddress(t *testing.T) {
	t.Parallel()
	r := release.Run(t, release.Options{Replicas: 1})
	r.Fill("key", 100, 100)
	foreign := release.New(t, release.Options{Env: map[string]string{"CLUSTER_ID": "other/hv"}})
	r.Master.ForceDelete()
	r.Replicas[0].WaitUnready()
	// No system gives an address to somebody else at once.
	time.Sleep(5 * time.Second)
	foreign.Master.IP = r.Master.IP
	foreign.Publish(foreign.Master, foreign.Master.IP)
	foreign.Master.Start()
	foreign.Master.WaitReady()
	foreign.Fill("foreign", 10, 10)
	release.Throughout(t, 5*time.Second, "a replica that keeps its data", func() error { return holds(r.Replicas[0], 100) })

	r.Master.Create()
	r.WaitInSync()
	for _, p := range r.Pods() {
		p.RequireFilled("key", 100)
	}
}
