package lint

import "github.com/helm-valkey/helm-valkey/plugin/finding"

var notAllowed = finding.Rule{
	ID:       "VK004",
	Severity: finding.Error,
	Title:    "A value that is not one of those allowed",
	Doc:      `The key takes one of a few values.`,
	Bad: []string{`persistenceMode: disk # <- here
`},
	Good: []string{`persistenceMode: aof
`},
}
