package upgrade

import (
	"fmt"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

var clusterAddress = finding.Rule{
	ID:       "VK313",
	Severity: finding.Error,
	Title:    "The cluster address of a Service does not change",
	Doc: `Kubernetes gives a Service its address when it is made, and refuses another one later,
also the step from an address to none (a headless Service) or back.`,
	Bad:  []string{example(service("10.0.0.1"), service("10.0.0.2")), example(service("10.0.0.1"), service("None"))},
	Good: []string{example(service("10.0.0.1"), service(`""`))},
}

// service is an example's Service with an address.
func service(address string) string {
	return "kind: Service\nmetadata:\n  name: demo-valkey-master\n  labels: {helm.sh/chart: valkey-0.1.0}\nspec: {clusterIP: " + address + "}"
}

func findClusterAddresses(c change) []finding.Finding {
	var found []finding.Finding
	for _, p := range c.pairs("Service") {
		before, after := p.old.Text("spec", "clusterIP"), p.current.Text("spec", "clusterIP")
		if after == "" || before == after || p.current.Text("spec", "type") == "ExternalName" {
			continue // without one the Service keeps the address that it has
		}
		if before == "" {
			before = "the one that it was given"
		}
		found = append(found, clusterAddress.On(p.old.ID(), "spec.clusterIP",
			fmt.Sprintf("%s → %s: Kubernetes refuses this change", before, after),
			fmt.Sprintf("leave it; or delete the Service before, which cuts clients off until the upgrade has made it anew: %s delete service %s", kubectl(p.old), p.old.Name())))
	}
	return found
}
