package lint

import "github.com/helm-valkey/helm-valkey/plugin/finding"

var keyReadAs = finding.Rule{
	ID:       "VK017",
	Severity: finding.Warning,
	Title:    "A key that is another one to Helm",
	Doc: "Helm reads YAML 1.1 in keys, too: `on` becomes the key `true`, `n` becomes `false`,\n" +
		"`0x10` becomes `16`. Quotes keep a key as it was written.",
	Bad: []string{
		`commonLabels:
  on: call # <- here
`,
		`master:
  podAnnotations:
    y: "1" # <- here
`,
		`replica:
  podLabels:
    "": x # <- here
`,
	},
	Good: []string{
		`commonLabels:
  "on": call
`,
	},
}
