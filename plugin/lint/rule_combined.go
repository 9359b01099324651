package lint

import "github.com/helm-valkey/helm-valkey/plugin/finding"

var combined = finding.Rule{
	ID:       "VK007",
	Severity: finding.Error,
	Title:    "Values that do not fit together",
	Doc:      `Each of the values is allowed, but not with the others as they are.`,
}
