//go:build server

package server

import (
	"testing"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

func TestRvEmptyHive(t *testing.T) {
	r := release.Run(t, hive("safe"))
	r.Master.Delete()
	r.Master.Create()
	r.WaitInSync()
	l := r.Leader()
	t.Log("leader", l.Name)
	l.ForceDelete()
	l.Create()
	r.WaitSettled()
	t.Log("leader", r.Leader().Name)
	r.Fill("later", 100, 10)
}
