package node

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/helm-valkey/helm-valkey/ci/cluster/layout"
	"github.com/helm-valkey/helm-valkey/ci/cluster/network"
)

// Three nodes share one machine: what two of them have in common would be a fault.
func TestNodesShareNoFolder(t *testing.T) {
	r, err := network.Free()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]string{}
	for _, l := range layout.All() {
		n := Node{Node: l, Range: r}
		for _, text := range []string{n.containerd(), n.kubelet(), n.podNetwork(), n.proxy()} {
			for _, word := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("\" \n,[]", r) }) {
				path := strings.TrimPrefix(word, "unix://")
				if !strings.HasPrefix(path, layout.State+"/") && !strings.HasPrefix(path, layout.Run+"/") || strings.HasPrefix(path, layout.Path("pki")) {
					continue
				}
				if other, used := seen[path]; used && other != n.Name() {
					t.Errorf("%s and %s share %s", other, n.Name(), path)
				}
				seen[path] = n.Name()
			}
		}
	}
	if len(seen) < 10*layout.Nodes {
		t.Errorf("found only %d paths: the test looks in the wrong place", len(seen))
	}
}

func TestConfigurationsAreJSON(t *testing.T) {
	r, err := network.Free()
	if err != nil {
		t.Fatal(err)
	}
	n := Node{Node: layout.Node{Number: 2}, Range: r}
	for _, text := range []string{n.kubelet(), n.proxy(), n.podNetwork()} {
		if !json.Valid([]byte(text)) {
			t.Errorf("not JSON: %s", text)
		}
	}
	if text := n.podNetwork(); !strings.Contains(text, `"subnet": "10.244.2.0/24"`) {
		t.Errorf("node 2 has another range: %s", text)
	}
	if text := n.containerd(); strings.Contains(text, "%!") {
		t.Errorf("a value is missing in %s", text)
	}
}

// A shim's socket is a digest below the runtime's folder, and a path of 108 bytes is too long.
func TestSocketsFit(t *testing.T) {
	for _, n := range layout.All() {
		if got := len(n.RunDir()) + len("/s/") + 64; got >= 108 {
			t.Errorf("%s: a shim's socket has a path of %d bytes", n.Name(), got)
		}
	}
}
