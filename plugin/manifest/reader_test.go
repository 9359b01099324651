package manifest

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// read returns copies of all documents of a stream.
func read(in io.Reader) ([]Document, error) {
	var all []Document
	r := NewReader(in)
	for {
		d, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
		all = append(all, Document{Bytes: bytes.Clone(d.Bytes), Line: d.Line})
	}
}

func TestReader(t *testing.T) {
	tests := []struct {
		name   string
		stream string
		want   []string
		lines  []int
	}{
		{"empty", "", nil, nil},
		{"blank", "\n---\n\n---\n", []string{"\n", "---\n\n", "---\n"}, []int{1, 2, 4}},
		{"one without a line before", "a: 1\n", []string{"a: 1\n"}, []int{1}},
		{"as of Helm 3", "---\n# Source: x\na: 1\n---\n# Source: y\nb: 2", []string{"---\n# Source: x\na: 1\n", "---\n# Source: y\nb: 2"}, []int{1, 4}},
		{"a comment behind", "a: 1\n--- # one\na: 1\n", []string{"a: 1\n", "--- # one\na: 1\n"}, []int{1, 2}},
		{"an object behind", "--- {a: 1}\n--- |\n text\n", []string{"--- {a: 1}\n", "--- |\n text\n"}, []int{1, 2}},
		{"dashes in text", "a: |\n  ---\n  x\nb: ---x\n----\n...x\n", []string{"a: |\n  ---\n  x\nb: ---x\n----\n...x\n"}, []int{1}},
		{"carriage returns", "a: 1\r\n---\r\nb: 2\r\n...\r\n", []string{"a: 1\r\n", "---\r\nb: 2\r\n...\r\n"}, []int{1, 2}},
		{"a byte order mark", "\ufeff---\na: 1\n---\nb: 2\n", []string{"\ufeff---\na: 1\n", "---\nb: 2\n"}, []int{1, 3}},
		{"ends", "a: 1\n...\nb: 2\n... # end\n---\nc: 3\n...", []string{"a: 1\n...\n", "b: 2\n... # end\n", "---\nc: 3\n..."}, []int{1, 3, 5}},
		{"directives", "# x\n%YAML 1.2\n---\na: 1\n...\n%TAG ! x\n# y\n---\nb: 2\n---\nc: 3\n", []string{"# x\n%YAML 1.2\n---\na: 1\n...\n", "%TAG ! x\n# y\n---\nb: 2\n", "---\nc: 3\n"}, []int{1, 6, 10}},
		{"a percent sign in the content", "a: x\n%b\n---\nc: 3\n", []string{"a: x\n%b\n", "---\nc: 3\n"}, []int{1, 3}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, in := range []io.Reader{strings.NewReader(tt.stream), iotest.OneByteReader(strings.NewReader(tt.stream)), iotest.DataErrReader(strings.NewReader(tt.stream))} {
				var got []string
				var lines []int
				documents, err := read(in)
				require.NoError(t, err)
				for _, d := range documents {
					got = append(got, string(d.Bytes))
					lines = append(lines, d.Line)
				}
				require.Equal(t, tt.want, got)
				require.Equal(t, tt.lines, lines)
			}
		})
	}
}

func TestReaderRefuses(t *testing.T) {
	_, err := read(strings.NewReader("a: 1\n---\n\xff\xfea\x00"))
	require.EqualError(t, err, "the document at line 2 is not in UTF-8: write it in UTF-8, as Kubernetes reads it")
	_, err = read(iotest.ErrReader(os.ErrClosed))
	require.ErrorIs(t, err, os.ErrClosed)

	r := NewReader(strings.NewReader("a: 1\n---\na: " + strings.Repeat("x", 1<<20)))
	r.limit = 1 << 20
	_, err = r.Next()
	require.NoError(t, err)
	_, err = r.Next()
	require.EqualError(t, err, "the document at line 2 is larger than any that Kubernetes takes (1 MiB): split it up")
}

// FuzzReader looks for bytes that are lost, for a stream that is read
// differently in pieces, and for markers that Kubernetes would see within a
// document.
func FuzzReader(f *testing.F) {
	for _, stream := range []string{"", "---", "a\n---\nb", "---\n---\n", "--- x\r\n---\t\n", "%YAML 1.1\n---\na\n...\nb\n", "\ufeff--- {a: 1}\n", "{}\n# x\n--- # y\n{}", "--- |\n a\n...\n"} {
		f.Add([]byte(stream))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		whole, err := read(bytes.NewReader(stream))
		pieces, inPieces := read(iotest.OneByteReader(bytes.NewReader(stream)))
		require.Equal(t, err, inPieces)
		require.Equal(t, whole, pieces)
		if err != nil {
			return
		}
		var all []byte
		for _, d := range whole {
			all = append(all, d.Bytes...)
			require.Equal(t, 1+bytes.Count(all[:len(all)-len(d.Bytes)], []byte("\n")), d.Line)
			head, body, tail := d.Cut()
			require.Equal(t, d.Bytes, bytes.Join([][]byte{head, body, tail}, nil))
			require.NotContains(t, string(body), "\n--- ")
			_, _ = d.Objects()
		}
		require.True(t, bytes.Equal(stream, all))
	})
}
