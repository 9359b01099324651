package lint

import "github.com/helm-valkey/helm-valkey/plugin/finding"

var unknownKey = finding.Rule{
	ID:       "VK001",
	Severity: finding.Error,
	Title:    "A key that the chart does not know",
	Doc: `Helm ignores keys that no template reads, so that a misspelt one changes nothing
and nobody is told. The chart knows every key that it reads.`,
	Bad: []string{`master:
  persistance: # <- here
    size: 20Gi
`},
	Good: []string{`master:
  persistence:
    size: 20Gi
`},
}
