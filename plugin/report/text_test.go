package report

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

// see ends each finding.
const see = "  see: https://github.com/helm-valkey/helm-valkey/blob/main/docs/rules.md#vk999\n"

func TestText(t *testing.T) {
	tests := []struct {
		name    string
		finding finding.Finding
		want    string
	}{
		{"in a file", rule.At(finding.Position{Name: "a.yaml", Line: 12, Column: 6, Width: 3, Text: "key: \"1\" # x"}, "key", "is wrong", "correct it"),
			"a.yaml:12:6: error: key: is wrong [VK999]\n   |\n12 | key: \"1\" # x\n   |      ^~~\n  fix: correct it\n"},
		{"a flag", rule.At(finding.Position{Name: "--set a=1"}, "a", "is wrong", ""), "--set a=1: error: a: is wrong [VK999]\n"},
		{"an object", rule.On(finding.Object{Kind: "Service", Name: "s"}, "spec.ports", "is wrong", ""), "error: Service s: spec.ports: is wrong [VK999]\n"},
		{"an object in a namespace", rule.On(finding.Object{Kind: "Service", Name: "s", Namespace: "n"}, "spec", "is wrong", ""), "error: Service s in namespace n: spec: is wrong [VK999]\n"},
		{"tabs and wide characters", rule.At(finding.Position{Name: "f", Line: 1, Column: 6, Width: 99, Text: "\tä: \tx"}, "", "m", ""), "f:1:6: error: m [VK999]\n  |\n1 | \tä: \tx\n  | \t   \t^\n"},
		{"a column behind the line", rule.At(finding.Position{Name: "f", Line: 1, Column: 9, Text: "a"}, "", "m", ""), "f:1:9: error: m [VK999]\n"},
		{"a secret", rule.At(finding.Position{Name: "f", Line: 1, Column: 11, Width: 2, Text: "password: \"hunter2\" # token: abc"}, "", "m", ""),
			"f:1:11: error: m [VK999]\n  |\n1 | password: ********* # token: ***\n  |           ^~\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			require.NoError(t, Text(&out, []finding.Finding{tt.finding}))
			require.Equal(t, tt.want+see, out.String())
		})
	}
}

// A values file must not move the cursor of whoever looks at its findings.
func TestTextWithoutControlCharacters(t *testing.T) {
	var out bytes.Buffer
	at := finding.Position{Name: "a\x1b[2J.yaml", Line: 1, Column: 1, Text: "a:\tb \x1b[31m"}
	require.NoError(t, Text(&out, []finding.Finding{rule.At(at, "a\u009b", "takes no \x1b[31m", "")}))
	require.NotContains(t, out.String(), "\x1b")
	require.NotContains(t, out.String(), "\u009b")
	require.Contains(t, out.String(), "1 | a:\tb \ufffd[31m\n")
}
