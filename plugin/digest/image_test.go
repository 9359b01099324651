package digest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var one, two = "sha256:" + strings.Repeat("1", 64), "sha256:" + strings.Repeat("2", 64)

func TestParseImage(t *testing.T) {
	tests := []struct{ text, tagged, digest string }{
		{"nginx", "docker.io/library/nginx:latest", ""},
		{"nginx:1.25", "docker.io/library/nginx:1.25", ""},
		{"valkey/valkey:9.1.2", "docker.io/valkey/valkey:9.1.2", ""},
		{"docker.io/nginx:1", "docker.io/library/nginx:1", ""},
		{"index.docker.io/a/b:1", "docker.io/a/b:1", ""},
		{"localhost/a:1", "localhost/a:1", ""},
		{"localhost:5000/a", "localhost:5000/a:latest", ""},
		{"registry:5000/a/b/c:1@" + one, "registry:5000/a/b/c:1", one},
		{"quay.io/a@" + two, "quay.io/a:latest", two},
		{"[::1]:5000/a:1", "[::1]:5000/a:1", ""},
		{"HOST/a:1", "HOST/a:1", ""},
		{"a__b/c-d.e:V_1-x", "docker.io/a__b/c-d.e:V_1-x", ""},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			i, err := parseImage(tt.text)
			require.NoError(t, err)
			require.Equal(t, tt.tagged, i.tagged())
			require.Equal(t, tt.digest, i.digest)
		})
	}
	for _, text := range []string{"", " ", "Nginx", "nginx:", "nginx@", "a//b", "nginx:1 # x", "nginx@sha256:12", "nginx@md5:" + strings.Repeat("1", 32), "https://a/b", "nginx:-1", "$(IMAGE)"} {
		_, err := parseImage(text)
		require.Error(t, err, text)
	}
}
