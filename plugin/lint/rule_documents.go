package lint

import "github.com/helm-valkey/helm-valkey/plugin/finding"

var severalDocuments = finding.Rule{
	ID:       "VK011",
	Severity: finding.Error,
	Title:    "Several YAML documents in one values file",
	Doc: `Helm 3 reads the first document and ignores the others; Helm 4 merges all of them.
The same file means two things.`,
	Bad: []string{`replica:
  replicaCount: 1
---
replica: # <- here
  replicaCount: 3
`},
	Good: []string{`---
replica:
  replicaCount: 3
`},
}
