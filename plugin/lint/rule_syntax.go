package lint

import "github.com/helm-valkey/helm-valkey/plugin/finding"

var syntax = finding.Rule{
	ID:       "VK010",
	Severity: finding.Error,
	Title:    "The file is not YAML",
	Doc:      `Helm stops at such a file too, without showing where.`,
	Bad: []string{`replica:
	replicaCount: 3 # <- here
`},
	Good: []string{`replica:
  replicaCount: 3
`},
}
