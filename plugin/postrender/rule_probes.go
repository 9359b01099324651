package postrender

import (
	"fmt"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/ours"
)

var probes = finding.Rule{
	ID:       "VK206",
	Severity: finding.Error,
	Title:    "The server's container has no probes",
	Doc: `Without a readiness probe a replica gets clients before it has the data, and a
rolling update goes on to the next pod while the last one still loads. Without a liveness
probe a server that hangs is never restarted, and without a startup probe the liveness
probe kills one that loads for long. The last two are warnings: the values can switch them
off, and a pod without them works.`,
	Bad: []string{`apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: demo-valkey-replica
  labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: replica}
spec:
  template:
    spec:
      containers:
        - name: valkey
          startupProbe: {httpGet: {path: /startup, port: http}}
          livenessProbe: {httpGet: {path: /live, port: http}}
`},
	Good: []string{`apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: demo-valkey-replica
  labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: replica}
spec:
  template:
    spec:
      containers:
        - name: valkey
          startupProbe: {httpGet: {path: /startup, port: http}}
          livenessProbe: {httpGet: {path: /live, port: http}}
          readinessProbe: {httpGet: {path: /ready, port: http}}
`},
}

func findProbes(r release) []finding.Finding {
	var found []finding.Finding
	for _, o := range r.running() {
		container, ok := ours.Server(o)
		if !ok {
			found = append(found, probes.On(o.ID(), "spec.template.spec.containers",
				fmt.Sprintf("there is no container named %q, which runs the server", ours.ServerContainer), "give the server's container its name back"))
			continue
		}
		for _, probe := range []string{"readinessProbe", "livenessProbe", "startupProbe"} {
			if _, set := container.Value(probe); set {
				continue
			}
			f := probes.On(o.ID(), "spec.template.spec.containers[valkey]."+probe, "the server's container has no "+probe, "set the role's "+probe+".enabled to true")
			if probe != "readinessProbe" {
				f.Severity = finding.Warning
			}
			found = append(found, f)
		}
	}
	return found
}
