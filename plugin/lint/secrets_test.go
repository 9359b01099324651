package lint

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/plugin/report"
	"github.com/helm-valkey/helm-valkey/plugin/values"
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
		{"a variable in braces", "master:\n  extraEnvVars:\n    - {name: REDIS_PASSWORD, value: a4711}\n"},
		{"a variable in braces, its name last", "master:\n  extraEnvVars:\n    - {value: a4711, name: REDIS_PASSWORD}\n"},
		{"a misspelt key of a variable", "master:\n  extraEnvVars:\n    - name: DB_PWD\n      valu: a4711\n"},
		{"a misspelt directive", "commonConfiguration: |\n  requirepas a4711\n"},
		{"a misspelt directive on one line", "commonConfiguration: masterauht a4711\n"},
	}
	c := openChart(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found := check(t, c, tt.text)
			require.NotEmpty(t, found)
			var out bytes.Buffer
			require.NoError(t, report.JSON(&out, found))
			require.NotContains(t, out.String(), "47")
		})
	}
}

func TestSecretsInFlagsStayHidden(t *testing.T) {
	c := openChart(t)
	for _, flag := range []string{
		"auth.pasword=a4711",
		"master.extraEnvVars[0].name=REDIS_PASSWORD,master.extraEnvVars[0].value=a4711",
		"master.extraEnvVars[0].name=A_PASSWORD,master.extraEnvVars[0].valu=a4711",
		"commonConfiguration=requirepas a4711",
	} {
		t.Run(flag, func(t *testing.T) {
			v, err := values.Read(values.Options{Set: []string{flag}}, c.Defaults, nil)
			require.NoError(t, err)
			found, err := c.Check(v)
			require.NoError(t, err)
			require.NotEmpty(t, found)
			var out bytes.Buffer
			require.NoError(t, report.JSON(&out, found))
			require.NotContains(t, out.String(), "47")
		})
	}
}
