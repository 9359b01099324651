package lint

import "github.com/helm-valkey/helm-valkey/plugin/finding"

var readAs = finding.Rule{
	ID:       "VK015",
	Severity: finding.Warning,
	Title:    "A value that Helm reads as another one",
	Doc: "Helm reads YAML 1.1: unquoted, `yes`, `off` and `n` are true or false, `1.10` is the\n" +
		"number 1.1, `0x10` is 16, and a number of more than 15 digits loses its end. Where text\n" +
		"is wanted, a label or an environment variable for example, that text is what Helm made\n" +
		"of it. Quotes keep it as it was written.",
	Bad: []string{
		`commonLabels:
  release: 1.10 # <- here
`,
		`master:
  extraEnvVars:
    - name: VERBOSE
      value: yes # <- here
`,
		`replica:
  nodeSelector:
    example.com/fast: on # <- here
`,
	},
	Good: []string{
		`commonLabels:
  release: "1.10"
  build: 20261129
auth:
  enabled: yes
`,
	},
}
