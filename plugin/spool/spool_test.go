package spool

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSpool(t *testing.T) {
	for name, limit := range map[string]int{"in memory": 100, "partly in a file": 4, "all in a file": 1} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			t.Setenv("TMPDIR", folder)
			s := Spool{limit: limit}
			for _, text := range []string{"ab", "cd", "", "efgh", "i"} {
				n, err := io.WriteString(&s, text)
				require.NoError(t, err)
				require.Equal(t, len(text), n)
			}
			names, err := os.ReadDir(folder)
			require.NoError(t, err)
			require.Empty(t, names, "a file that others could open")
			for text, at := range map[string]int64{"ab": 0, "cd": 2, "efgh": 4, "i": 8} {
				part := make([]byte, len(text))
				_, err := s.ReadAt(part, at)
				require.NoError(t, err)
				require.Equal(t, text, string(part))
			}
			var out bytes.Buffer
			n, err := s.WriteTo(&out)
			require.NoError(t, err)
			require.EqualValues(t, 9, n)
			require.Equal(t, "abcdefghi", out.String())
			require.NoError(t, s.Close())
		})
	}
}

func TestEmptySpool(t *testing.T) {
	var s Spool
	n, err := s.WriteTo(io.Discard)
	require.NoError(t, err)
	require.Zero(t, n)
	require.NoError(t, s.Close())
}

// A file that kept its name is removed in the end.
func TestFileWithAName(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "")
	require.NoError(t, err)
	s := Spool{file: file, named: true}
	require.NoError(t, s.Close())
	require.NoFileExists(t, file.Name())
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("full") }

func TestSpoolSaysWhatFails(t *testing.T) {
	s := Spool{limit: 2}
	_, err := io.WriteString(&s, "a")
	require.NoError(t, err)
	_, err = s.WriteTo(fullDisk{})
	require.EqualError(t, err, "full")

	t.Setenv("TMPDIR", "/nowhere")
	_, err = io.WriteString(&s, "abc")
	require.ErrorContains(t, err, "keep the manifests in a file until they are checked: ")
}
