package catalog

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

// here marks the line of a values file at which an example's mistake is found.
const here = "# <- here"

// withoutExamples is a rule for what the schema of this chart does not say: that
// of another version may.
const withoutExamples = "VK007"

func open(t *testing.T) *Catalog {
	t.Helper()
	c, err := Open()
	require.NoError(t, err)
	return c
}

func TestRulesAreExplained(t *testing.T) {
	rules := open(t).Rules()
	for i, r := range rules {
		require.Regexp(t, `^VK\d{3}$`, r.ID)
		require.True(t, i == 0 || rules[i-1].ID < r.ID, "two rules have the id %s", r.ID)
		require.Contains(t, []finding.Severity{finding.Error, finding.Warning}, r.Severity, r.ID)
		require.NotEmpty(t, r.Title, r.ID)
		require.NotEmpty(t, r.Doc, r.ID)
		require.Equal(t, r.ID != withoutExamples, len(r.Bad) > 0 && len(r.Good) > 0, "%s: examples", r.ID)
	}
}

// What a rule's bad examples are for is found in them, values at the line that
// is marked; in the good ones it is not.
func TestExamples(t *testing.T) {
	c := open(t)
	for _, r := range c.Rules() {
		t.Run(r.ID, func(t *testing.T) {
			e, err := c.Explain(r)
			require.NoError(t, err)
			for i, text := range r.Bad {
				require.NotEmpty(t, e.Found[i], text)
				require.True(t, slices.ContainsFunc(e.Found[i], func(f finding.Finding) bool { return isHere(f, text) }), "%s\n%v", text, e.Found[i])
			}
			for _, text := range r.Good {
				found, err := c.Try(r, text)
				require.NoError(t, err)
				require.Empty(t, found, text)
			}
		})
	}
}

// isHere says whether a finding is at the line of the example that is marked,
// or below a line with nothing but the mark: within a text it would be a part of
// it. Rendered objects have no lines, and patches no marks.
func isHere(f finding.Finding, example string) bool {
	if f.Object.Kind != "" {
		return strings.Contains(example+exampleObject, f.Object.Name)
	}
	if !strings.Contains(example, here) {
		return f.Position.Line > 0
	}
	lines := append([]string{""}, strings.Split(example, "\n")...)
	at := f.Position.Line
	return at > 0 && (strings.Contains(lines[at], here) || strings.TrimSpace(lines[at-1]) == here)
}

// exampleObject is what the examples of patches are for.
const exampleObject = "demo-valkey-master"

func TestFind(t *testing.T) {
	c := open(t)
	r, ok := c.Find("vk101")
	require.True(t, ok)
	require.Equal(t, "VK101", r.ID)
	_, ok = c.Find("VK102")
	require.False(t, ok)
	require.ElementsMatch(t, []string{"VK100", "VK101", "VK103"}, c.Near("VK102"))
	require.Equal(t, "VK012", c.Near("VK12")[0])
	require.Empty(t, c.Near("replicas"))
}

// docs/rules.md is what "make generate" would make it.
func TestDocumentIsUpToDate(t *testing.T) {
	var want bytes.Buffer
	require.NoError(t, open(t).Document(&want))
	got, err := os.ReadFile("../../docs/rules.md")
	require.NoError(t, err)
	require.Equal(t, want.String(), string(got), "run: make generate")
}

// Every address that a finding names leads to a heading.
func TestAddressesAreThere(t *testing.T) {
	data, err := os.ReadFile("../../docs/rules.md")
	require.NoError(t, err)
	for _, r := range open(t).Rules() {
		require.True(t, strings.HasSuffix(finding.Address(r.ID), "/docs/rules.md#"+strings.ToLower(r.ID)))
		require.Equal(t, 1, strings.Count(string(data), "\n## "+r.ID+"\n"))
	}
}
