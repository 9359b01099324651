package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/helm-valkey/helm-valkey/ci/cluster/layout"
)

const mountinfo = `22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw - ext4 /dev/vda rw
90 27 0:50 / /var/lib/helm-valkey/cluster/nodes/node1/kubelet/pods/a/volumes/x rw - tmpfs tmpfs rw
91 27 0:51 / /var/lib/helm-valkey/cluster/nodes/node1/kubelet/pods/a/volumes/x/with\040space rw - tmpfs tmpfs rw
92 27 0:52 / /var/lib/helm-valkey/cluster-of-another/x rw - tmpfs tmpfs rw
93 27 0:53 / /run/helm-valkey/node1/sandbox/shm rw - tmpfs shm rw
`

func TestMountsBelow(t *testing.T) {
	got := mountsBelow(mountinfo, layout.State, layout.Run)
	want := []string{
		"/run/helm-valkey/node1/sandbox/shm",
		"/var/lib/helm-valkey/cluster/nodes/node1/kubelet/pods/a/volumes/x/with space",
		"/var/lib/helm-valkey/cluster/nodes/node1/kubelet/pods/a/volumes/x",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestIsShim(t *testing.T) {
	for line, want := range map[string]bool{
		"/cache/bin/containerd-shim-runc-v2 -namespace k8s.io -id a -address /run/helm-valkey/node1/containerd.sock": true,
		"/usr/bin/containerd-shim-runc-v2 -namespace moby -id a -address /run/containerd/containerd.sock":            false,
		"/usr/bin/vim -address /run/helm-valkey/node1/containerd.sock":                                               false,
		"containerd-shim-runc-v2 -address": false,
		"":                                 false,
	} {
		if got := isShim([]byte(strings.ReplaceAll(line, " ", "\x00"))); got != want {
			t.Errorf("%q: got %v", line, got)
		}
	}
}

func TestRemoveSockets(t *testing.T) {
	run, shared := t.TempDir(), t.TempDir()
	ours, foreign := filepath.Join(shared, "ours"), filepath.Join(shared, "foreign")
	bundles := filepath.Join(run, "node1/io.containerd.runtime.v2.task/k8s.io")
	for file, text := range map[string]string{
		ours: "", foreign: "",
		filepath.Join(bundles, "a/bootstrap.json"): `{"version":3,"address":"unix://` + ours + `"}`,
		filepath.Join(bundles, "b/bootstrap.json"): `{"vers`,
		filepath.Join(bundles, "c/bootstrap.json"): `{"version":3,"address":"unix://` + shared + `/gone"}`,
	} {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := removeSockets(run); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(ours); err == nil {
		t.Error("our socket is still there")
	}
	if _, err := os.Stat(foreign); err != nil {
		t.Error("a foreign socket is gone")
	}
}
