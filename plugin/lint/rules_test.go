package lint

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	chart "github.com/helm-valkey/helm-valkey/charts/valkey"
	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/values"
)

// here marks the line at which an example's mistake is to be found. On a line of
// its own it is about the line below, which may be one of a text without comments.
const here = "# <- here"

func openChart(t testing.TB) *Chart {
	t.Helper()
	c, err := OpenChart(chart.Files)
	require.NoError(t, err)
	return c
}

// check lints one text as the only values file.
func check(t testing.TB, c *Chart, text string) []finding.Finding {
	t.Helper()
	read := func(string) ([]byte, error) { return []byte(text), nil }
	v, err := values.Read(values.Options{Files: []string{"values.yaml"}}, c.Defaults, read)
	require.NoError(t, err)
	found, err := c.Check(v)
	require.NoError(t, err)
	return found
}

// ruleFiles reads all rules of the chart.
func ruleFiles(t testing.TB) []ruleFile {
	t.Helper()
	names, err := fs.Glob(chart.Files, "rules/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	var all []ruleFile
	for _, name := range names {
		data, err := fs.ReadFile(chart.Files, name)
		require.NoError(t, err)
		var file ruleFile
		require.NoError(t, yaml.Unmarshal(data, &file), name)
		require.True(t, strings.HasPrefix(path.Base(name), file.ID+"-"), name)
		all = append(all, file)
	}
	return all
}

func TestRulesExamples(t *testing.T) {
	c := openChart(t)
	for _, file := range ruleFiles(t) {
		require.NotEmpty(t, file.Bad, file.ID)
		require.NotEmpty(t, file.Good, file.ID)
		require.NotEmpty(t, file.Title, file.ID)
	}
	for _, rule := range c.Rules() {
		for i, text := range rule.Bad {
			t.Run(fmt.Sprintf("%s/bad/%d", rule.ID, i), func(t *testing.T) {
				want := markedLine(t, text)
				var lines []int
				for _, f := range check(t, c, text) {
					if f.RuleID == rule.ID {
						lines = append(lines, f.Position.Line)
					}
				}
				require.Contains(t, lines, want, "the findings are %v", check(t, c, text))
			})
		}
		for i, text := range rule.Good {
			t.Run(fmt.Sprintf("%s/good/%d", rule.ID, i), func(t *testing.T) {
				for _, f := range check(t, c, text) {
					require.NotEqual(t, rule.ID, f.RuleID, f.Message)
					require.NotEqual(t, finding.Error, f.Severity, "%s %s", f.RuleID, f.Message)
				}
			})
		}
	}
}

func markedLine(t *testing.T, text string) int {
	t.Helper()
	for i, line := range strings.Split(text, "\n") {
		if strings.TrimSpace(line) == here {
			return i + 2
		}
		if strings.Contains(line, here) {
			return i + 1
		}
	}
	t.Fatalf("no line is marked with %q", here)
	return 0
}

func TestChartsOwnValues(t *testing.T) {
	require.Empty(t, check(t, openChart(t), ""))
}

func TestChartsExampleValues(t *testing.T) {
	c := openChart(t)
	for _, name := range glob(t, "../../charts/valkey/ci/*-values.yaml") {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Empty(t, check(t, c, string(data)), name)
	}
}

func TestRuleIDsAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range openChart(t).Rules() {
		require.False(t, seen[r.ID], r.ID)
		require.NotEmpty(t, r.Doc, r.ID)
		seen[r.ID] = true
	}
}

// A rule's sentence and the schema's for the same value are shown once.
func TestMastersAreRefusedOnce(t *testing.T) {
	found := check(t, openChart(t), "master:\n  replicaCount: 2\n")
	require.Len(t, found, 1)
	require.Equal(t, "VK101", found[0].RuleID)
	require.Equal(t, finding.Position{Name: "values.yaml", Line: 2, Column: 17, Width: 1, Text: "  replicaCount: 2"}, found[0].Position)
}

// What rules say of a value of several lines is one finding.
func TestRulesOnValuesOfSeveralLines(t *testing.T) {
	c := openChart(t)
	for _, text := range []string{
		"master: {resources: {requests: {memory: \"a\\nb\"}}}",
		"master: {resources: {requests: {\"a\\nb\": x}}}",
	} {
		found := check(t, c, text)
		require.Len(t, found, 1, text)
		require.Equal(t, "VK139", found[0].RuleID)
	}
}
