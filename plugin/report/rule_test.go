package report

import (
	"bytes"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

// sampleRules are one rule with examples, and one without.
func sampleRules() []finding.Explained {
	full := rule
	full.Bad, full.Good = []string{"key: 1 # <- here\n\nother: 2\n", "key: 3\n"}, []string{"key: 2\n"}
	found := finding.Position{Name: "values.yaml", Line: 1, Column: 6, Width: 1, Text: "key: 1 # <- here"}
	return []finding.Explained{
		{Rule: full, Found: [][]finding.Finding{{full.At(found, "key", "is wrong", "correct it")}, nil}},
		{Rule: careful},
	}
}

func TestRules(t *testing.T) {
	rules := []finding.Rule{sampleRules()[0].Rule, careful}
	for name, print := range map[string]func(io.Writer) error{
		"rules.txt":   func(w io.Writer) error { return Rules(w, rules) },
		"rules.json":  func(w io.Writer) error { return RulesJSON(w, rules) },
		"rules.md":    func(w io.Writer) error { return Markdown(w, sampleRules()) },
		"explain.txt": func(w io.Writer) error { return Explanation(w, sampleRules()[0]) },
		"plain.txt":   func(w io.Writer) error { return Explanation(w, sampleRules()[1]) },
	} {
		t.Run(name, func(t *testing.T) {
			var got bytes.Buffer
			require.NoError(t, print(&got))
			golden := "testdata/" + name + ".golden"
			if *update {
				require.NoError(t, os.WriteFile(golden, got.Bytes(), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), got.String(), "if this is as it should be: go test ./plugin/report -update")
			require.ErrorIs(t, print(fullDisk{}), os.ErrClosed)
		})
	}
}
