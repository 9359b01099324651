package charts

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// entry is a file of an archive.
type entry struct {
	name, text string
	kind       byte
}

func archive(t *testing.T, entries ...entry) string {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	packed := tar.NewWriter(zipped)
	for _, e := range entries {
		header := &tar.Header{Name: e.name, Mode: 0o644, Typeflag: e.kind}
		if e.kind == tar.TypeSymlink {
			header.Linkname = e.text
		} else {
			header.Size = int64(len(e.text))
		}
		require.NoError(t, packed.WriteHeader(header))
		if e.kind == tar.TypeReg {
			_, err := packed.Write([]byte(e.text))
			require.NoError(t, err)
		}
	}
	require.NoError(t, packed.Close())
	require.NoError(t, zipped.Close())
	name := filepath.Join(t.TempDir(), "chart.tgz")
	require.NoError(t, os.WriteFile(name, out.Bytes(), 0o600))
	return name
}

func file(name, text string) entry { return entry{name, text, tar.TypeReg} }

var sound = []entry{file("valkey/Chart.yaml", "name: valkey\n"), file("valkey/rules/VK101-x.yaml", "id: VK101\n")}

func TestOpenArchive(t *testing.T) {
	files, remove, err := Open(context.Background(), archive(t, sound...), "")
	require.NoError(t, err)
	text, err := fs.ReadFile(files, "rules/VK101-x.yaml")
	require.NoError(t, err)
	require.Equal(t, "id: VK101\n", string(text))
	remove()
	_, err = fs.ReadFile(files, "Chart.yaml")
	require.ErrorIs(t, err, fs.ErrNotExist, "what was unpacked is removed")
}

func TestOpenFolder(t *testing.T) {
	files, remove, err := Open(context.Background(), "../../charts/valkey", "")
	require.NoError(t, err)
	remove()
	_, err = fs.ReadFile(files, "values.yaml")
	require.NoError(t, err, "a user's own folder stays")
}

func TestOpenRefuses(t *testing.T) {
	big := strings.Repeat("x", 1<<20)
	bomb := append([]entry{}, sound...)
	for range mostBytes>>20 + 1 {
		bomb = append(bomb, file("valkey/big", big))
	}
	text := filepath.Join(t.TempDir(), "values.yaml")
	require.NoError(t, os.WriteFile(text, []byte("a: 1\n"), 0o600))
	tests := []struct{ name, ref, version, want string }{
		{"nothing there", "./nowhere", "", "no such file"},
		{"a name only", "nowhere", "", "no such file"},
		{"no archive", text, "", "neither a directory nor an archive"},
		{"no chart", t.TempDir(), "", "it is no chart"},
		{"another chart", archive(t, file("redis/Chart.yaml", "name: redis\n")), "", "not the valkey chart of helm-valkey"},
		{"two charts", archive(t, append(sound, file("b/Chart.yaml", ""))...), "", "holds 2 charts"},
		{"no folder", archive(t, file("Chart.yaml", "")), "", "holds 0 charts"},
		{"cut off", cut(t, archive(t, sound...)), "", "unexpected EOF"},
		{"more than memory", archive(t, bomb...), "", "more than 32 MiB"},
		{"out of the folder", archive(t, append(sound, file("../evil", ""))...), "", "escapes"},
		{"an absolute path", archive(t, append(sound, file("/tmp/evil", ""))...), "", "escapes"},
		{"a version of a folder", "../../charts/valkey", "0.1.0", "a version is chosen of a chart that is pulled"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := Open(context.Background(), tt.ref, tt.version)
			require.ErrorContains(t, err, "open chart "+tt.ref+": ")
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// Links are left out: none leads out of the folder.
func TestOpenArchiveWithLinks(t *testing.T) {
	secret := t.TempDir()
	name := archive(t, append([]entry{{"valkey/templates", secret, tar.TypeSymlink}}, append(sound, file("valkey/templates/x", "x"))...)...)
	_, remove, err := Open(context.Background(), name, "")
	require.NoError(t, err)
	defer remove()
	inside, err := os.ReadDir(secret)
	require.NoError(t, err)
	require.Empty(t, inside)
}

func cut(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(name, data[:len(data)-20], 0o600))
	return name
}

func TestPullNeedsHelm(t *testing.T) {
	t.Setenv("HELM_BIN", "")
	t.Setenv("PATH", t.TempDir())
	_, _, err := Open(context.Background(), "repo/valkey", "0.1.0")
	require.ErrorContains(t, err, `run "helm valkey lint"`)
}

func FuzzUnpack(f *testing.F) {
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, data []byte) {
		_ = unpack(bytes.NewReader(data), t.TempDir(), 1<<16)
	})
}
