package postrender

import (
	"fmt"
	"slices"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/manifest"
	"github.com/helm-valkey/helm-valkey/plugin/ours"
)

var serviceSelectors = finding.Rule{
	ID:       "VK203",
	Severity: finding.Error,
	Title:    "A Service does not select the right pods",
	Doc: `The write Service leads either to the write endpoint (the port "proxy") of all pods,
which forward to the pod that is master, or, with master.service.routing: direct, to the
server of the master's pod. Clients that write through a Service which leads to the servers
of replicas get READONLY errors, and so do those who pass by the write endpoint while
mastership is elsewhere. Clients that read through a Service which also selects the master
put their load on it; only where several masters are all there is, they are who is read
from. Sentinels know of no data, and servers of no Sentinels, so that each
have Services of their own. A Service that selects nothing has no address, and one whose target
port no container has refuses every connection. Labels that a patch changes on the pods and
not on the Services, or the other way round, are the usual cause.`,
	Bad: []string{`apiVersion: v1
kind: Service
metadata:
  name: demo-valkey-replica
  labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: replica}
spec:
  selector: {app.kubernetes.io/component: master}
  ports: [{port: 6379, targetPort: valkey}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: demo-valkey-master
  labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: master}
spec:
  template:
    metadata:
      labels: {app.kubernetes.io/component: master}
    spec:
      containers:
        - name: valkey
          ports: [{name: valkey, containerPort: 6379}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: demo-valkey-replica
  labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: replica}
spec:
  template:
    metadata:
      labels: {app.kubernetes.io/component: replica}
    spec:
      containers:
        - name: valkey
          ports: [{name: valkey, containerPort: 6379}]
`},
	Good: []string{`apiVersion: v1
kind: Service
metadata:
  name: demo-valkey-replica
  labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: replica}
spec:
  selector: {app.kubernetes.io/component: replica}
  ports: [{port: 6379, targetPort: valkey}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: demo-valkey-master
  labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: master}
spec:
  template:
    metadata:
      labels: {app.kubernetes.io/component: master}
    spec:
      containers:
        - name: valkey
          ports: [{name: valkey, containerPort: 6379}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: demo-valkey-replica
  labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: replica}
spec:
  template:
    metadata:
      labels: {app.kubernetes.io/component: replica}
    spec:
      containers:
        - name: valkey
          ports: [{name: valkey, containerPort: 6379}]
`},
}

const (
	fixSelector = "give the Service's selector and the pods' labels the same values again"
	fixRouting  = "leave the target port to master.service.routing in the values, from which the pods' settings come too"
)

func findSelectors(r release) []finding.Finding {
	if len(r.of("StatefulSet")) == 0 {
		return nil // a part of a release: its pods are elsewhere
	}
	var found []finding.Finding
	pods := r.pods()
	for _, service := range r.of("Service") {
		if service.Text("spec", "type") == "ExternalName" {
			continue
		}
		selected := selectedBy(service, pods)
		if len(selected) == 0 {
			found = append(found, serviceSelectors.On(service.ID(), "spec.selector", "selects no pod of this release", fixSelector))
			continue
		}
		found = append(found, wrongRoles(service, selected, pods)...)
		found = append(found, deadPorts(service, selected)...)
		found = append(found, wrongPorts(service, selected)...)
	}
	return found
}

func selectedBy(service manifest.Object, pods []podSet) []podSet {
	pairs := service.Texts("spec", "selector")
	if len(pairs) == 0 {
		return nil
	}
	var selected []podSet
	for _, p := range pods {
		if p.owner.Namespace() == service.Namespace() && matchesAll(p.labels, pairs) {
			selected = append(selected, p)
		}
	}
	return selected
}

// servedBy returns the roles whose pods a Service is for; none: it may select
// all that it likes. The write endpoint is at all pods with data, and several masters
// without other replicas are replicas, all but one.
func servedBy(service manifest.Object, selected, pods []podSet) []string {
	role := component(service)
	switch {
	case role != ours.Master && role != ours.Replica && role != ours.Sentinel:
		return nil
	case writes(service) && slices.ContainsFunc(selected, func(p podSet) bool { return p.targeted(service, proxyPort) }):
		return []string{ours.Master, ours.Replica}
	case reads(service) && number(pods, ours.Replica) == 0 && number(pods, ours.Master) > 1:
		return []string{ours.Master}
	}
	return []string{role}
}

// number is how many pods of a role there are.
func number(pods []podSet, role string) int {
	n := 0
	for _, p := range pods {
		if p.serves(role) {
			n += p.count
		}
	}
	return n
}

// reads says whether clients read through the Service.
func reads(service manifest.Object) bool {
	return component(service) == ours.Replica && service.Text("spec", "clusterIP") != "None"
}

// writes says whether clients write through the Service. The headless one of
// the same role gives pods their names.
func writes(service manifest.Object) bool {
	return component(service) == ours.Master && service.Text("spec", "clusterIP") != "None"
}

// wrongRoles finds what the Services of a role select of other pods, and what
// they miss of their own.
func wrongRoles(service manifest.Object, selected, pods []podSet) []finding.Finding {
	roles := servedBy(service, selected, pods)
	if roles == nil {
		return nil
	}
	of := func(p podSet) bool { return slices.ContainsFunc(roles, p.serves) }
	var found []finding.Finding
	for _, p := range selected {
		if !of(p) {
			found = append(found, serviceSelectors.On(service.ID(), "spec.selector",
				fmt.Sprintf("selects the pods of %s %s too: this Service is for the %s only", p.owner.Kind(), p.owner.Name(), strings.Join(roles, " and the ")), fixSelector))
		}
	}
	for _, p := range pods {
		if of(p) && !matchesAll(p.labels, service.Texts("spec", "selector")) {
			found = append(found, serviceSelectors.On(service.ID(), "spec.selector",
				fmt.Sprintf("does not select the pods of %s %s", p.owner.Kind(), p.owner.Name()), fixSelector))
		}
	}
	return found
}

// wrongPorts finds Services that lead to the wrong one of a pod's two ports for
// clients: the server's and the write endpoint's.
func wrongPorts(service manifest.Object, selected []podSet) []finding.Finding {
	const field = "spec.ports"
	var found []finding.Finding
	for _, p := range selected {
		moves := ours.Setting(p.owner, ours.ProxyVariable) != ""
		switch {
		case !p.serves(ours.Master) && !p.serves(ours.Replica):
		case reads(service) && p.targeted(service, proxyPort):
			found = append(found, serviceSelectors.On(service.ID(), field,
				fmt.Sprintf("leads to the write endpoint of the pods of StatefulSet %s, which forwards to the master: this Service is for reading from replicas", p.owner.Name()), fmt.Sprintf("let its targetPort be %q", serverPort)))
		case writes(service) && moves && p.targeted(service, serverPort):
			found = append(found, serviceSelectors.On(service.ID(), field,
				fmt.Sprintf("leads past the write endpoint to the server of the pods of StatefulSet %s, which is not always the master (%s)", p.owner.Name(), ours.ProxyVariable), fixRouting))
		case writes(service) && !moves && p.targeted(service, proxyPort):
			found = append(found, serviceSelectors.On(service.ID(), field,
				fmt.Sprintf("leads to a write endpoint that the pods of StatefulSet %s do not have (no %s)", p.owner.Name(), ours.ProxyVariable), fixRouting))
		}
	}
	return found
}

// deadPorts finds named target ports that no container of the selected pods
// has.
func deadPorts(service manifest.Object, selected []podSet) []finding.Finding {
	names := map[string]bool{}
	for _, p := range selected {
		for _, c := range append(p.spec.Parts("containers"), p.spec.Parts("initContainers")...) {
			for _, port := range c.Parts("ports") {
				names[port.Text("name")] = true
			}
		}
	}
	var found []finding.Finding
	for i, port := range service.Parts("spec", "ports") {
		target, _ := port.Value("targetPort")
		if name, isName := target.(string); isName && name != "" && !names[name] {
			found = append(found, serviceSelectors.On(service.ID(), fmt.Sprintf("spec.ports[%d].targetPort", i),
				fmt.Sprintf("no container of the pods that it selects has a port named %q", name),
				"name a port of the pods"))
		}
	}
	return found
}
