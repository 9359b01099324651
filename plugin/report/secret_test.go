package report

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

func TestHideSecrets(t *testing.T) {
	for line, want := range map[string]string{
		`  requirepass "a b" c`:                      `  requirepass *******`,
		`configuration: masterauth hunter2`:          `configuration: masterauth *******`,
		`tls-key-file-pass x`:                        `tls-key-file-pass *`,
		`  user app on >hunter2 ~* +@read`:           `  user app *********************`,
		`  user app >hunter2 on`:                     `  user app ***********`,
		`user app on #0123 +@all`:                    `user app on #0123 +@all`,
		`description: the user asked for >- nothing`: `description: the user asked for >- nothing`,
		`maxmemory 1gb`:                              `maxmemory 1gb`,
		`- {name: A_TOKEN, value: x}`:                `- {name: A_TOKEN, value: **`,
		`- {"value": x, "name": "MY_SECRET"}`:        `- {"value": ***********************`,
		`- {name: secret, mountPath: /x}`:            `- {name: secret, mountPath: /x}`,
		`--set m.e[0].name=A_PWD,m.e[0].value=x,a=b`: `--set m.e[0].name=A_PWD,m.e[0].value=*****`,

		`password: hunter2`:                              `password: *******`,
		`password: two words, and more # why`:            `password: ******************* # why`,
		`password: a#b`:                                  `password: ***`,
		`password: "a \" b" # x`:                         `password: ******** # x`,
		`password: 'it''s' # x`:                          `password: ******* # x`,
		`password: "cut off`:                             `password: ********`,
		`auth: {password: two words, enabled: maybe}`:    `auth: {password: *********, enabled: maybe}`,
		`auth: {"password":1}`:                           `auth: {"password":*}`,
		`automountServiceAccountToken: false`:            `automountServiceAccountToken: false`,
		`password: ""`:                                   `password: ""`,
		`--set auth.pasword=hunter2`:                     `--set auth.pasword=*******`,
		`passowrd: hunter2`:                              `passowrd: *******`,
		`passwort: hunter2`:                              `passwort: *******`,
		`redis-pass: hunter2`:                            `redis-pass: *******`,
		`apiKey: hunter2`:                                `apiKey: *******`,
		`AWS_ACCESS_KEY=hunter2`:                         `AWS_ACCESS_KEY=*******`,
		`existingSecretPasswordKey: key`:                 `existingSecretPasswordKey: key`,
		`PWD: hunter2`:                                   `PWD: *******`,
		`usePasswordFiles: yes, of course`:               `usePasswordFiles: yes, of course`,
		`existingSecretPasswordKey: password`:            `existingSecretPasswordKey: password`,
		`--set auth.password=a\,b c,replica.x=1`:         `--set auth.password=******,replica.x=1`,
		`--set-literal auth.password=a,b`:                `--set-literal auth.password=***`,
		`--set-json auth={"password":"a,b","enabled":1}`: `--set-json auth={"password":*****,"enabled":1}`,
		`token: abc # password: def`:                     `token: *** # password: ***`,
		`commonConfiguration: "requirepass a"`:           `commonConfiguration: "requirepass **`,
	} {
		require.Equal(t, want, hideSecrets(line))
	}
}

// The value of a key may stand on a line of its own.
func TestHideSecretsBelowTheirKey(t *testing.T) {
	f := rule.At(finding.Position{Name: "f", Line: 2, Column: 5, Width: 7, Text: "    hunter2"}, "auth.password", "m", "")
	require.Equal(t, "    *******", sourceLine(f))
	f.Path = "auth"
	require.Equal(t, "    hunter2", sourceLine(f))
}

// FuzzHideSecrets looks for panics, and for lines that change their length:
// columns point into them.
func FuzzHideSecrets(f *testing.F) {
	for _, line := range []string{`a: {password: "b\"", token: 'c'}`, `user a on >b`, `--set x.password=\`, "password:\xff"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if !utf8.ValidString(line) || strings.Contains(line, "\n") {
			return
		}
		require.Equal(t, utf8.RuneCountInString(line), utf8.RuneCountInString(hideSecrets(line)))
	})
}
