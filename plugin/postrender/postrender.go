// Package postrender checks what the chart rendered, after everybody who may
// patch it has done so.
package postrender

import (
	"bytes"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/manifest"
)

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

// chartName is in the bytes of every object of this chart, in the label of the
// chart: documents without it need not be read.
var chartName = []byte("valkey-")

// Check returns all that is wrong with the objects of this chart in a stream
// of manifests.
func Check(stream []byte) ([]finding.Finding, error) {
	var ours []manifest.Object
	for _, document := range manifest.Split(stream) {
		if !bytes.Contains(document.Bytes, chartName) {
			continue
		}
		objects, err := document.Objects()
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			if ofThisChart(o) {
				ours = append(ours, o)
			}
		}
	}
	var found []finding.Finding
	for _, r := range group(ours) {
		for _, c := range checks {
			found = append(found, c.find(r)...)
		}
	}
	return finding.Sort(found), nil
}
