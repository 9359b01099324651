package lint

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/plugin/report"
)

func TestSecretsStayHidden(t *testing.T) {
	tests := []struct{ name, text string }{
		{"a number", "auth:\n  password: 0471147\n"},
		{"a tag", "auth:\n  password: !4711 47 # 47\n"},
		{"an anchor", "auth:\n  password: &4711\n"},
		{"curly quotation marks", "auth:\n  password: “4711 47 47”\n"},
		{"of a wrong form", "auth:\n  password: \"4711\\n47\"\n"},
		{"in two places", "auth:\n  password: 4711 4711\n  existingSecret: x\n"},
		{"over two lines", "auth:\n  password:\n    4711\n    4711\n  existingSecret: x\n"},
		{"twice", "auth:\n  password: 4711 a\n  password: 4711 b\n"},
		{"a misspelt key", "auth:\n  pasword: 4711 4711\n"},
		{"the key in quotation marks", "auth: {\"password\": 4711, existingSecret: x}\n"},
		{"a variable", "master:\n  extraEnvVars:\n    - name: APP_PASSWORD\n      value: 04711\n"},
	}
	c := openChart(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found := check(t, c, tt.text)
			require.NotEmpty(t, found)
			var out bytes.Buffer
			require.NoError(t, report.Text(&out, found))
			require.NotContains(t, out.String(), "47")
		})
	}
}
