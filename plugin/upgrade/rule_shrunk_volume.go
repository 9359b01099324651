package upgrade

import (
	"fmt"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

var shrunkVolume = finding.Rule{
	ID:       "VK303",
	Severity: finding.Error,
	Title:    "Volumes cannot shrink",
	Doc: `Kubernetes refuses a smaller size in the template of a StatefulSet that is there, and
in a claim that is there. Data get onto smaller volumes only by moving: to a second release,
which replicates from this one.`,
	Bad:  []string{example(claim("data", "16Gi", ""), claim("data", "8Gi", ""))},
	Good: []string{example(claim("data", "8Gi", ""), claim("data", "16Gi", ""))},
}

func findShrunkVolumes(c change) []finding.Finding {
	var found []finding.Finding
	for _, p := range c.statefulSets() {
		for _, old := range claims(p.old) {
			current, ok := claimNamed(claims(p.current), old.Name())
			if !ok || compareSizes(old, current) <= 0 {
				continue
			}
			found = append(found, shrunkVolume.On(p.old.ID(), claimPath(old)+"."+sizeField,
				fmt.Sprintf("%s → %s: volumes cannot shrink", size(old), size(current)),
				fmt.Sprintf("keep %s; for smaller volumes install a second release, and move the data there", size(old))))
		}
	}
	return found
}
