package lint

import "github.com/helm-valkey/helm-valkey/plugin/finding"

var missingKey = finding.Rule{
	ID:       "VK002",
	Severity: finding.Error,
	Title:    "A key is missing",
	Doc: `The chart needs this key. It is in the defaults, so somebody took it away: null in a
values file deletes a default.`,
}
