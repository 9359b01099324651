package lint

import "github.com/helm-valkey/helm-valkey/plugin/finding"

var behindEnd = finding.Rule{
	ID:       "VK014",
	Severity: finding.Warning,
	Title:    "Text behind the end of the file",
	Doc: `Three dots end a YAML document, and so does the last bracket of JSON. Helm reads no
further, and says nothing.`,
	Bad: []string{
		`replica:
  replicaCount: 3
...
auth: # <- here
  enabled: true
`,
	},
	Good: []string{
		`replica:
  replicaCount: 3
...
`,
	},
}
