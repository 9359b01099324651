package lint

import "github.com/helm-valkey/helm-valkey/plugin/finding"

var outOfRange = finding.Rule{
	ID:       "VK005",
	Severity: finding.Error,
	Title:    "A value that is too small, too large, too short or too long",
	Doc:      `The value is outside of what Kubernetes, the server or the chart can work with.`,
	Bad: []string{`containerPorts:
  valkey: 70000 # <- here
`},
	Good: []string{`containerPorts:
  valkey: 7000
`},
}
