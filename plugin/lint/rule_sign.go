package lint

import "github.com/helm-valkey/helm-valkey/plugin/finding"

var signOfYAML = finding.Rule{
	ID:       "VK021",
	Severity: finding.Warning,
	Title:    "A value that begins with a sign of YAML's own",
	Doc: "`!` begins a tag, and `&` names an anchor. Helm drops both, and with them what was\n" +
		"meant to be the beginning of the value, or all of it.",
	Bad: []string{
		`auth:
  password: !horse battery # <- here
`,
		`auth:
  password: &correcthorse # <- here
`,
	},
	Good: []string{
		`auth:
  password: "&correct!horse"
`,
		`master:
  podLabels: &labels
    team: cache
replica:
  podLabels: *labels
`,
	},
}
