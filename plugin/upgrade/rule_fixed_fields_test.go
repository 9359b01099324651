package upgrade

import "testing"

func TestFixedFields(t *testing.T) {
	const common = "# Source: valkey/templates/common-configmap.yaml"
	fixed := patch{common, "\ndata:\n", "\nimmutable: true\ndata:\n"}
	run(t, []expect{
		{"contents of what is immutable", "default", []patch{fixed}, []patch{fixed, {common, `valkey.conf: ""`, `valkey.conf: "maxmemory 1gb"`}},
			[]string{"VK314 ConfigMap/rel-valkey-common data: Kubernetes refuses any change of this field"}},
		{"and that it is", "default", []patch{fixed}, nil,
			[]string{"VK314 ConfigMap/rel-valkey-common immutable: Kubernetes refuses any change of this field"}},
		{"immutable from now on", "default", nil, []patch{fixed}, nil},
		{"a Secret's type", "default", nil, []patch{{"kind: Secret", "type: Opaque", "type: kubernetes.io/basic-auth"}},
			[]string{"VK314 Secret/rel-valkey type: Kubernetes refuses any change of this field"}},
	})
}
