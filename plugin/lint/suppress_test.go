package lint

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/plugin/values"
)

func TestSuppression(t *testing.T) {
	const twice = "replica:\n  replicaCount: 2\n  replicaCount: 3"
	tests := []struct {
		name string
		text string
		want string // line rule: message of suppressions
	}{
		{"nothing to do with it", twice + " # why\n", "3 VK012"},
		{"behind", twice + " # valkey-lint: ignore=VK012 because I want to\n", ""},
		{"above", "replica:\n  replicaCount: 2\n  # valkey-lint: ignore=VK012 because I want to\n  # more\n  replicaCount: 3\n", ""},
		{"above, with a blank line", "replica:\n  replicaCount: 2\n  # valkey-lint: ignore=VK012 because I want to\n\n  replicaCount: 3\n", "3 VK023 there is no VK012 here to suppress, 5 VK012"},
		{"above a text", "# valkey-lint: ignore=VK134 because I want to\ncommonConfiguration: |\n  nonsense yes\n\n  more-nonsense yes\n\nmaster:\n  configuration: nonsense yes\n", "8 VK134"},
		{"an error in a text", "# valkey-lint: ignore=VK109 because I want to\ncommonConfiguration: |\n  maxclients 10\n  port 1\n", "1 VK023 VK109 is an error here, and cannot be suppressed: Helm refuses it, too, 4 VK109"},
		{"above the mapping only", "# valkey-lint: ignore=VK012 because I want to\n" + twice + "\n", "1 VK023 there is no VK012 here to suppress, 4 VK012"},
		{"whole file", twice + "\n\n# valkey-lint: ignore-file=VK012 because I want to\n", ""},
		{"several", "commonLabels:\n  a: 1.10\n  a: 1.20 # valkey-lint: ignore=VK012, VK015 because I want to\n", "2 VK015"},
		{"several by two comments", "commonLabels:\n  a: 1.10\n  # valkey-lint: ignore=VK012 because I want to\n  a: 1.20 # valkey-lint: ignore=VK015 because I want to\n", "2 VK015"},
		{"Windows", strings.ReplaceAll(twice, "\n", "\r\n") + " # valkey-lint: ignore=VK012 because I want to\r\n", ""},
		{"another rule", twice + " # valkey-lint: ignore=VK015 because I want to\n", "3 VK012, 3 VK023 there is no VK015 here to suppress"},
		{"no reason", twice + " # valkey-lint: ignore=VK012\n", "3 VK023 the reason is missing: because …"},
		{"an empty reason", twice + " # valkey-lint: ignore=VK012 because \n", "3 VK023 the reason is missing: because …"},
		{"a reason without because", twice + " # valkey-lint: ignore=VK012 I want to\n", "3 VK023 the reason is missing: because …"},
		{"unknown rule", twice + " # valkey-lint: ignore=VK0012 because I want to\n", "3 VK012, 3 VK023 there is no rule VK0012 for values"},
		{"rule on objects", twice + " # valkey-lint: ignore=VK012,VK201 because I want to\n", "3 VK023 there is no rule VK201 for values"},
		{"no rule", twice + " # valkey-lint: ignore= because I want to\n", "3 VK012, 3 VK023 ignore= names no rule"},
		{"something else", twice + " # valkey-lint: disable=VK012 because I want to\n", `3 VK012, 3 VK023 "disable" is neither ignore= nor ignore-file=`},
		{"an error", "master:\n  replicaCount: 2 # valkey-lint: ignore=VK101 because I want to\n", "2 VK101, 2 VK023 VK101 is an error here, and cannot be suppressed: Helm refuses it, too"},
		{"itself", "# valkey-lint: ignore-file=VK023 because I want to\n# valkey-lint: ignore=VK012 because I want to\nreplica: {}\n", "1 VK023 there is no VK023 here to suppress, 2 VK023 there is no VK012 here to suppress"},
		{"in a file of several documents", twice + " # valkey-lint: ignore=VK012 because I want to\n---\nauth: {}\n# valkey-lint: ignore-file=VK011 because I want to\n", "5 VK011, 6 VK023 VK011 is an error here, and cannot be suppressed: Helm refuses it, too"},
		{"in text", "master:\n  configuration: |\n    # valkey-lint: ignore=VK012 because I want to\n    maxmemory 1gb\n", ""},
		{"in a file that is no YAML", "a: [\n# valkey-lint: ignore=VK012 because I want to\n", "3 VK010"},
	}
	c := openChart(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, f := range check(t, c, tt.text) {
				line := fmt.Sprintf("%d %s", f.Position.Line, f.RuleID)
				if f.RuleID == suppression.ID {
					line += " " + f.Message
				}
				got = append(got, line)
			}
			var want []string
			if tt.want != "" {
				want = strings.Split(tt.want, ", ")
			}
			require.Equal(t, strings.Join(want, ", "), strings.Join(got, ", "))
		})
	}
}

// A suppression in one of several files may be for a value that another one
// changes: it is not reported as unused. It does not reach into other files.
func TestSuppressionInSeveralFiles(t *testing.T) {
	texts := map[string]string{
		"base.yaml": "commonLabels:\n  a: 1.10 # valkey-lint: ignore=VK015 because I want to\n# valkey-lint: ignore-file=VK012 because there was one\n",
		"prod.yaml": "commonLabels:\n  a: 1.20\n",
	}
	c := openChart(t)
	v, err := values.Read(values.Options{Files: []string{"base.yaml", "prod.yaml"}}, c.Defaults, func(name string) ([]byte, error) { return []byte(texts[name]), nil })
	require.NoError(t, err)
	found, err := c.Check(v)
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, "prod.yaml", found[0].Position.Name)
	require.Equal(t, readAs.ID, found[0].RuleID)
}

// FuzzSuppression looks for panics, and for warnings that are gone though no
// comment names their rule.
func FuzzSuppression(f *testing.F) {
	for _, text := range []string{"ignore=VK012 because x", "ignore-file=VK012,VK015 because", "ignore", "=", ",,because because", "ignore=VK101 because x"} {
		f.Add(text)
	}
	c := openChart(f)
	f.Fuzz(func(t *testing.T, text string) {
		ids := map[string]bool{}
		for _, one := range check(t, c, "replica:\n  replicaCount: 2\n  replicaCount: 3 # "+mark+text+"\nmaster:\n  replicaCount: 2\n") {
			ids[one.RuleID] = true
		}
		if ids[syntax.ID] {
			return
		}
		require.True(t, ids["VK101"], "errors stay")
		d, err := parseDirective(values.Comment{Text: mark + text})
		if !ids[duplicateKey.ID] {
			require.NoError(t, err)
			require.Contains(t, d.ids, duplicateKey.ID)
			require.True(t, d.reason != "" || ids[suppression.ID])
		}
	})
}
