package lint

import "github.com/helm-valkey/helm-valkey/plugin/finding"

var wrongType = finding.Rule{
	ID:       "VK003",
	Severity: finding.Error,
	Title:    "A value of the wrong type",
	Doc: `YAML gives unquoted text a type of its own: 9.0 is a number, on is true. Quote what
is meant as text.`,
	Bad: []string{`image:
  tag: 9.0 # <- here
`},
	Good: []string{`image:
  tag: "9.0"
`},
}
