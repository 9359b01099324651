package postrender

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestServiceSelectors(t *testing.T) {
	run(t, []expect{
		{"the write Service selects everything", []patch{{"selector: # of the write Service\n    app.kubernetes.io/component: master\n", "selector:\n"}},
			[]string{"VK203 Service/demo-valkey-master spec.selector: selects the pods of StatefulSet demo-valkey-replica too: this Service is for the master only"}},
		{"the read Service selects the master", []patch{{"selector: # of the read Service\n    app.kubernetes.io/component: replica\n", "selector:\n    app.kubernetes.io/component: master\n"}},
			[]string{"VK203 Service/demo-valkey-replica spec.selector: does not select the pods of StatefulSet demo-valkey-replica",
				"VK203 Service/demo-valkey-replica spec.selector: selects the pods of StatefulSet demo-valkey-master too: this Service is for the replica only"}},
		{"nothing matches", []patch{{"labels: # of the master\n        app.kubernetes.io/component: master\n        app.kubernetes.io/instance: demo\n", "labels:\n        app.kubernetes.io/component: master\n        app.kubernetes.io/instance: prod\n"}},
			[]string{"VK203 Service/demo-valkey-master spec.selector: selects no pod of this release"}},
		{"a port that no container has", []patch{{"targetPort: valkey # write", "targetPort: redis"}},
			[]string{`VK203 Service/demo-valkey-master spec.ports[0].targetPort: no container of the pods that it selects has a port named "redis"`}},
	})
}

// Helm 4 passes hooks to post-renderers: one with the master's labels would get
// what clients write.
func TestServiceSelectsHooks(t *testing.T) {
	labels := "{helm.sh/chart: valkey-0.1.0, app.kubernetes.io/instance: demo, app.kubernetes.io/name: valkey, app.kubernetes.io/component: master}"
	for _, hook := range []string{
		"kind: Pod\nmetadata: {name: load, namespace: shop, labels: " + labels + "}\n",
		"kind: Job\nmetadata: {name: load, namespace: shop, labels: " + labels + "}\nspec: {template: {metadata: {labels: " + labels + "}}}\n",
	} {
		got := summary(t, patched(t)+"\n---\n"+hook)
		require.Len(t, got, 1)
		require.Contains(t, got[0], "VK203 Service/demo-valkey-master spec.selector: selects the pods of ")
		require.Contains(t, got[0], " load too: this Service is for the master only")
	}
}

func TestServicesWithoutTheirPods(t *testing.T) {
	require.Empty(t, summary(t, "kind: Service\nmetadata: {name: s, labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: master}}\nspec: {selector: {a: b}}\n"))
}
