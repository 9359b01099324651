package postrender

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Patches that make routing direct of testdata/release.yaml, where it is proxy.
var (
	writeMaster  = replacement{"selector: # of the write Service\n    app.kubernetes.io/instance: demo\n    app.kubernetes.io/name: valkey\n    helm-valkey.github.io/write-endpoint: \"true\" # write\n", "selector:\n    app.kubernetes.io/component: master\n    app.kubernetes.io/instance: demo\n    app.kubernetes.io/name: valkey\n"}
	writeServer  = replacement{"targetPort: proxy # write", "targetPort: valkey"}
	masterStays  = replacement{`            - {name: ENTRYPOINT_PROXY_ADDRESS, value: ":6380"} # master` + "\n", ""}
	replicaStays = replacement{`            - {name: ENTRYPOINT_PROXY_ADDRESS, value: ":6380"} # replica` + "\n", ""}
)

func TestServiceSelectors(t *testing.T) {
	const write, read = "VK203 Service/demo-valkey-master spec.", "VK203 Service/demo-valkey-replica spec."
	run(t, []expect{
		{"the write Service loses the pods of replicas", []replacement{{"        helm-valkey.github.io/write-endpoint: \"true\" # replica\n", ""}},
			[]string{write + "selector: does not select the pods of StatefulSet demo-valkey-replica"}},
		{"the write Service loses all pods", []replacement{{"        helm-valkey.github.io/write-endpoint: \"true\" # replica\n", ""}, {"        helm-valkey.github.io/write-endpoint: \"true\" # master\n", ""}},
			[]string{write + "selector: selects no pod of this release"}},
		{"the write Service leads to every server", []replacement{writeServer},
			[]string{write + "ports: leads past the write endpoint to the server of the pods of StatefulSet demo-valkey-master, which is not always the master (ENTRYPOINT_PROXY_ADDRESS)",
				write + "ports: leads past the write endpoint to the server of the pods of StatefulSet demo-valkey-replica, which is not always the master (ENTRYPOINT_PROXY_ADDRESS)",
				write + "selector: selects the pods of StatefulSet demo-valkey-replica too: this Service is for the master only"}},
		{"by number", []replacement{{"targetPort: proxy # write", "targetPort: 6379"}, masterStays, replicaStays},
			[]string{write + "selector: selects the pods of StatefulSet demo-valkey-replica too: this Service is for the master only"}},
		{"the write endpoint by number", []replacement{{"targetPort: proxy # write", "targetPort: 6380"}}, nil},
		{"the write Service leads to the master's server", []replacement{writeServer, writeMaster},
			[]string{write + "ports: leads past the write endpoint to the server of the pods of StatefulSet demo-valkey-master, which is not always the master (ENTRYPOINT_PROXY_ADDRESS)"}},
		{"the master stays where it is", []replacement{writeServer, writeMaster, masterStays, replicaStays}, nil},
		{"a write endpoint that nobody opens", []replacement{replicaStays},
			[]string{write + "ports: leads to a write endpoint that the pods of StatefulSet demo-valkey-replica do not have (no ENTRYPOINT_PROXY_ADDRESS)"}},
		{"the read Service selects the master", []replacement{{"selector: # of the read Service\n    app.kubernetes.io/component: replica\n", "selector:\n    app.kubernetes.io/component: master\n"}},
			[]string{read + "selector: does not select the pods of StatefulSet demo-valkey-replica",
				read + "selector: selects the pods of StatefulSet demo-valkey-master too: this Service is for the replica only"}},
		{"the read Service leads to the write endpoint", []replacement{{"targetPort: 6379 # read", "targetPort: 6380"}},
			[]string{read + "ports: leads to the write endpoint of the pods of StatefulSet demo-valkey-replica, which forwards to the master: this Service is for reading from replicas"}},
		{"the headless Service selects everything", []replacement{{"selector: # of the headless Service\n    app.kubernetes.io/component: master\n", "selector:\n"}},
			[]string{"VK203 Service/demo-valkey-master-headless spec.selector: selects the pods of StatefulSet demo-valkey-replica too: this Service is for the master only"}},
		{"a port that no container has", []replacement{{"targetPort: valkey # headless", "targetPort: redis"}},
			[]string{`VK203 Service/demo-valkey-master-headless spec.ports[0].targetPort: no container of the pods that it selects has a port named "redis"`}},
	})
}

func TestServiceOfSentinels(t *testing.T) {
	const service = "VK203 Service/demo-valkey-sentinel spec.selector: "
	require.Equal(t, []string{
		service + "selects the pods of StatefulSet demo-valkey-master too: this Service is for the sentinel only",
		service + "selects the pods of StatefulSet demo-valkey-replica too: this Service is for the sentinel only",
	}, summary(t, patched(t)+sentinels(t, replacement{"selector: # of the Service\n    app.kubernetes.io/component: sentinel\n", "selector:\n"})))
}

// Without replicas' pods several masters are who is read from.
func TestReadsFromMasters(t *testing.T) {
	const read = "VK203 Service/demo-valkey-replica spec.selector: "
	several := replacement{"replicas: 1 # master", "replicas: 3"}
	none := replacement{"replicas: 2 # replica", "replicas: 0"}
	fromMasters := replacement{"selector: # of the read Service\n    app.kubernetes.io/component: replica\n", "selector:\n    app.kubernetes.io/component: master\n"}
	ofMasters := []string{
		read + "does not select the pods of StatefulSet demo-valkey-master",
		read + "selects the pods of StatefulSet demo-valkey-replica too: this Service is for the master only",
	}
	ofReplicas := []string{
		read + "does not select the pods of StatefulSet demo-valkey-replica",
		read + "selects the pods of StatefulSet demo-valkey-master too: this Service is for the replica only",
	}
	for name, tt := range map[string]struct {
		patches []replacement
		want    []string
	}{
		"masters only":                        {[]replacement{several, none, fromMasters}, []string{}},
		"masters only, nobody is read from":   {[]replacement{several, none}, ofMasters},
		"masters and replicas":                {[]replacement{several, fromMasters}, ofReplicas},
		"one master, which would not be read": {[]replacement{none, fromMasters}, ofReplicas},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, tt.want, summary(t, patched(t, tt.patches...)+sentinels(t)))
		})
	}
}

func TestServicesThatSelectNothing(t *testing.T) {
	got := summary(t, patched(t, writeServer, writeMaster, masterStays, replicaStays,
		replacement{"labels: # of the master\n        app.kubernetes.io/component: master\n        app.kubernetes.io/instance: demo\n", "labels:\n        app.kubernetes.io/component: master\n        app.kubernetes.io/instance: prod\n"}))
	require.Contains(t, got, "VK203 Service/demo-valkey-master spec.selector: selects no pod of this release")
}

// Helm 4 passes hooks to post-renderers: one with the servers' labels would get
// what clients write.
func TestServiceSelectsHooks(t *testing.T) {
	labels := `{helm.sh/chart: valkey-0.1.0, app.kubernetes.io/instance: demo, app.kubernetes.io/name: valkey, helm-valkey.github.io/write-endpoint: "true"}`
	for _, hook := range []string{
		"kind: Pod\nmetadata: {name: load, namespace: shop, labels: " + labels + "}\n",
		"kind: Job\nmetadata: {name: load, namespace: shop, labels: " + labels + "}\nspec: {template: {metadata: {labels: " + labels + "}}}\n",
	} {
		got := summary(t, patched(t)+"\n---\n"+hook)
		require.Len(t, got, 1)
		require.Contains(t, got[0], "VK203 Service/demo-valkey-master spec.selector: selects the pods of ")
		require.Contains(t, got[0], " load too: this Service is for the master and the replica only")
	}
}

// A selector that hits the test pod alone is one that hits no server.
func TestWriteServiceSelectsTheTestOnly(t *testing.T) {
	got := summary(t, patched(t,
		replacement{"        helm-valkey.github.io/write-endpoint: \"true\" # replica\n", ""},
		replacement{"        helm-valkey.github.io/write-endpoint: \"true\" # master\n", ""},
	)+"\n---\n"+`{kind: Pod, metadata: {name: t, namespace: shop, labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/instance: demo, app.kubernetes.io/name: valkey, helm-valkey.github.io/write-endpoint: "true"}}}`)
	require.Equal(t, []string{
		`VK203 Service/demo-valkey-master spec.ports[0].targetPort: no container of the pods that it selects has a port named "proxy"`,
		"VK203 Service/demo-valkey-master spec.selector: does not select the pods of StatefulSet demo-valkey-master",
		"VK203 Service/demo-valkey-master spec.selector: selects the pods of Pod t too: this Service is for the master only",
	}, got)
}

func TestServicesWithoutTheirPods(t *testing.T) {
	require.Empty(t, summary(t, "kind: Service\nmetadata: {name: s, labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: master}}\nspec: {selector: {a: b}}\n"))
}
