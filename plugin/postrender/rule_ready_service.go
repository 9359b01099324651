package postrender

import (
	"fmt"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/manifest"
	"github.com/helm-valkey/helm-valkey/plugin/ours"
)

var readyService = finding.Rule{
	ID:       "VK208",
	Severity: finding.Error,
	Title:    "Hive asks a Service that does not list the ready pods",
	Doc: `With hive.policy: available the pods elect a master without those that they cannot
reach, once DNS does not list these as ready any more. The Service behind that name has to
be headless, to select every server and to leave out the pods that are not ready. A server
that it does not select would count as lost while it lives, and there would be two masters;
if it publishes pods that are not ready, none would ever count as lost.`,
	Bad: []string{`apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: demo-valkey-master
  labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: master}
spec:
  template:
    metadata:
      labels: {app.kubernetes.io/name: valkey}
    spec:
      containers:
        - name: valkey
          env: [{name: ENTRYPOINT_READY_SERVICES, value: demo-valkey-ready}]
---
apiVersion: v1
kind: Service
metadata:
  name: demo-valkey-ready
  labels: {helm.sh/chart: valkey-0.1.0}
spec:
  clusterIP: None
  publishNotReadyAddresses: true
  selector: {app.kubernetes.io/name: valkey}
`},
	Good: []string{`apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: demo-valkey-master
  labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: master}
spec:
  template:
    metadata:
      labels: {app.kubernetes.io/name: valkey}
    spec:
      containers:
        - name: valkey
          env: [{name: ENTRYPOINT_READY_SERVICES, value: demo-valkey-ready}]
---
apiVersion: v1
kind: Service
metadata:
  name: demo-valkey-ready
  labels: {helm.sh/chart: valkey-0.1.0}
spec:
  clusterIP: None
  selector: {app.kubernetes.io/name: valkey}
`},
}

const (
	readyVariable   = "ENTRYPOINT_READY_SERVICES"
	fixReadyService = "take the patch of this Service back: the chart renders it as it has to be"
)

func findReadyServices(r release) []finding.Finding {
	services := r.of("Service")
	if len(services) == 0 {
		return nil // a part of a release: its Services are elsewhere
	}
	var found []finding.Finding
	seen := map[string]bool{}
	for _, o := range append(r.servers(ours.Master), r.servers(ours.Replica)...) {
		for host := range strings.SplitSeq(ours.Setting(o, readyVariable), ",") {
			name, _, _ := strings.Cut(strings.TrimSpace(host), ".")
			if name == "" || seen[name] {
				continue
			}
			seen[name] = true
			service, ok := named(services, name, o.Namespace())
			if !ok {
				found = append(found, readyService.On(o.ID(), "spec.template.spec.containers[valkey].env["+readyVariable+"]",
					fmt.Sprintf("there is no Service %q: all pods would count as lost", name), "keep the Service that the chart renders"))
				continue
			}
			found = append(found, readyFindings(r, service)...)
		}
	}
	return found
}

func named(objects []manifest.Object, name, namespace string) (manifest.Object, bool) {
	for _, o := range objects {
		if o.Name() == name && o.Namespace() == namespace {
			return o, true
		}
	}
	return manifest.Object{}, false
}

func readyFindings(r release, service manifest.Object) []finding.Finding {
	var found []finding.Finding
	if service.Text("spec", "clusterIP") != "None" {
		found = append(found, readyService.On(service.ID(), "spec.clusterIP",
			"is not headless: its name does not lead to the pods' addresses", fixReadyService))
	}
	if service.Text("spec", "publishNotReadyAddresses") == "true" {
		found = append(found, readyService.On(service.ID(), "spec.publishNotReadyAddresses",
			"publishes pods that are not ready: none would ever count as lost", fixReadyService))
	}
	for _, p := range r.pods() {
		if (p.serves(ours.Master) || p.serves(ours.Replica)) && !matchesAll(p.labels, service.Texts("spec", "selector")) {
			found = append(found, readyService.On(service.ID(), "spec.selector",
				fmt.Sprintf("does not select the pods of StatefulSet %s: they would count as lost", p.owner.Name()), fixReadyService))
		}
	}
	return found
}
