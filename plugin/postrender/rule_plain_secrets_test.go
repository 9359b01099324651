package postrender

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPlainSecrets(t *testing.T) {
	const conf = "VK207 ConfigMap/demo-valkey-common data[valkey.conf]: "
	tests := []struct {
		name, line string
		want       []string
	}{
		{"requirepass", "requirepass hunter2", []string{conf + "line 3 holds a secret (requirepass)"}},
		{"in quotes, in capitals", `  MASTERAUTH "hunter2"`, []string{conf + "line 3 holds a secret (MASTERAUTH)"}},
		{"taken away", `requirepass ""`, nil},
		{"a user", "user app on ~* +@all >hunter2", []string{conf + "line 3 holds a secret (user)"}},
		{"a user with a hash", "user app on ~a>b #5e884898", nil},
		{"a key", "-----BEGIN EC PRIVATE KEY-----", []string{conf + "line 3 holds a secret (-----BEGIN EC PRIVATE KEY-----)"}},
		{"a key's password", "tls-key-file-pass hunter2", []string{conf + "line 3 holds a secret (tls-key-file-pass)"}},
		{"Sentinel", "sentinel auth-pass mymaster hunter2", []string{conf + "line 3 holds a secret (sentinel auth-pass)"}},
		{"a comment", "# requirepass hunter2", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := summary(t, patched(t, replacement{"    maxmemory 1gb\n", "    maxmemory 1gb\n    " + tt.line + "\n"}))
			require.Equal(t, append([]string{}, tt.want...), got)
			require.NotContains(t, strings.Join(got, ""), "hunter2")
		})
	}
	run(t, []expect{{"a key that is named so", []replacement{{"data:\n  valkey.conf", "data:\n  valkey-password: hunter2\n  valkey.conf"}},
		[]string{"VK207 ConfigMap/demo-valkey-common data[valkey-password]: its name says that it is a secret"}}})
}
