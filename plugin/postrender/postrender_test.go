package postrender

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

// replacement replaces a text of testdata/release.yaml; each has to be there once.
type replacement struct{ old, new string }

func patched(t *testing.T, patches ...replacement) string {
	t.Helper()
	return replaced(t, "testdata/release.yaml", patches)
}

func replaced(t *testing.T, file string, patches []replacement) string {
	t.Helper()
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	text := string(data)
	for _, p := range patches {
		require.Equal(t, 1, strings.Count(text, p.old), p.old)
		text = strings.Replace(text, p.old, p.new, 1)
	}
	return text
}

// sentinels are the objects that Sentinel adds to testdata/release.yaml.
func sentinels(t *testing.T, patches ...replacement) string {
	t.Helper()
	return replaced(t, "testdata/sentinel.yaml", patches)
}

// pass checks a stream. What it writes has to be what it read.
func pass(stream string) ([]finding.Finding, error) {
	var out strings.Builder
	found, err := Pass(context.Background(), strings.NewReader(stream), &out, Options{})
	if err == nil && out.String() != stream {
		return nil, fmt.Errorf("%q became %q", stream, out.String())
	}
	return found, err
}

// summary is one line for each finding.
func summary(t *testing.T, stream string) []string {
	t.Helper()
	found, err := pass(stream)
	require.NoError(t, err)
	lines := []string{}
	for _, f := range found {
		line := fmt.Sprintf("%s %s/%s %s: %s", f.RuleID, f.Object.Kind, f.Object.Name, f.Path, f.Message)
		if f.Severity == finding.Warning {
			line = "warning " + line
		}
		lines = append(lines, line)
	}
	return lines
}

// expect is a case of a rule's table.
type expect struct {
	name    string
	patches []replacement
	want    []string
}

func run(t *testing.T, tests []expect) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, append([]string{}, tt.want...), summary(t, patched(t, tt.patches...)))
		})
	}
}

func TestCheckOnWhatTheChartRenders(t *testing.T) {
	require.Empty(t, summary(t, patched(t)))
}

func TestCheckPassesOtherObjects(t *testing.T) {
	require.Empty(t, summary(t, "kind: StatefulSet\nmetadata:\n  labels: {helm.sh/chart: valkey-operator-0.1, app.kubernetes.io/component: master}\nspec: {replicas: 5}\n"))
	require.Empty(t, summary(t, "not: [yaml\n"), "a document without a word of this chart is not read")
	_, err := pass("a: 1\n---\nvalkey-0: [\n")
	require.ErrorContains(t, err, "line 2")
}

// Two releases in one stream are two releases.
func TestCheckTellsReleasesApart(t *testing.T) {
	one := patched(t)
	two := strings.ReplaceAll(one, "instance: demo", "instance: other")
	require.Empty(t, summary(t, one+"\n"+two))
}

func TestRulesAreDocumented(t *testing.T) {
	seen := map[string]bool{}
	for _, rule := range Rules() {
		require.Regexp(t, `^VK2\d\d$`, rule.ID)
		require.False(t, seen[rule.ID], rule.ID)
		require.NotEmpty(t, rule.Title, rule.ID)
		require.NotEmpty(t, rule.Doc, rule.ID)
		require.NotEmpty(t, rule.Bad, rule.ID)
		require.NotEmpty(t, rule.Good, rule.ID)
		seen[rule.ID] = true
	}
}

func TestExamplesOfRules(t *testing.T) {
	for _, c := range checks {
		finds := func(f finding.Finding) bool { return f.RuleID == c.rule.ID }
		for _, bad := range c.rule.Bad {
			found, err := pass(bad)
			require.NoError(t, err)
			require.True(t, slices.ContainsFunc(found, finds), "%s finds nothing in:\n%s", c.rule.ID, bad)
		}
		for _, good := range c.rule.Good {
			found, err := pass(good)
			require.NoError(t, err)
			require.False(t, slices.ContainsFunc(found, finds), "%s finds something in:\n%s", c.rule.ID, good)
		}
	}
}

// FuzzCheck looks for panics on objects of odd forms, and for streams that are
// checked differently in pieces.
func FuzzCheck(f *testing.F) {
	data, err := os.ReadFile("testdata/release.yaml")
	require.NoError(f, err)
	f.Add(string(data))
	for _, kind := range []string{"StatefulSet", "Service", "PodDisruptionBudget", "ConfigMap", "Pod"} {
		for _, spec := range []string{"null", "[]", "{selector: [], template: 1, replicas: x}", "{template: {spec: {containers: [null, 1, {env: {}}]}}, ports: [[]], maxUnavailable: [], selector: {matchExpressions: [1, {operator: 2}]}}"} {
			f.Add("kind: " + kind + "\nmetadata: {labels: {helm.sh/chart: valkey-1, app.kubernetes.io/component: master}}\nspec: " + spec + "\ndata: " + spec)
		}
	}
	f.Fuzz(func(t *testing.T, stream string) {
		found, err := pass(stream)
		if err != nil {
			require.NotContains(t, err.Error(), " became ")
		}
		var out strings.Builder
		inPieces, failure := Pass(context.Background(), iotest.OneByteReader(strings.NewReader(stream)), &out, Options{})
		require.Equal(t, err, failure)
		require.Equal(t, found, inPieces)
	})
}
