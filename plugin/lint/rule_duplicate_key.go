package lint

import "github.com/helm-valkey/helm-valkey/plugin/finding"

var duplicateKey = finding.Rule{
	ID:       "VK012",
	Severity: finding.Warning,
	Title:    "A key that is there twice",
	Doc: `YAML forbids it. Helm takes the last one and says nothing, so that what was typed
first is lost.`,
	Bad:  []string{"replica:\n  replicaCount: 2\n  replicaCount: 3 # <- here\n"},
	Good: []string{"replica:\n  replicaCount: 3\n"},
}
