package lint

import "github.com/helm-valkey/helm-valkey/plugin/finding"

var octal = finding.Rule{
	ID:       "VK016",
	Severity: finding.Warning,
	Title:    "A number in the wrong base",
	Doc: "A number that begins with 0 is octal to Helm: `060` is 48. The modes of files are the\n" +
		"one place where that is meant, and there the 0 is needed: `440` without it is 0670, and\n" +
		"not what only the owner and the group may read.",
	Bad: []string{
		`replica:
  terminationGracePeriodSeconds: 0100 # <- here
`,
		`master:
  extraVolumes:
    - name: certificates
      secret:
        secretName: certificates
        defaultMode: 440 # <- here
`,
	},
	Good: []string{
		`replica:
  terminationGracePeriodSeconds: 100
`,
		`master:
  extraVolumes:
    - name: certificates
      secret:
        secretName: certificates
        defaultMode: 0440
`,
	},
}
