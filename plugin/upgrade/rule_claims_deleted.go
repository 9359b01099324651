package upgrade

import (
	"fmt"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

var claimsDeleted = finding.Rule{
	ID:       "VK308",
	Severity: finding.Warning,
	Title:    "Volume claims are deleted with their data",
	Doc: `With ` + "`persistentVolumeClaimRetentionPolicy`" + ` a StatefulSet may delete the claims of pods
that are scaled away (` + "`whenScaled: Delete`" + `), or all of them when it is deleted itself
(` + "`whenDeleted: Delete`" + `), as ` + "`helm uninstall`" + ` does. There is no way back for what is on
them.`,
	Bad: []string{
		example("spec:\n  replicas: 3\n"+claimItem, "spec:\n  replicas: 1\n  persistentVolumeClaimRetentionPolicy: {whenScaled: Delete}\n"+claimItem),
		example("spec:\n"+claimItem, "spec:\n  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}\n"+claimItem),
	},
	Good: []string{example("spec:\n  replicas: 3\n"+claimItem, "spec:\n  replicas: 1\n"+claimItem)},
}

const policyField = "spec.persistentVolumeClaimRetentionPolicy"

func findClaimsDeleted(c change) []finding.Finding {
	var found []finding.Finding
	for _, p := range c.statefulSets() {
		if len(claims(p.current)) == 0 {
			continue
		}
		before, after := c.old.replicas(p.old), c.current.replicas(p.current)
		if after < before && policy(p, "whenScaled").current == "Delete" {
			found = append(found, claimsDeleted.On(p.old.ID(), "spec.replicas",
				fmt.Sprintf("%d → %d: the claims of the pods that go are deleted, with what is on them", before, after),
				"set persistentVolumeClaimRetentionPolicy.whenScaled to Retain, in an upgrade of its own, if the data are wanted"))
		}
		if when := policy(p, "whenDeleted"); when.old != "Delete" && when.current == "Delete" {
			found = append(found, claimsDeleted.On(p.old.ID(), policyField+".whenDeleted",
				"Retain → Delete: helm uninstall deletes the data from now on", "keep Retain if the data are to outlive the release"))
		}
	}
	return found
}

// policyOf is a retention policy before and after an upgrade.
type policyOf struct{ old, current string }

func policy(p pair, when string) policyOf {
	const name = "persistentVolumeClaimRetentionPolicy"
	return policyOf{p.old.Text("spec", name, when), p.current.Text("spec", name, when)}
}
