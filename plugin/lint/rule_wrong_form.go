package lint

import "github.com/helm-valkey/helm-valkey/plugin/finding"

var wrongForm = finding.Rule{
	ID:       "VK006",
	Severity: finding.Error,
	Title:    "Text of the wrong form",
	Doc: `The text has to have a certain form, that of a name, an address or a quantity for
example.`,
	Bad: []string{`master:
  persistence:
    size: 8GB # <- here
`},
	Good: []string{`master:
  persistence:
    size: 8Gi
`},
}
