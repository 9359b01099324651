package postrender

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOneMaster(t *testing.T) {
	run(t, []expect{
		{"two masters", []replacement{{"replicas: 1 # master", "replicas: 2"}},
			[]string{"VK201 StatefulSet/demo-valkey-master spec.replicas: " + mastersNeedSentinel}},
		{"as text", []replacement{{"replicas: 1 # master", `replicas: "2"`}},
			[]string{"VK201 StatefulSet/demo-valkey-master spec.replicas: " + mastersNeedSentinel}},
		{"stopped", []replacement{{"replicas: 1 # master", "replicas: 0"}}, nil},
		{"not said", []replacement{{"  replicas: 1 # master\n", ""}}, nil},
	})
}

func TestSeveralMastersWithSentinel(t *testing.T) {
	require.Empty(t, summary(t, patched(t, replacement{"replicas: 1 # master", "replicas: 3"})+sentinels(t)))
}

func TestSecondStatefulSetOfMasters(t *testing.T) {
	second := "\n---\nkind: StatefulSet\nmetadata: {name: zweiter, namespace: shop, labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/instance: demo, app.kubernetes.io/name: valkey, app.kubernetes.io/component: master}}\nspec: {replicas: 1}\n"
	require.Contains(t, summary(t, patched(t)+second),
		"VK201 StatefulSet/zweiter metadata.name: a second StatefulSet of masters, beside demo-valkey-master: "+mastersNeedSentinel)
}
