package patch

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/manifest"
)

// applyTo patches a document, and returns what is wrong as one line for each
// finding.
func applyTo(t testing.TB, document string, patches ...string) (string, []string) {
	t.Helper()
	d, found := applyAll(t, document, patches...)
	var lines []string
	for _, f := range found {
		lines = append(lines, fmt.Sprintf("%s %s:%d %s %s: %s", f.RuleID, filepath.Base(f.Position.Name), f.Position.Line, f.Object.Kind, f.Object.Name, f.Message))
	}
	return d, lines
}

func applyAll(t testing.TB, document string, patches ...string) (string, []finding.Finding) {
	t.Helper()
	dir := t.TempDir()
	for i, text := range patches {
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.yaml", i)), []byte(text), 0o600))
	}
	s, err := Load(dir, "shop")
	require.NoError(t, err)
	d, found, err := s.Apply(manifest.Document{Bytes: []byte(document), Line: 1})
	require.NoError(t, err)
	return string(d.Bytes), append(found, s.Unmatched()...)
}

const demo = `---
# Source: valkey/templates/x.yaml
apiVersion: apps/v1
kind: StatefulSet # comment
metadata:
  name: demo
  labels: {app.kubernetes.io/instance: rel, "on": "yes"}
spec:
  replicas: 1000000
  big: 9223372036854775807
  half: 0.5
  list: [a, b]
`

func patchOf(lines ...string) string {
	return "target: {kind: StatefulSet}\npatch: |\n  " + strings.Join(lines, "\n  ") + "\n"
}

func TestApply(t *testing.T) {
	const untouched = "---\n# Source: valkey/templates/x.yaml\napiVersion: apps/v1\nkind: StatefulSet\nmetadata:\n  labels:\n    app.kubernetes.io/instance: rel\n    \"on\": \"yes\"\n  name: demo\nspec:\n  big: 9223372036854775807\n  half: 0.5\n  list:\n    - a\n    - b\n  replicas: 1000000\n"
	change := func(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(untouched) }
	tests := []struct {
		name    string
		patches []string
		want    string
	}{
		{"merge", []string{patchOf("spec: {replicas: 2, half: null, list: [c]}")}, change("1000000", "2", "  half: 0.5\n", "", "    - a\n    - b\n", "    - c\n")},
		{"operations", []string{patchOf("- {op: test, path: /spec/replicas, value: 1000000}", "- {op: add, path: /spec/list/-, value: c}", "- {op: remove, path: /spec/half}", "- {op: copy, from: /spec/list/0, path: /spec/x~1y}", "- {op: move, from: /spec/x~1y, path: /spec/list/0}", "- {op: replace, path: /spec/replicas, value: null}")},
			change("1000000", "null", "  half: 0.5\n", "", "    - a\n    - b\n", "    - a\n    - a\n    - b\n    - c\n")},
		{"templates", []string{patchOf(`metadata: {namespace: {{ .Release.Namespace }}, name: {{ .Release.Name }}-{{ .Object.metadata.name | upper }}-{{ .Object.spec.replicas }}}`)}, change("  name: demo\n", "  name: rel-DEMO-1000000\n  namespace: shop\n")},
		{"one after the other", []string{patchOf("spec: {replicas: 3}"), patchOf("spec: {half: {{ add .Object.spec.replicas 1 }}}")}, change("1000000", "3", "0.5", "4")},
		{"nothing changes", []string{patchOf("spec: {replicas: 1000000}")}, demo},
		{"an empty template", []string{patchOf("{{ if eq .Release.Name \"x\" }}a: b{{ end }}")}, demo},
		{"a template that changes what it sees", []string{patchOf("{{ $_ := set .Object \"spec\" 1 }}")}, demo},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, found := applyTo(t, demo, tt.patches...)
			require.Empty(t, found)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestApplyToLists(t *testing.T) {
	got, found := applyTo(t, "kind: StatefulSetList # x\napiVersion: apps/v1\nitems:\n- metadata: {name: a}\n- {apiVersion: v1, kind: Pod, metadata: {name: b}}\n...\n", patchOf("spec: {replicas: 2}"))
	require.Empty(t, found)
	require.Equal(t, "apiVersion: apps/v1\nitems:\n  - apiVersion: apps/v1\n    kind: StatefulSet\n    metadata:\n      name: a\n    spec:\n      replicas: 2\n  - apiVersion: v1\n    kind: Pod\n    metadata:\n      name: b\nkind: StatefulSetList\n...\n", got)
}

func TestApplyRefuses(t *testing.T) {
	const ours = " StatefulSet demo: "
	tests := []struct {
		name  string
		patch string
		want  string
	}{
		{"no such path", patchOf("- {op: test, path: /kind, value: StatefulSet}", "- {op: replace, path: /spec/x, value: 1}"), "VK212 0.yaml:4" + ours + "operation 2: replace /spec/x: replace operation does not apply: doc is missing key: /spec/x: missing value"},
		{"a test that fails", patchOf("- op: test", "  path: /spec/replicas", "  value: 2"), "VK212 0.yaml:3" + ours + "operation 1: test /spec/replicas: testing value /spec/replicas failed: test failed"},
		{"the line is not known", patchOf("{{ range list 1 2 }}", "- {op: remove, path: /x}", "{{ end }}"), "VK212 0.yaml:2" + ours + "operation 1: remove /x: error in remove for path: '/x': unable to remove nonexistent key: x: missing value"},
		{"an operation that is none", patchOf("- {op: delete, path: /x}"), "VK212 0.yaml:3" + ours + `operation 1: "delete" is no operation: it is add, remove, replace, move, copy or test`},
		{"no value", patchOf("- {op: add, path: /x}"), "VK212 0.yaml:3" + ours + `operation 1: "add": value is for add, replace and test, and they need it`},
		{"a value too much", patchOf("- {op: remove, path: /x, value: 1}"), "VK212 0.yaml:3" + ours + `operation 1: "remove": value is for add, replace and test, and they need it`},
		{"no from", patchOf("- {op: move, path: /x}"), "VK212 0.yaml:3" + ours + `operation 1: "move": from is for move and copy, and they need it`},
		{"a misspelt field", patchOf("- {op: remove, pth: /x}"), "VK212 0.yaml:3" + ours + `operation 1: it is no operation: unknown field "pth"`},
		{"a path of dots", patchOf("- {op: remove, path: spec.x}"), "VK212 0.yaml:3" + ours + "operation 1: its path has to begin with /"},
		{"neither", patchOf("text"), "VK212 0.yaml:2" + ours + "what the template wrote is neither a mapping (a JSON merge patch) nor a list (a JSON patch)"},
		{"no YAML", patchOf("a: [{{ .Release.Name }}"), "VK212 0.yaml:2" + ours + "what the template wrote is no YAML: yaml: line 1: did not find expected ',' or ']'"},
		{"a field that is not there", patchOf("a: 1", "b: {{ .Object.spec.nothing }}"), `VK212 0.yaml:2` + ours + `0.yaml:4:13: executing "0.yaml" at <.Object.spec.nothing>: map has no entry for key "nothing"`},
		{"no value by index", patchOf("a: {{ index .Object.metadata.labels \"x\" }}"), "VK212 0.yaml:2" + ours + `a value is not there, so that the template wrote "<no value>": give it a default`},
		{"no name left", patchOf("metadata: null"), "VK212 0.yaml:2" + ours + "it would leave an object without apiVersion, kind or name"},
		{"no object", "target: {kind: Pod}\npatch: a\n", "VK211 0.yaml:1  : no object in the stream is like this"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, found := applyTo(t, demo, tt.patch)
			require.Len(t, found, 1)
			require.Equal(t, tt.want, withoutFolders(found[0]))
			require.Equal(t, demo, got)
		})
	}
}

// withoutFolders takes the test's folder out of a message.
func withoutFolders(text string) string {
	words := strings.Split(text, " ")
	for i, word := range words {
		if strings.Contains(word, "/0.yaml") {
			words[i] = word[strings.LastIndex(word, "/0.yaml")+1:]
			if strings.HasPrefix(word, `"`) {
				words[i] = `"` + words[i]
			}
		}
	}
	return strings.Join(words, " ")
}

func TestApplyToBrokenDocuments(t *testing.T) {
	s, err := Load(folder(t, map[string]string{"a.yaml": patchOf("a: b")}), "")
	require.NoError(t, err)
	for _, text := range []string{"kind: StatefulSet\na: [", "{\"kind\": \"StatefulSet\"}\n{\"kind\": \"StatefulSet\"}\n"} {
		_, _, err = s.Apply(manifest.Document{Bytes: []byte(text), Line: 7})
		require.ErrorContains(t, err, "the document at line 7")
	}
	d, _, err := s.Apply(manifest.Document{Bytes: []byte("not: [yaml, nor for us")})
	require.NoError(t, err)
	require.Equal(t, "not: [yaml, nor for us", string(d.Bytes))
}

func TestExamplesOfRules(t *testing.T) {
	for _, rule := range Rules() {
		require.NotEmpty(t, rule.Bad)
		for _, bad := range rule.Bad {
			found, err := Try(bad)
			require.NoError(t, err)
			require.Len(t, found, 1)
			require.Equal(t, rule.ID, found[0].RuleID)
		}
		for _, good := range rule.Good {
			found, err := Try(good)
			require.NoError(t, err)
			require.Empty(t, found)
		}
	}
}

// FuzzApply looks for panics, and for values that are written in a way that
// Kubernetes reads as others.
func FuzzApply(f *testing.F) {
	f.Add(demo, "metadata: {annotations: {a: \"on\", b: '017', c: 1:20, d: ~, e: \"\\x7f\", f: 1e3}}")
	f.Add("kind: A\napiVersion: v1\nmetadata: {name: x}\nspec: {a: null, b: [null, 1]}", "- {op: test, path: /spec/a, value: null}\n- {op: copy, from: /spec/b, path: /spec/a}")
	f.Add("kind: A\napiVersion: v1\nmetadata: {name: x}", "- {op: add, path: /metadata/labels, value: {<<: x, \"=\": !!binary aGk=}}\n- {op: move, from: /metadata/labels, path: /metadata/labels/x}")
	f.Add("kind: List\nitems: [{kind: A, metadata: {name: 2001-01-01}}]", "{a: {b: {c: 18446744073709551615}}}")
	f.Fuzz(func(t *testing.T, document, text string) {
		p, err := parse("p.yaml", []byte("target: {name: '*'}\npatch: x\n"))
		require.NoError(t, err)
		before, err := yaml.YAMLToJSON([]byte(document))
		if err != nil || before[0] != '{' {
			return
		}
		after, _, err := applied(before, text)
		if err != nil {
			return
		}
		value, err := decode(after)
		require.NoError(t, err)
		written, err := encode(value)
		require.NoError(t, err)
		read, err := yaml.YAMLToJSON(written)
		require.NoError(t, err, "%s", written)
		require.JSONEq(t, string(after), string(read))
		_, _, _ = (&Set{patches: []*patch{p}}).Apply(manifest.Document{Bytes: []byte(document)})
	})
}
