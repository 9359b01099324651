// Package postrender checks what the chart rendered, after everybody who may
// patch it has done so.
package postrender

import "github.com/helm-valkey/helm-valkey/plugin/finding"

// check is one rule on the objects of one release.
type check struct {
	rule finding.Rule
	find func(release) []finding.Finding
}

var checks = []check{
	{oneMaster, findMasters},
	{replicaClaims, findReplicaClaims},
	{serviceSelectors, findSelectors},
	{gracePeriod, findGracePeriods},
	{disruptionBudget, findBudgets},
	{probes, findProbes},
	{plainSecrets, findPlainSecrets},
	{readyService, findReadyServices},
}

// Rules are all rules of this package.
func Rules() []finding.Rule {
	var all []finding.Rule
	for _, c := range checks {
		all = append(all, c.rule)
	}
	return all
}
