package manifest

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSplit(t *testing.T) {
	tests := []struct {
		name   string
		stream string
		want   []string
		lines  []int
	}{
		{"empty", "", nil, nil},
		{"blank", "\n---\n\n---\n", nil, nil},
		{"one without a line before", "a: 1\n", []string{"a: 1\n"}, []int{1}},
		{"as of Helm 3", "---\n# Source: x\na: 1\n---\n# Source: y\nb: 2", []string{"\n# Source: x\na: 1\n", "\n# Source: y\nb: 2"}, []int{1, 4}},
		{"a comment behind", "--- # one\na: 1\n", []string{" # one\na: 1\n"}, []int{1}},
		{"an object behind", "--- {a: 1}\n", []string{" {a: 1}\n"}, []int{1}},
		{"dashes in text", "a: |\n  ---\n  x\nb: ---x\n----\n", []string{"a: |\n  ---\n  x\nb: ---x\n----\n"}, []int{1}},
		{"carriage returns", "a: 1\r\n---\r\nb: 2\r\n", []string{"a: 1\r\n", "\r\nb: 2\r\n"}, []int{1, 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			var lines []int
			for _, d := range Split([]byte(tt.stream)) {
				got = append(got, string(d.Bytes))
				lines = append(lines, d.Line)
			}
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.lines, lines)
		})
	}
}

func TestObjects(t *testing.T) {
	d := Document{Bytes: []byte("kind: List\nitems:\n- kind: A\n  metadata: {name: 1, labels: {x: true}}\n- text\n- kind: List\n  items: [{kind: B, spec: {count: \"2\"}}]\n"), Line: 1}
	objects, err := d.Objects()
	require.NoError(t, err)
	require.Len(t, objects, 2)
	require.Equal(t, "A", objects[0].Kind())
	require.Equal(t, "1", objects[0].Name())
	require.Equal(t, "true", objects[0].Label("x"))
	require.Equal(t, 2.0, objects[1].Number(7, "spec", "count"))
	require.Equal(t, 7.0, objects[1].Number(7, "spec", "kind", "count"))

	_, err = Document{Bytes: []byte("a: ["), Line: 9}.Objects()
	require.ErrorContains(t, err, "line 9")
}

// FuzzSplit looks for bytes that are lost: documents and separators together
// are the stream.
func FuzzSplit(f *testing.F) {
	for _, stream := range []string{"", "---", "a\n---\nb", "---\n---\n", "--- x\r\n---\t\n", "\xff---\n"} {
		f.Add([]byte(stream))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		rest := stream
		for _, d := range Split(stream) {
			i := bytes.Index(rest, d.Bytes)
			if i < 0 {
				t.Fatalf("%q is not in %q", d.Bytes, rest)
			}
			if skipped := bytes.TrimSpace(bytes.ReplaceAll(rest[:i], []byte("---"), nil)); len(skipped) > 0 {
				t.Fatalf("lost %q", skipped)
			}
			rest = rest[i+len(d.Bytes):]
			_, _ = d.Objects()
		}
		if left := bytes.TrimSpace(bytes.ReplaceAll(rest, []byte("---"), nil)); len(left) > 0 {
			t.Fatalf("lost %q", left)
		}
	})
}
