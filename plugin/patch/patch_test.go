package patch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	p, err := parse("a/p.yaml", []byte("# why\ntarget:\n  kind: Pod\n  labels: {a: b*}\npatch: |\n  a: {{ .Object.kind }}\n  b: 1\n"))
	require.NoError(t, err)
	require.Equal(t, target{Kind: "Pod", Labels: map[string]string{"a": "b*"}}, p.target)
	require.Equal(t, 2, p.place.Line)
	require.Equal(t, 5, p.line)
	require.Equal(t, 2, p.lines)
}

func TestParseRefuses(t *testing.T) {
	const head = "target: {kind: Pod}\n"
	tests := []struct{ name, text, want string }{
		{"nothing", "", "p.yaml: target: it names nothing: give a kind, a name, a namespace or labels"},
		{"no YAML", "target: [", "read p.yaml: yaml: line 1: did not find expected node content"},
		{"a misspelt key", "target: {kid: Pod}\npatch: a\n", "p.yaml:1: unknown key kid: a patch has target (apiVersion, kind, name, namespace, labels) and patch"},
		{"no patch", "apiVersion: v1\nkind: Pod\n", "p.yaml:1: unknown key apiVersion: a patch has target (apiVersion, kind, name, namespace, labels) and patch"},
		{"an empty target", "target: {}\npatch: a\n", "p.yaml: target: it names nothing: give a kind, a name, a namespace or labels"},
		{"a broken pattern", "target: {name: 'a['}\npatch: a\n", `p.yaml: target: "a[" is no pattern: a [ needs its ], and a \ something behind it`},
		{"no patch", head, `p.yaml: patch: it is to be a text, because it is a template: write "patch: |", and the patch below`},
		{"a patch that is no text", head + "patch: {a: 1}\n", `p.yaml: patch: it is to be a text, because it is a template: write "patch: |", and the patch below`},
		{"two patches", head + "patch: 'a: 1'\n---\n" + head, "read p.yaml: it holds more than one document: give each patch a file of its own"},
		{"a broken template", head + "patch: |\n  a: 1\n  b: {{ .Object\n", "read the patch: p.yaml:5: unclosed action started at p.yaml:4"},
		{"the machine's environment", head + "patch: |\n  a: {{ env \"HOME\" }}\n", `read the patch: p.yaml:3: function "env" not defined`},
		{"the network", head + "patch: |\n  a: {{ getHostByName \"x\" }}\n", `read the patch: p.yaml:3: function "getHostByName" not defined`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parse("p.yaml", []byte(tt.text))
			require.EqualError(t, err, tt.want)
		})
	}
}

// folder writes patches.
func folder(t *testing.T, patches map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range patches {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

func TestLoad(t *testing.T) {
	dir := folder(t, map[string]string{"20.yaml": "target: {kind: B}\npatch: 'a: 1'\n", "10.yaml": "target: {kind: A}\npatch: 'a: 1'\n", "30.yml": "target: {kind: C}\npatch: 'a: 1'\n", "README.md": "x"})
	s, err := Load(dir, "shop")
	require.NoError(t, err)
	require.Len(t, s.patches, 3)
	require.Equal(t, "A", s.patches[0].target.Kind)

	_, err = Load(folder(t, map[string]string{"a.yaml": "x: 1", "b.yaml": "target: {kind: B}\n"}), "")
	require.ErrorContains(t, err, "a.yaml:1: unknown key x")
	require.ErrorContains(t, err, "b.yaml: patch: it is to be a text")
	_, err = Load(t.TempDir(), "")
	require.ErrorContains(t, err, "no patches in ")
	_, err = Load("/nowhere", "")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestTarget(t *testing.T) {
	object := "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: demo-master, labels: {a: b, num: 1}}\n"
	tests := []struct {
		target string
		want   bool
	}{
		{"{kind: StatefulSet}", true},
		{"{kind: Stateful}", false},
		{"{kind: '*Set', name: demo-*}", true},
		{"{name: 'demo-?'}", false},
		{"{apiVersion: apps/*}", true},
		{"{apiVersion: apps/v2, kind: StatefulSet}", false},
		{"{namespace: shop}", true},
		{"{namespace: default}", false},
		{"{labels: {a: b}}", true},
		{"{labels: {a: '*', num: '1'}}", true},
		{"{labels: {a: c}}", false},
		{"{labels: {c: '*'}}", false},
		{"{labels: {c: ''}}", false},
		{"{kind: '[RS]tatefulSet'}", true},
	}
	for _, tt := range tests {
		t.Run(tt.target, func(t *testing.T) {
			_, found := applyTo(t, object, "target: "+tt.target+"\npatch: |\n  spec: {}\n")
			if tt.want {
				require.Empty(t, found)
				return
			}
			require.Len(t, found, 1)
			require.Contains(t, found[0], "no object in the stream is like this")
		})
	}
}

func TestFunctions(t *testing.T) {
	for _, name := range []string{"env", "expandenv", "getHostByName"} {
		require.NotContains(t, functions(), name)
	}
	require.Contains(t, functions(), "quote")
	require.True(t, strings.HasPrefix(Rules()[0].ID, "VK2"))
}
