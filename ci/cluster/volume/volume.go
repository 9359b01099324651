// Package volume provides the volumes of the StorageClass "standard": a folder of the machine for
// each claim, which every node sees, as a network disk would be seen. A folder goes when its claim
// goes.
package volume

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/helm-valkey/helm-valkey/ci/cluster/api"
)

const (
	// Provisioner is the name under which the StorageClass asks for this one.
	Provisioner = "helm-valkey.dev/hostpath"
	// Class is the StorageClass.
	Class = "standard"

	asked     = "volume.kubernetes.io/storage-provisioner"
	providing = "pv.kubernetes.io/provisioned-by"

	claimsPath  = "/api/v1/persistentvolumeclaims"
	volumesPath = "/api/v1/persistentvolumes"

	// again is how long a change may go unseen when a watch breaks.
	again = 5 * time.Second
)

// StorageClass is the object that makes claims come here.
func StorageClass() map[string]any {
	return map[string]any{
		"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
		"metadata": map[string]any{
			"name":        Class,
			"annotations": map[string]string{"storageclass.kubernetes.io/is-default-class": "true"},
		},
		"provisioner":          Provisioner,
		"reclaimPolicy":        "Delete",
		"volumeBindingMode":    "Immediate",
		"allowVolumeExpansion": false,
	}
}

// Server provides volumes.
type Server struct {
	Client *api.Client
	// Dir holds the volumes' folders.
	Dir string
	Log *slog.Logger
}

// Run provides volumes until the context is done. It compares what is with what should be whenever
// something changed, so it may be stopped and started at any time.
func (s Server) Run(ctx context.Context) {
	for ctx.Err() == nil {
		claims, errC := s.Client.Version(ctx, claimsPath)
		volumes, errV := s.Client.Version(ctx, volumesPath)
		if err := errors.Join(errC, errV, s.reconcile(ctx)); err != nil {
			s.Log.Error("provide volumes", "error", err)
			sleep(ctx, time.Second)
			continue
		}
		s.wait(ctx, claims, volumes)
	}
}

// wait returns when a claim or a volume has changed.
func (s Server) wait(ctx context.Context, claims, volumes string) {
	ctx, cancel := context.WithTimeout(ctx, again)
	defer cancel()
	woken := make(chan struct{}, 2)
	for path, version := range map[string]string{claimsPath: claims, volumesPath: volumes} {
		go func() {
			// An error is a reason to look again, too, but not at once.
			if err := s.Client.Wait(ctx, path, version); err != nil {
				sleep(ctx, time.Second)
			}
			woken <- struct{}{}
		}()
	}
	<-woken
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (s Server) reconcile(ctx context.Context) error {
	claims, err := s.Client.List(ctx, claimsPath)
	if err != nil {
		return err
	}
	volumes, err := s.Client.List(ctx, volumesPath)
	if err != nil {
		return err
	}
	create, remove := plan(claims, volumes)
	var failed []error
	for _, v := range remove {
		failed = append(failed, s.remove(ctx, v))
	}
	for _, c := range create {
		failed = append(failed, s.create(ctx, c))
	}
	return errors.Join(failed...)
}

// plan decides which claims need a volume and which volumes have lost their claim.
func plan(claims, volumes []api.Object) (create, remove []api.Object) {
	have := map[string]bool{}
	for _, v := range volumes {
		have[v.Metadata.Name] = true
		if v.Metadata.Annotations[providing] == Provisioner && v.Status.Phase == "Released" {
			remove = append(remove, v)
		}
	}
	for _, c := range claims {
		if c.Metadata.Annotations[asked] == Provisioner && c.Status.Phase == "Pending" && !have[nameOf(c)] {
			create = append(create, c)
		}
	}
	return create, remove
}

func nameOf(claim api.Object) string { return "pvc-" + claim.Metadata.UID }

func (s Server) create(ctx context.Context, claim api.Object) error {
	dir := filepath.Join(s.Dir, nameOf(claim))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("volume of %s/%s: %w", claim.Metadata.Namespace, claim.Metadata.Name, err)
	}
	// The kubelet does not hand a folder of the machine over to fsGroup.
	if err := os.Chmod(dir, 0o777|os.ModeSetgid); err != nil {
		return fmt.Errorf("volume of %s/%s: %w", claim.Metadata.Namespace, claim.Metadata.Name, err)
	}
	err := s.Client.Create(ctx, volumesPath, persistentVolume(claim, dir))
	if err != nil && !errors.Is(err, api.ErrConflict) {
		return fmt.Errorf("volume of %s/%s: %w", claim.Metadata.Namespace, claim.Metadata.Name, err)
	}
	s.Log.Info("provided", "volume", nameOf(claim), "namespace", claim.Metadata.Namespace, "claim", claim.Metadata.Name)
	return nil
}

func persistentVolume(claim api.Object, dir string) api.Object {
	spec := map[string]any{
		"accessModes":                   claim.Spec["accessModes"],
		"persistentVolumeReclaimPolicy": "Delete",
		"storageClassName":              Class,
		"hostPath":                      map[string]any{"path": dir, "type": "Directory"},
		"claimRef": map[string]any{
			"apiVersion": "v1", "kind": "PersistentVolumeClaim",
			"name": claim.Metadata.Name, "namespace": claim.Metadata.Namespace, "uid": claim.Metadata.UID,
		},
	}
	if mode, ok := claim.Spec["volumeMode"]; ok {
		spec["volumeMode"] = mode
	}
	if resources, ok := claim.Spec["resources"].(map[string]any); ok {
		spec["capacity"] = resources["requests"]
	}
	return api.Object{
		APIVersion: "v1", Kind: "PersistentVolume",
		Metadata: api.Metadata{Name: nameOf(claim), Annotations: map[string]string{providing: Provisioner}},
		Spec:     spec,
	}
}

func (s Server) remove(ctx context.Context, volume api.Object) error {
	dir := filepath.Join(s.Dir, volume.Metadata.Name)
	// The name comes from the API; it must not lead out of our folder.
	if !strings.HasPrefix(volume.Metadata.Name, "pvc-") || filepath.Dir(dir) != s.Dir {
		return fmt.Errorf("volume %q is none of ours", volume.Metadata.Name)
	}
	if err := os.RemoveAll(dir); err != nil {
		return fmt.Errorf("remove volume %s: %w", volume.Metadata.Name, err)
	}
	if err := s.Client.Delete(ctx, volumesPath+"/"+volume.Metadata.Name); err != nil && !errors.Is(err, api.ErrNotFound) {
		return fmt.Errorf("remove volume %s: %w", volume.Metadata.Name, err)
	}
	s.Log.Info("removed", "volume", volume.Metadata.Name)
	return nil
}
