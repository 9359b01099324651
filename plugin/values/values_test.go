package values

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
	helmyaml "sigs.k8s.io/yaml"
)

const defaults = `# the chart's own
master:
  replicaCount: 1
  resources:
    limits: {memory: 1Gi}
  args: [a, b]
replica:
  replicaCount: 2
auth:
  enabled: true
`

func files(texts map[string]string) ReadFile {
	return func(name string) ([]byte, error) {
		text, ok := texts[name]
		if !ok {
			return nil, fmt.Errorf("open %s: %w", name, os.ErrNotExist)
		}
		return []byte(text), nil
	}
}

func read(t *testing.T, o Options, texts map[string]string) *Values {
	t.Helper()
	d, err := ParseDefaults("<chart defaults>", []byte(defaults))
	require.NoError(t, err)
	v, err := Read(o, d, files(texts))
	require.NoError(t, err)
	return v
}

func TestPlaceOfLastWriter(t *testing.T) {
	texts := map[string]string{
		"a.yaml":          "master:\n  replicaCount: 2\n  args:\n    - x\n    - name: y\n",
		"b.yaml":          "\nmaster: {replicaCount: 3}\n",
		"anchors.yaml":    "x: &x\n  replicaCount: 5\nmaster:\n  <<: *x\nreplica: *x\n",
		"merge-last.yaml": "x: &x\n  replicaCount: 5\nmaster:\n  replicaCount: 4\n  <<: *x\n",
		"words.yaml":      "auth:\n  on: 1\n  'off': 2\n",
		"dots.yaml":       "commonLabels:\n  a.b/c: 1\n",
		"flow.yaml":       "master: {\n  replicaCount: 2, args: [x,\n    {name: y}]}\n",
		"quoted.yaml":     "\"master\":\n  'replicaCount': \"2\"\n",
		"windows.yaml":    "\ufeffmaster:\r\n  replicaCount: 2\r\n",
		"wide.yaml":       "master: {ä: ü, replicaCount: 2} # größer\n",
		"long.yaml":       "master:\n  note: one\n    two\n  replicaCount: 2\n",
		"list.yaml":       "x: [{a: 1}]\nmaster:\n  <<: [{replicaCount: 6}, {replicaCount: 7, extra: 8}]\n",
		"chain.yaml":      "x: &x {replicaCount: 5}\ny: &y {<<: *x, other: 1}\nmaster: {<<: *y}\n",
		"list-again.yaml": "master:\n  args: [{value: 1}]\n",
		"nothing.yaml":    "master:\n",
		"twice.yaml":      "master: {replicaCount: 1}\nmaster: {replicaCount: 2}\n",
		"block.yaml":      "master:\n  configuration: |\n    port 1\n",
		"folded.yaml":     "master:\n  configuration: >\n    port 2\n",
	}
	tests := []struct {
		name    string
		options Options
		path    string
		want    string
	}{
		{"one file", Options{Files: []string{"a.yaml"}}, "master.replicaCount", "a.yaml:2:17"},
		{"the later file", Options{Files: []string{"a.yaml", "b.yaml"}}, "master.replicaCount", "b.yaml:2:24"},
		{"the earlier file when the later says nothing", Options{Files: []string{"a.yaml", "b.yaml"}}, "master.args[1].name", "a.yaml:5:13"},
		{"a flag over files", Options{Files: []string{"a.yaml"}, Set: []string{"master.replicaCount=2"}}, "master.replicaCount", "--set master.replicaCount=2:0:0"},
		{"a flag beside a file", Options{Files: []string{"a.yaml"}, Set: []string{"replica.replicaCount=2"}}, "master.replicaCount", "a.yaml:2:17"},
		{"the later kind of flag", Options{Set: []string{"a=1"}, JSON: []string{`a=2`}}, "a", "--set a=1:0:0"},
		{"a flag into a list", Options{Files: []string{"a.yaml"}, Set: []string{"master.args[1].name=z"}}, "master.args[0]", "a.yaml:4:7"},
		{"merge key", Options{Files: []string{"anchors.yaml"}}, "master.replicaCount", "anchors.yaml:2:17"},
		{"alias", Options{Files: []string{"anchors.yaml"}}, "replica.replicaCount", "anchors.yaml:2:17"},
		{"merge key after the key wins, as in Helm", Options{Files: []string{"merge-last.yaml"}}, "master.replicaCount", "merge-last.yaml:2:17"},
		{"flow style", Options{Files: []string{"flow.yaml"}}, "master.args[1].name", "flow.yaml:3:12"},
		{"quoted keys", Options{Files: []string{"quoted.yaml"}}, "master.replicaCount", "quoted.yaml:2:19"},
		{"Windows, with a mark at the beginning", Options{Files: []string{"windows.yaml"}}, "master.replicaCount", "windows.yaml:2:17"},
		{"characters, not bytes", Options{Files: []string{"wide.yaml"}}, "master.replicaCount", "wide.yaml:1:30"},
		{"text over two lines", Options{Files: []string{"long.yaml"}}, "master.note", "long.yaml:2:9"},
		{"below text over two lines", Options{Files: []string{"long.yaml"}}, "master.replicaCount", "long.yaml:4:17"},
		{"a merge key with a list: the first wins", Options{Files: []string{"list.yaml"}}, "master.replicaCount", "list.yaml:3:23"},
		{"a merge key with a list: of the second", Options{Files: []string{"list.yaml"}}, "master.extra", "list.yaml:3:52"},
		{"a merge key of a merge key", Options{Files: []string{"chain.yaml"}}, "master.replicaCount", "chain.yaml:1:22"},
		{"a key twice: the last", Options{Files: []string{"twice.yaml"}}, "master.replicaCount", "twice.yaml:2:24"},
		{"a list that takes the place of another", Options{Files: []string{"a.yaml", "list-again.yaml"}}, "master.args[0].value", "list-again.yaml:2:18"},
		{"an item that only the list had that is gone", Options{Files: []string{"a.yaml", "list-again.yaml"}}, "master.args[1].name", "list-again.yaml:2:3"},
		{"what null took away", Options{Files: []string{"a.yaml", "nothing.yaml"}}, "master.replicaCount", "nothing.yaml:1:1"},
		{"what JSON took away", Options{Files: []string{"a.yaml"}, JSON: []string{`master={"x":1}`}}, "master.args", `--set-json master={"x":1}:0:0`},
		{"what JSON left", Options{Files: []string{"a.yaml"}, JSON: []string{`master.x={"x":1}`}}, "master.args[0]", "a.yaml:4:7"},
		{"null by a flag", Options{Files: []string{"a.yaml"}, Set: []string{"master.args=null"}}, "master.args", "--set master.args=null:0:0"},
		{"a list by a flag", Options{Files: []string{"a.yaml"}, Set: []string{"master.args={p,q}"}}, "master.args[1]", "--set master.args={p,q}:0:0"},
		{"a flag behind the end of a list", Options{Files: []string{"list-again.yaml"}, Set: []string{"master.args[2]=z"}}, "master.args[2]", "--set master.args[2]=z:0:0"},
		{"text by a flag", Options{String: []string{"master.replicaCount=2"}, Set: []string{"master.replicaCount=1"}}, "master.replicaCount", "--set-string master.replicaCount=2:0:0"},
		{"a literal", Options{Files: []string{"a.yaml"}, Literal: []string{"master.args=a,b"}}, "master.args", "--set-literal master.args=a,b:0:0"},
		{"a file by a flag", Options{File: []string{"master.args=dots.yaml"}}, "master.args", "--set-file master.args=dots.yaml:0:0"},
		{"YAML 1.1 words", Options{Files: []string{"words.yaml"}}, "auth.true", "words.yaml:2:7"},
		{"quoted words", Options{Files: []string{"words.yaml"}}, "auth.off", "words.yaml:3:10"},
		{"dots in a key", Options{Files: []string{"dots.yaml"}}, `commonLabels.a\.b/c`, "dots.yaml:2:10"},
		{"a folded text over another", Options{Files: []string{"block.yaml", "folded.yaml"}}, "master.configuration[0]", "folded.yaml:2:3"},
		{"a block of text is shown by its key", Options{Files: []string{"block.yaml"}}, "master.configuration", "block.yaml:2:3"},
		{"defaults", Options{Files: []string{"b.yaml"}}, "replica.replicaCount", "<chart defaults>:8:17"},
		{"defaults below a key of the user's", Options{Files: []string{"b.yaml"}}, "master.resources.limits", "b.yaml:2:1"},
		{"nobody", Options{Files: []string{"b.yaml"}}, "nowhere.at.all", "b.yaml:2:1"},
		{"nobody, flags only", Options{Set: []string{"a=1"}}, "nowhere", "--set a=1:0:0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			at := read(t, tt.options, texts).Value(ParsePath(tt.path))
			require.Equal(t, tt.want, fmt.Sprintf("%s:%d:%d", at.Name, at.Line, at.Column))
		})
	}
}

func TestReadAsHelm(t *testing.T) {
	texts := map[string]string{
		"a.yaml":    "master: {replicaCount: 2, args: [x]}\nauth: null\n",
		"b.yaml":    "master: {extra: null, resources: {limits: null}}\n",
		"text.yaml": "from a file",
	}
	v := read(t, Options{
		Files:   []string{"a.yaml", "b.yaml"},
		JSON:    []string{`order={"by":"json"}`},
		Set:     []string{"order.by=set,number=1"},
		String:  []string{"number=1"},
		File:    []string{"text=text.yaml"},
		Literal: []string{"literal=a,b=c"},
	}, texts)
	require.Equal(t, map[string]any{
		"master":  map[string]any{"replicaCount": 2.0, "args": []any{"x"}, "extra": nil, "resources": map[string]any{}},
		"replica": map[string]any{"replicaCount": 2.0},
		"order":   map[string]any{"by": "set"},
		"number":  "1",
		"text":    "from a file",
		"literal": "a,b=c",
	}, v.Merged)
}

func TestProblemsOfFiles(t *testing.T) {
	tests := []struct {
		name   string
		text   string
		want   string // line:column kind
		broken bool
	}{
		{"nothing", "", "", false},
		{"comments only", "# nothing\n", "", false},
		{"an end that starts another document", "a: 1\n---\n", "", false},
		{"syntax", "a: 1\nb: [1\nc: 2\n", "2:1 0", true},
		{"syntax of a block", "a: 1\nb:\n  c: 1\n d: 1\n", "4:2 0", true},
		{"unknown anchor", "a: 1\nb: *nowhere\n", "2:1 0", true},
		{"tab", "a:\n\tb: 1\n", "2:1 0", true},
		{"several documents", "a: 1\n---\nb: 2\n", "3:1 1", false},
		{"duplicate key", "a: 1\nb:\n  c: 1\n  c: 2\n", "4:3 2", false},
		{"duplicate by YAML 1.1", "a:\n  on: 1\n  yes: 2\n", "2:3 5, 3:3 5, 3:3 2", false},
		{"duplicate by chance", "1: a\n'1': b\n", "2:1 2", false},
		{"duplicate number", "16: a\n0x10: b\n", "2:1 5, 2:1 2", false},
		{"null as a key", "a: 1\nnull: 2\n", "2:1 0", true},
		{"nothing as a key", "a:\n  '': 2\n", "2:3 5", false},
		{"a list as a key", "a: 1\n? [x]\n: 2\n", "2:3 0", true},
		{"no number", "a: 1\nb: [.nan]\n", "2:5 0", true},
		{"an anchor within itself", "a: 1\nb: &b {c: *b}\n", "2:1 0", true},
		{"a space is missing", "a: 1\nb:2\nc: 3\n", "2:1 0", true},
		{"a no-break space", "a:\n  b: 1\n\u00a0 c: 2\n", "3:1 5", false},
		{"an end", "a: 1\n...\nb: 2\n", "3:1 4", false},
		{"an end of JSON", `{"a": 1}{"b": 2}`, "1:1 4", false},
		{"an end, then an empty document", "a: 1\n...\n---\n", "", false},
		{"several documents, the same twice", "a: 1\n---\na: 1\n", "3:1 1", false},
		{"a document after an empty one", "# x\n---\n---\na: 1\n", "4:1 1", false},
		{"a document that Helm 4 refuses", "a: 1\n---\n- b\n", "3:1 0", false},
		{"a directive, which Helm 4 refuses", "%YAML 1.1\n---\na: 1\n", "2:1 0", false},
		{"text behind a separator", "a: 1\n--- {b: 1}\n", "2:1 0", false},
		{"a comment behind a separator", "--- # x\na: 1\n", "", false},
		{"UTF-16", "\xff\xfea\x00:\x00 \x001\x00\n\x00", "1:1 0", false},
		{"invalid UTF-8", "a: \xff\n", "1:1 0", true},
		{"a control character", "a: 1\nb: \x00\n", "1:1 0", true},
		{"Windows", "a: 1\r\nb:\r\n  c: 1\r\n  c: 2\r\n", "4:3 2", false},
		{"a mark at the beginning", "\ufeffa: 1\na: 2\n", "2:1 2", false},
		{"merged over", "a:\n  b: 1\n  <<: {b: 2, c: 1}\n  c: 2\n", "2:3 6", false},
		{"merged over by the same", "a:\n  b: 1\n  <<: {b: 1}\n", "", false},
		{"a tag", "a: !secret x\n", "1:4 7", false},
		{"an anchor where a value was meant", "a: &secret\nb: &b x\nc: *b\n", "1:4 7", false},
		{"a word processor's quotation marks", "a: “x”\nb: \"“x”\"\nc: “\n", "1:4 8", false},
		{"a list", "- a\n", "1:1 3", true},
		{"text", "a b c", "1:1 3", true},
		{"text in the second document", "a: 1\n---\nb: [\n", "4:1 0", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := Parse("f", []byte(tt.text))
			require.Equal(t, tt.broken, d.Values == nil)
			var got []string
			for _, p := range d.Problems {
				got = append(got, fmt.Sprintf("%d:%d %d", p.Position.Line, p.Position.Column, p.Kind))
			}
			require.Equal(t, tt.want, strings.Join(got, ", "))
		})
	}
}

// FuzzPath holds what is read from a path's text to what is written again.
func FuzzPath(f *testing.F) {
	for _, text := range []string{"a", "a.b", "a[0].b", `a.b\.c/d`, "a[0][1]", `\`, "[", "]]..", `a\[0\]`, "[x]"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		path := ParsePath(text)
		require.Equal(t, path, ParsePath(path.String()), path.String())
	})
}

func TestPathText(t *testing.T) {
	for _, text := range []string{"a", "a.b", "a[0].b", `a.b\.c/d`, "a[0][1]"} {
		require.Equal(t, text, ParsePath(text).String())
	}
}

// FuzzCoalesce holds coalesce to Helm's own.
func FuzzCoalesce(f *testing.F) {
	for _, user := range []string{"", "master: null", "master: {replicaCount: null, x: null}", "master: 1", "auth: {enabled: {}}", "master: {args: null, resources: {limits: {memory: null}}}", "x: {y: null}"} {
		f.Add(user, defaults)
	}
	f.Add("a: {b: null, c: {d: null}}", "a: {b: null, c: 1}\nd: null")
	f.Fuzz(func(t *testing.T, user, standard string) {
		var over, under map[string]any
		if helmyaml.Unmarshal([]byte(user), &over) != nil || helmyaml.Unmarshal([]byte(standard), &under) != nil {
			return
		}
		want, err := chartutil.CoalesceValues(&chart.Chart{Metadata: &chart.Metadata{Name: "c"}, Values: under}, over)
		require.NoError(t, err)
		require.Equal(t, want.AsMap(), coalesce(over, under))
	})
}

// FuzzParse looks for panics, and for places outside of the file.
func FuzzParse(f *testing.F) {
	for _, text := range []string{defaults, "a: &a {b: *a}", "<<: [*a, *b]", "a: &a\n  <<: *a\n", "? {a: b}\n: c", "1: 2\ntrue: 3\nnull: 4", "%YAML 1.1\n---\na: 1", "a: !!binary x", "\ufeffa: 1", "a: \"b\\0c\"", "---\n...\n---"} {
		f.Add(text, "a.b[0]")
	}
	f.Fuzz(func(t *testing.T, text, path string) {
		d := Parse("f", []byte(text))
		p, ok := d.position(ParsePath(path), valuePart)
		if ok && (p.Line < 1 || p.Line > len(d.lines)) {
			t.Fatalf("line %d of %d", p.Line, len(d.lines))
		}
		for _, problem := range d.Problems {
			if at := problem.Position; at.Line < 1 || at.Column < 1 || at.Line > len(d.lines) {
				t.Fatalf("%+v", problem)
			}
		}
	})
}

// FuzzPositions holds the nodes that give positions to the values that Helm
// reads, and looks for each value in the line where it is said to stand.
func FuzzPositions(f *testing.F) {
	for _, text := range []string{
		defaults, "a: 1\na:\n", "a: [1, {b: 2}]\n", "x: &x {k: 1}\na:\n  <<: *x\n  l: 2\n", "x: &x {k: 1}\ny: &y {<<: *x}\na: {<<: [*y, *x], k: 3}\n",
		"a: |\n  b\nc: >-\n  d\n  e\n", "on: 1\nno: 2\n017: 3\n1.5: 4\n", "é: ü ß\n", "\ufeffa: 1\r\nb: 2\r\n", "a: !!str 1\nb: !!int \"2\"\nc: !x y\n",
		"? a\n: b\n", "a: &a\n  b: c\nd: *a\n", "a: \"x\\u0041\"\n", "'a b': 1\n\"c\": 2\n", "a: 1_000\nb: 0o17\nc: .5\nd: 1e3\ne: ~\n", "a:\tb\n", "- a\n",
		"1: a\n1: b\n", "!!merge \"<<\": {a: 1}\n", "a: *b\n", "a: 2001-01-01\n", "a: !!binary aGk=\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d := Parse("f", []byte(text))
		if d.Values == nil || d.root == nil || len(d.Problems) > 0 || bareTag.MatchString(text) {
			return
		}
		requireLeaves(t, d, d.Values, nil)
	})
}

// bareTag matches a tag without a name, which says that a value is text. The
// library for positions forgets it.
var bareTag = regexp.MustCompile(`!\s|!$`)

func requireLeaves(t *testing.T, d *Document, value any, path Path) {
	switch value := value.(type) {
	case map[string]any:
		for key, item := range value {
			requireLeaves(t, d, item, append(path[:len(path):len(path)], key))
		}
		return
	case []any:
		for i, item := range value {
			requireLeaves(t, d, item, append(path[:len(path):len(path)], fmt.Sprint(i)))
		}
		return
	}
	at, ok := d.position(path, valuePart)
	require.True(t, ok, "%q in %q", path, d.lines)
	node := &yaml.Node{Kind: yaml.AliasNode, Alias: d.root}
	for _, step := range path {
		node = d.child(node, step).value
	}
	if node.Kind == yaml.AliasNode {
		require.Contains(t, at.Text, "*")
		node = node.Alias
	} else if first := strings.Fields(node.Value); onOneLine(node) && node.Style == 0 && node.Anchor == "" && len(first) > 0 {
		require.Contains(t, at.Text, first[0])
	}
	require.Equal(t, value, readByHelm(node), "%q in %q", path, d.lines)
}

func TestPositionsOfLinesInText(t *testing.T) {
	defaults, err := ParseDefaults("defaults", []byte("a: ''"))
	require.NoError(t, err)
	tests := []struct {
		name, text, path    string
		line, column, width int
	}{
		{"a literal", "x: 1\na: |\n  one\n\n  two é 2\n", "a[2]", 5, 3, 7},
		{"its key, where there is no such line", "x: 1\na: |\n  one\n", "a[9]", 2, 1, 1},
		{"a literal with a comment and an indent of its own", "a: |2- # text\n    one\n", "a[0]", 2, 5, 3},
		{"an alias", "x: &text |\n  one\n  two\na: *text\n", "a[1]", 3, 3, 3},
		{"one line", "a: one two\n", "a[0]", 1, 4, 7},
		{"a folded text has other lines than its file", "a: >\n  one\n  two\n", "a[0]", 1, 1, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, err := Read(Options{Files: []string{"f"}}, defaults, func(string) ([]byte, error) { return []byte(tt.text), nil })
			require.NoError(t, err)
			at := v.Value(ParsePath(tt.path))
			require.Equal(t, []int{tt.line, tt.column, tt.width}, []int{at.Line, at.Column, at.Width}, at.Text)
		})
	}
}

// A finding for each of half a million values would take gigabytes.
func TestReadRefusesTooManyValues(t *testing.T) {
	list := "a: [" + strings.Repeat("1,", mostNodes) + "]\n"
	aliases := "a: &a [" + strings.Repeat("1,", 700) + "]\nb: [" + strings.Repeat("*a, ", 80) + "]\n"
	for _, text := range []string{list, aliases, "a: 1\n" + strings.Repeat("b: 1\n", mostNodes/2)} {
		_, err := Read(Options{Files: []string{"f.yaml"}}, Parse("defaults", nil), func(string) ([]byte, error) { return []byte(text), nil })
		require.ErrorContains(t, err, "f.yaml: more than 50000 keys and values", text[:20])
	}
}
