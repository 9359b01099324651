package volume

import (
	"testing"

	"github.com/helm-valkey/helm-valkey/ci/cluster/api"
)

func claim(uid, phase, provisioner string) api.Object {
	return api.Object{
		Metadata: api.Metadata{Name: "data", Namespace: "ns", UID: uid, Annotations: map[string]string{asked: provisioner}},
		Spec: map[string]any{
			"accessModes": []any{"ReadWriteOnce"},
			"resources":   map[string]any{"requests": map[string]any{"storage": "8Gi"}},
		},
		Status: api.Status{Phase: phase},
	}
}

func pv(name, phase, provisioner string) api.Object {
	return api.Object{
		Metadata: api.Metadata{Name: name, Annotations: map[string]string{providing: provisioner}},
		Status:   api.Status{Phase: phase},
	}
}

func TestPlan(t *testing.T) {
	create, remove := plan(
		[]api.Object{
			claim("new", "Pending", Provisioner),
			claim("bound", "Bound", Provisioner),
			claim("half", "Pending", Provisioner),
			claim("foreign", "Pending", "example.org/disk"),
		},
		[]api.Object{
			pv("pvc-bound", "Bound", Provisioner),
			pv("pvc-half", "Available", Provisioner),
			pv("pvc-gone", "Released", Provisioner),
			pv("pvc-other", "Released", "example.org/disk"),
		},
	)
	if len(create) != 1 || create[0].Metadata.UID != "new" {
		t.Errorf("creates %v", create)
	}
	if len(remove) != 1 || remove[0].Metadata.Name != "pvc-gone" {
		t.Errorf("removes %v", remove)
	}
}

func TestPersistentVolume(t *testing.T) {
	v := persistentVolume(claim("u", "Pending", Provisioner), "/x/pvc-u")
	if got := v.Spec["capacity"].(map[string]any)["storage"]; got != "8Gi" {
		t.Errorf("got capacity %v", got)
	}
	if got := v.Spec["claimRef"].(map[string]any)["uid"]; got != "u" {
		t.Errorf("is for the claim %v", got)
	}
}

func TestRemoveStaysInItsFolder(t *testing.T) {
	s := Server{Dir: t.TempDir()}
	for _, name := range []string{"pvc-/../../x", "other", "pvc-a/b"} {
		if err := s.remove(t.Context(), pv(name, "Released", Provisioner)); err == nil {
			t.Errorf("%q was removed", name)
		}
	}
}
