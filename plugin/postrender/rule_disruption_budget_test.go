package postrender

import "testing"

func TestDisruptionBudget(t *testing.T) {
	const ofMaster = "VK205 PodDisruptionBudget/demo-valkey-master spec."
	const ofReplica = "VK205 PodDisruptionBudget/demo-valkey-replica spec."
	run(t, []expect{
		{"the one master must stay", []replacement{{"maxUnavailable: 1 # master", "minAvailable: 1"}},
			[]string{ofMaster + "minAvailable: minAvailable: 1 of 1 pod allows no eviction: no node that runs one can be drained"}},
		{"none may go", []replacement{{"maxUnavailable: 1 # master", "maxUnavailable: 0%"}},
			[]string{ofMaster + "maxUnavailable: maxUnavailable: 0% of 1 pod allows no eviction: no node that runs one can be drained"}},
		{"all must stay", []replacement{{"maxUnavailable: 1 # replica", `minAvailable: 100%`}},
			[]string{ofReplica + "minAvailable: minAvailable: 100% of 2 pods allows no eviction: no node that runs one can be drained"}},
		{"more than half, rounded up, must stay", []replacement{{"maxUnavailable: 1 # replica", `minAvailable: 51%`}},
			[]string{ofReplica + "minAvailable: minAvailable: 51% of 2 pods allows no eviction: no node that runs one can be drained"}},
		{"half must stay", []replacement{{"maxUnavailable: 1 # replica", `minAvailable: 50%`}}, nil},
		{"a small part may go, rounded up", []replacement{{"maxUnavailable: 1 # replica", `maxUnavailable: 1%`}}, nil},
		{"no pods", []replacement{{"maxUnavailable: 1 # replica", "minAvailable: 1"}, {"replicas: 2 # replica", "replicas: 0"}}, nil},
		{"two budgets for the same pods", []replacement{{"{key: app.kubernetes.io/component, operator: In, values: [replica]}", "{key: app.kubernetes.io/component, operator: Exists}"}},
			[]string{ofReplica + "selector: selects the pods of StatefulSet demo-valkey-master, as PodDisruptionBudget demo-valkey-master does: with two budgets Kubernetes refuses every eviction"}},
		{"everybody but masters", []replacement{{"{key: app.kubernetes.io/component, operator: In, values: [replica]}", "{key: app.kubernetes.io/component, operator: NotIn, values: [master]}"}}, nil},
	})
}
