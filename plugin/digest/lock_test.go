package digest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	l, err := Parse("a/images.lock", []byte("# ours\nvalkey/valkey:9.1.2: "+one+" # a\n\"nginx\": '"+two+"'\n"))
	require.NoError(t, err)
	require.Equal(t, map[string]string{"docker.io/valkey/valkey:9.1.2": one, "docker.io/library/nginx:latest": two}, l.digests)
}

func TestParseSaysAllThatIsWrong(t *testing.T) {
	_, err := Parse("a/images.lock", []byte("Nginx: "+one+"\nnginx: sha256:12\nredis@"+one+": "+one+"\na: "+one+"\ndocker.io/library/a:latest: "+two+"\nb: [x]\n"))
	require.EqualError(t, err, `a/images.lock:1: "Nginx" is no reference to an image
a/images.lock:2: "nginx": "sha256:12" is no digest: it is sha256: and 64 digits of 0-9 and a-f
a/images.lock:3: "redis@`+one+`": leave the digest out of the image's name: it stands behind it
a/images.lock:5: "docker.io/library/a:latest" is there twice: remove one
a/images.lock:6: "b": "" is no digest: it is sha256: and 64 digits of 0-9 and a-f`)
	for _, text := range []string{"", "- nginx\n", "nginx " + one, "# only a comment\n"} {
		_, err := Parse("l", []byte(text))
		require.ErrorContains(t, err, "it is no mapping of images to digests", text)
	}
	_, err = Parse("l", []byte("a: [\n"))
	require.ErrorContains(t, err, "read l: ")
}
