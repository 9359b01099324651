package lint

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

// Files that were made to keep a program busy, or to fill its memory, come to an
// end with the findings that they deserve.
func TestHostileFiles(t *testing.T) {
	lines := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	laughs := "a0: &a0 {x: 1, y: 2, z: 3}\n"
	for i := range 30 {
		laughs += fmt.Sprintf("a%d: &a%d {x: *a%d, y: *a%d, z: *a%d}\n", i+1, i+1, i, i, i)
	}
	merges := "a0: &a0 {x: 1}\n"
	for i := range 40 {
		merges += fmt.Sprintf("a%d: &a%d {<<: [*a%d, *a%d]}\n", i+1, i+1, i, i)
	}
	tests := []struct {
		name, text string
		rule       string
		count      int
	}{
		{"a billion laughs", laughs, "VK010", 1},
		{"merge keys of merge keys", merges, "VK010", 1},
		{"an alias within itself", "a: &a {b: *a}\n", "VK010", 1},
		{"a merge key within itself", "a: &a {<<: *a}\n", "VK010", 1},
		{"nested 100,000 deep", "a: " + strings.Repeat("[", 100_000), "VK010", 1},
		{"nested 9,000 deep", "global: " + strings.Repeat("{a: ", 9000) + "017" + strings.Repeat("}", 9000), "", 0},
		{"one line", "auth: {password: \"" + strings.Repeat("x", 500_000) + "\", pasword: 1}\n", "VK001", 1},
		{"bytes without meaning", strings.Repeat("\x00\xff\xfe", 10_000), "VK010", 1},
		{"a mark for UTF-16 and nothing behind it", "\xff\xfe", "VK010", 1},
		{"half a character of UTF-16", "\xff\xfea\x00:\x00 \x001", "VK010", 1},
		{"unknown keys", lines(5000, "k%d: 1\n"), "VK001", 5000},
		{"values of a wrong type", "master:\n  extraEnvVars:\n" + lines(5000, "  - {name: %d}\n"), "VK003", 5000},
		{"values that a rule refuses", "master:\n  extraEnvVars:\n" + lines(5000, "  - {name: ENTRYPOINT_%d}\n"), "VK112", 5000},
		{"directives that are not the user's", "commonConfiguration: |\n" + lines(2000, "  port %d\n"), "VK109", 2000},
		{"directives that no server knows", "commonConfiguration: |\n" + lines(2000, "  maxmemory%d x\n"), "VK134", 2000},
		{"one key again and again", "replica:\n" + strings.Repeat("  replicaCount: 3\n", 5000), "VK012", 4999},
		{"suppressions", lines(5000, "# valkey-lint: ignore=VK0%d because I can\n"), "VK023", 5000},
		{"suppressions of one text", strings.Repeat("# valkey-lint: ignore=VK134 because I can\n", 5000) + "commonConfiguration: |\n" + strings.Repeat("  a 1\n", 2000), "", 0},
		{"documents", "auth: {}\n" + strings.Repeat("---\nauth: {}\n", 5000), "VK011", 1},
		{"ends of documents", strings.Repeat("---\n", 20_000), "", 0},
	}
	c := openChart(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found := check(t, c, tt.text)
			require.Equal(t, tt.count, countOf(found, tt.rule))
			require.Equal(t, tt.count == 0, len(found) == 0)
		})
	}
}

// countOf counts the findings of a rule.
func countOf(found []finding.Finding, rule string) int {
	n := 0
	for _, f := range found {
		if f.RuleID == rule {
			n++
		}
	}
	return n
}
