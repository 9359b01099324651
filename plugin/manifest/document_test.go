package manifest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

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

// Kubernetes takes all that has items for a list, and gives items the kind of a
// list of one kind.
func TestObjectsOfTypedLists(t *testing.T) {
	objects, err := Document{Bytes: []byte("apiVersion: apps/v1\nkind: StatefulSetList\nitems: [{metadata: {name: a}}, {apiVersion: v1, kind: Pod}]\n")}.Objects()
	require.NoError(t, err)
	require.Len(t, objects, 2)
	require.Equal(t, "StatefulSet", objects[0].Kind())
	require.Equal(t, "apps/v1", objects[0].Text("apiVersion"))
	require.Equal(t, "Pod", objects[1].Kind())
}

func TestObjectsInARow(t *testing.T) {
	for _, good := range []string{"{\"a\": 1}\n", "--- {\"a\": 1} # x\n# y\n...\n", "{a: 1}\n", "{\"a\": 1,\n\"b\": 2}"} {
		_, err := Document{Bytes: []byte(good)}.Objects()
		require.NoError(t, err, good)
	}
	for _, bad := range []string{"{\"a\": 1}\n{\"b\": 1}\n", "---\n# x\n{}{}", "{\"a\": 1}\nb: 1\n"} {
		_, err := Document{Bytes: []byte(bad), Line: 3}.Objects()
		require.EqualError(t, err, "the document at line 3 goes on behind its JSON object: put a line of --- between objects", bad)
	}
}

func TestCutAndWith(t *testing.T) {
	tests := []struct{ name, document, head, body, tail, with string }{
		{"plain", "a: 1\n", "", "a: 1\n", "", "b: 2\n"},
		{"as of Helm 3", "---\n# Source: x\n\na: 1 # y\n# z\n", "---\n# Source: x\n\n", "a: 1 # y\n# z\n", "", "---\n# Source: x\n\nb: 2\n"},
		{"behind the marker", "# x\n--- {a: 1}\n", "# x\n--- ", "{a: 1}\n", "", "# x\n--- \nb: 2\n"},
		{"directives, an end", "%YAML 1.1\n--- # x\n%a: 1\n...\n", "%YAML 1.1\n--- # x\n", "%a: 1\n", "...\n", "%YAML 1.1\n--- # x\nb: 2\n...\n"},
		{"a byte order mark", "\ufeff{a: 1}", "\ufeff", "{a: 1}", "", "\ufeffb: 2\n"},
		{"comments only", "--- # x\n# y\n...", "--- # x\n# y\n", "", "...", "--- # x\n# y\nb: 2\n..."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := Document{Bytes: []byte(tt.document)}
			head, body, tail := d.Cut()
			require.Equal(t, []string{tt.head, tt.body, tt.tail}, []string{string(head), string(body), string(tail)})
			require.Equal(t, tt.with, string(d.With([]byte("b: 2\n")).Bytes))
			require.Equal(t, tt.document, string(d.Bytes))
		})
	}
}

// All ways to write a word have to be seen: a document that is not read is not
// checked.
func TestMayHold(t *testing.T) {
	for name, text := range map[string]string{
		"plain":           "a: valkey-1",
		"quoted":          "a: 'valkey-1'",
		"block":           "a: >-\n  valkey-1\n",
		"an anchor":       "x: &a valkey-1\na: *a\n",
		"escaped":         `a: "v\x61lkey-1"`,
		"escaped wider":   `a: "valkey\u002d1"`,
		"escaped widest":  `a: "\U00000076alkey-1"`,
		"over two lines":  "a: \"valkey\\\n  -1\"",
		"carriage return": "a: \"valkey\\\r\n  -1\"",
		"next line":       "a: \"valkey\\\u0085  -1\"",
		"Base64":          "a: !!binary dmFsa2V5LTE=",
		"JSON":            `{"a":"\u0076alkey-1"}`,
	} {
		t.Run(name, func(t *testing.T) {
			d := Document{Bytes: []byte(text)}
			objects, err := d.Objects()
			require.NoError(t, err)
			require.Equal(t, "valkey-1", objects[0].Text("a"))
			require.True(t, d.MayHold("valkey-"))
		})
	}
	for _, text := range []string{"a: redis-1", `a: "C:\\dir\tb\n"`, "a: 'x\\y'", `a: \`} {
		require.False(t, Document{Bytes: []byte(text)}.MayHold("valkey-"), text)
	}
}
