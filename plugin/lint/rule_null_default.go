package lint

import "github.com/helm-valkey/helm-valkey/plugin/finding"

var nullDefault = finding.Rule{
	ID:       "VK019",
	Severity: finding.Warning,
	Title:    "A key without a value, which takes the default away",
	Doc: "A key with nothing behind it is null, and null takes the chart's default away, with all\n" +
		"that is below it. It mostly happens when everything below a key is commented out.\n" +
		"Written out, `null` is taken as meant, except for a whole mapping, which the chart may\n" +
		"not do without.",
	Bad: []string{
		`master:
  livenessProbe: # <- here
  # timeoutSeconds: 10
`,
		`replica:
  livenessProbe: null # <- here
`,
		`clusterDomain: # <- here
`,
	},
	Good: []string{
		`master:
  podAnnotations:
  resources: null
clusterDomain: null
`,
	},
}
