package postrender

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReadyService(t *testing.T) {
	const service = "VK208 Service/demo-valkey-ready spec."
	run(t, []expect{
		{"under another name", []replacement{{"  name: demo-valkey-ready\n", "  name: demo-valkey-living\n"}},
			[]string{`VK208 StatefulSet/demo-valkey-master spec.template.spec.containers[valkey].env[ENTRYPOINT_READY_SERVICES]: there is no Service "demo-valkey-ready": all pods would count as lost`}},
		{"in another namespace", []replacement{{"  name: demo-valkey-ready\n  namespace: shop\n", "  name: demo-valkey-ready\n  namespace: other\n"}},
			[]string{`VK208 StatefulSet/demo-valkey-master spec.template.spec.containers[valkey].env[ENTRYPOINT_READY_SERVICES]: there is no Service "demo-valkey-ready": all pods would count as lost`}},
		{"not headless", []replacement{{"  clusterIP: None # ready\n", ""}},
			[]string{service + "clusterIP: is not headless: its name does not lead to the pods' addresses"}},
		{"whoever is not ready too", []replacement{{"clusterIP: None # ready", "clusterIP: None\n  publishNotReadyAddresses: true"}},
			[]string{service + "publishNotReadyAddresses: publishes pods that are not ready: none would ever count as lost"}},
		{"replicas only", []replacement{{"selector: # of the ready Service\n", "selector:\n    app.kubernetes.io/component: replica\n"}},
			[]string{service + "selector: does not select the pods of StatefulSet demo-valkey-master: they would count as lost"}},
		{"nobody asks", []replacement{{"  name: demo-valkey-ready\n", "  name: demo-valkey-living\n"},
			{"            - {name: ENTRYPOINT_READY_SERVICES, value: demo-valkey-ready.shop.svc.cluster.local} # master\n", ""},
			{"            - {name: ENTRYPOINT_READY_SERVICES, value: demo-valkey-ready.shop.svc.cluster.local} # replica\n", ""}}, nil},
	})
}

func TestReadyServiceElsewhere(t *testing.T) {
	require.Empty(t, summary(t, "kind: StatefulSet\nmetadata: {name: s, labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: master}}\nspec: {template: {spec: {containers: [{name: valkey, env: [{name: ENTRYPOINT_GRACE_PERIOD, value: 30s}, {name: ENTRYPOINT_READY_SERVICES, value: a.b}], livenessProbe: {}, readinessProbe: {}, startupProbe: {}}]}}}\n"))
}
