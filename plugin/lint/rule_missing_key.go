package lint

import "github.com/helm-valkey/helm-valkey/plugin/finding"

var missingKey = finding.Rule{
	ID:       "VK002",
	Severity: finding.Error,
	Title:    "A key is missing",
	Doc: `What stands there means nothing without this key: an environment variable without its
name, for example.`,
	Bad: []string{`master:
  extraEnvVars:
    - value: Europe/Berlin # <- here
`},
	Good: []string{`master:
  extraEnvVars:
    - name: TZ
      value: Europe/Berlin
`},
}
