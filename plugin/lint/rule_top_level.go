package lint

import "github.com/helm-valkey/helm-valkey/plugin/finding"

var topLevel = finding.Rule{
	ID:       "VK013",
	Severity: finding.Error,
	Title:    "The file is no mapping",
	Doc:      `Values are a mapping of keys to values. A list or plain text is not.`,
	Bad: []string{`- replicaCount=3 # <- here
`},
	Good: []string{`replica:
  replicaCount: 3
`},
}
