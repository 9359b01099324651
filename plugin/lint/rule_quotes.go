package lint

import "github.com/helm-valkey/helm-valkey/plugin/finding"

var wrongQuotes = finding.Rule{
	ID:       "VK020",
	Severity: finding.Warning,
	Title:    "Quotation marks that YAML does not know",
	Doc: `Word processors, chats and web pages turn straight quotation marks into curly ones. To
YAML they are letters: they become a part of the value.`,
	Bad: []string{
		`auth:
  password: “correct horse” # <- here
`,
	},
	Good: []string{
		`auth:
  password: "correct horse"
`,
	},
}
