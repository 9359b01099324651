package postrender

import (
	"fmt"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/manifest"
)

var serviceSelectors = finding.Rule{
	ID:       "VK203",
	Severity: finding.Error,
	Title:    "A Service does not select the right pods",
	Doc: `Clients that write through a Service which also selects replicas get READONLY
errors; clients that read through one which also selects the master put their load on it.
A Service that selects nothing has no address, and one whose target port no container has
refuses every connection. Labels that a patch changes on the pods and not on the Services,
or the other way round, are the usual cause.`,
}

const fixSelector = "give the Service's selector and the pods' labels the same values again"

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
			found = append(found, serviceSelectors.On(identity(service), "spec.selector", "selects no pod of this release", fixSelector))
			continue
		}
		found = append(found, wrongRoles(service, selected, pods)...)
		found = append(found, deadPorts(service, selected)...)
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

// wrongRoles finds what the Services of one role select of other pods, and
// what they miss of their own. The other Services may select both roles.
func wrongRoles(service manifest.Object, selected, pods []podSet) []finding.Finding {
	role := component(service)
	if role != master && role != replica {
		return nil
	}
	var found []finding.Finding
	for _, p := range selected {
		if !p.serves(role) {
			found = append(found, serviceSelectors.On(identity(service), "spec.selector",
				fmt.Sprintf("selects the pods of %s %s too: this Service is for the %s only", p.owner.Kind(), p.owner.Name(), role), fixSelector))
		}
	}
	for _, p := range pods {
		if p.serves(role) && !matchesAll(p.labels, service.Texts("spec", "selector")) {
			found = append(found, serviceSelectors.On(identity(service), "spec.selector",
				fmt.Sprintf("does not select the pods of %s %s", p.owner.Kind(), p.owner.Name()), fixSelector))
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
			found = append(found, serviceSelectors.On(identity(service), fmt.Sprintf("spec.ports[%d].targetPort", i),
				fmt.Sprintf("no container of the pods that it selects has a port named %q", name),
				"name a port of the pods"))
		}
	}
	return found
}
