package lint

import "github.com/helm-valkey/helm-valkey/plugin/finding"

var duplicateKey = finding.Rule{
	ID:       "VK012",
	Severity: finding.Error,
	Title:    "A key that is there twice",
	Doc: `YAML forbids it. Helm takes the last one and says nothing, so that what was typed
first is lost.`,
	Bad: []string{`replica:
  replicaCount: 1
auth:
  existingSecret: shop
replica: # <- here
  priority: 50
`},
	Good: []string{`replica:
  replicaCount: 1
  priority: 50
auth:
  existingSecret: shop
`},
}
