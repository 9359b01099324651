package lint

import "github.com/helm-valkey/helm-valkey/plugin/finding"

var mergeOverwrites = finding.Rule{
	ID:       "VK022",
	Severity: finding.Warning,
	Title:    "A merge key that overwrites what stands above it",
	Doc: "YAML says that the keys of a mapping win over those that `<<` brings. In Helm's library\n" +
		"the last one wins, so that `<<` below a key takes its place.",
	Bad: []string{
		`master:
  podLabels: &labels
    team: cache
replica:
  podLabels:
    team: shop # <- here
    <<: *labels
`,
	},
	Good: []string{
		`master:
  podLabels: &labels
    team: cache
replica:
  podLabels:
    <<: *labels
    team: shop
`,
	},
}
