// Package accept writes comments into values by which lint is told that what
// it warns about is meant.
package accept

import (
	"maps"
	"slices"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

// Warnings writes a comment above every line with a warning of one of the
// rules, and returns the findings that are left.
func Warnings(text string, found []finding.Finding, rules []string, reason string) (string, []finding.Finding) {
	accepted := map[int][]string{}
	var left []finding.Finding
	for _, f := range found {
		if f.Severity != finding.Warning || !slices.Contains(rules, f.RuleID) || f.Position.Line == 0 {
			left = append(left, f)
			continue
		}
		accepted[f.Position.Line] = append(accepted[f.Position.Line], f.RuleID)
	}
	lines := strings.SplitAfter(text, "\n")
	for _, number := range slices.Backward(slices.Sorted(maps.Keys(accepted))) {
		line := lines[number-1]
		indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
		ids := slices.Compact(slices.Sorted(slices.Values(accepted[number])))
		comment := indent + "# valkey-lint: ignore=" + strings.Join(ids, ",") + " because " + reason + ending(line)
		lines = slices.Insert(lines, number-1, comment)
	}
	return strings.Join(lines, ""), left
}

// ending is the line break of a line.
func ending(line string) string {
	if strings.HasSuffix(line, "\r\n") {
		return "\r\n"
	}
	return "\n"
}
