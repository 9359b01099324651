package outline

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// join writes a file's entries as they were.
func join(f *File) string {
	var out strings.Builder
	for _, line := range f.Before {
		out.WriteString(line + "\n")
	}
	joinEntries(&out, f.Entries, 0, f.Indent)
	for _, line := range f.After {
		out.WriteString(line + "\n")
	}
	return out.String()
}

func joinEntries(out *strings.Builder, entries []*Entry, indent, by int) {
	write := func(lines []string) {
		for _, line := range lines {
			if strings.TrimSpace(line) != "" {
				line = strings.Repeat(" ", indent) + line
			}
			out.WriteString(line + "\n")
		}
	}
	for _, e := range entries {
		write(e.Above)
		write([]string{e.Head})
		if e.Entries != nil {
			joinEntries(out, e.Entries, indent+by, by)
			continue
		}
		write(e.Body)
		write(e.Foot)
	}
}

// What is read can be written as it was, line by line.
func TestReadKeepsEveryLine(t *testing.T) {
	files, err := filepath.Glob("../../charts/valkey/ci/*-values.yaml")
	require.NoError(t, err)
	files = append(files, "../../charts/valkey/values.yaml")
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			f, err := Read(string(text))
			require.NoError(t, err)
			require.Equal(t, strings.TrimSuffix(string(text), "{}\n"), join(f))
		})
	}
}

func entry(t *testing.T, text, key string) *Entry {
	t.Helper()
	f, err := Read(text)
	require.NoError(t, err)
	for _, e := range f.Entries {
		if e.Key == key {
			return e
		}
	}
	t.Fatalf("no %s", key)
	return nil
}

func TestEntriesHaveTheirLines(t *testing.T) {
	tests := []struct {
		name              string
		text              string // the entry is a
		above, body, foot []string
	}{
		{"one line", "a: 1\nb: 2\n", nil, nil, nil},
		{"comments", "# one\n\n# two\na: 1 # three\n  # own\n# of b\nb: 2\n", []string{"# one", "", "# two"}, nil, []string{"  # own"}},
		{"a block of text with comments in it", "a: |\n  # text\n  x\n# of b\nb: 1\n", nil, []string{"  # text", "  x"}, nil},
		{"a block at the end, with empty lines", "a: |+\n  x\n\n\nb: 1\n", nil, []string{"  x", "", ""}, nil},
		{"an empty block", "a: |\nb: 1\n", nil, nil, nil},
		{"a block that states its indentation", "a: |2\n    x\n  y\n# c\nb: 1\n", nil, []string{"    x", "  y"}, nil},
		{"a folded block", "a: >-\n  x\n  # y\nb: 1\n", nil, []string{"  x", "  # y"}, nil},
		{"quotes over lines", "a: \"x\n  # y\n  \\\" z\"\n# c\nb: 1\n", nil, []string{"  # y", "  \\\" z\""}, nil},
		{"single quotes over lines", "a: 'x\n  # it''s'\n# c\nb: 1\n", nil, []string{"  # it''s'"}, nil},
		{"plain text over lines", "a: x\n  y z\n  # c\nb: 1\n", nil, []string{"  y z"}, []string{"  # c"}},
		{"a list as deep as its key", "a:\n- x\n# in it\n- y\n# of b\nb: 1\n", nil, []string{"- x", "# in it", "- y"}, nil},
		{"brackets over lines", "a: [x,\n  # c\n  y\n]\n# of b\nb: 1\n", nil, []string{"  # c", "  y", "]"}, nil},
		{"the last entry", "b: 1\na: 2\n# end\n", nil, nil, []string{"# end"}},
		{"nothing", "a:\n  # c\nb: 1\n", nil, nil, []string{"  # c"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e := entry(t, tt.text, "a")
			require.Equal(t, tt.above, e.Above)
			require.Equal(t, tt.body, e.Body)
			require.Equal(t, tt.foot, e.Foot)
		})
	}
}

func TestCommentsBelongToTheDepthAtWhichTheyStand(t *testing.T) {
	e := entry(t, "# a\na: # rest\n  # b\n  b: 1\n  # end of b\n# c\nc: 1\n", "a")
	require.Equal(t, []string{"# a"}, e.Above)
	require.Equal(t, " # rest", e.Rest)
	require.Len(t, e.Entries, 1)
	require.Equal(t, []string{"# b"}, e.Entries[0].Above)
	require.Equal(t, []string{"# end of b"}, e.Entries[0].Foot)
	require.Equal(t, []string{"# c"}, entry(t, "# a\na:\n  b: 1\n# c\nc: 1\n", "c").Above)
}

func TestKeys(t *testing.T) {
	for _, tt := range []struct{ text, key, rest string }{
		{"a: b: 1", "", ""},
		{`"a: b": 1`, "a: b", " 1"},
		{`"a\"b": 1`, `a"b`, " 1"},
		{`'a''b': 1`, "a'b", " 1"},
		{"a:b: 1", "a:b", " 1"},
		{"a : 1", "a", " 1"},
		{"a:", "a", ""},
	} {
		f, err := Read(tt.text + "\n")
		if tt.key == "" {
			require.Error(t, err)
			continue
		}
		require.NoError(t, err, tt.text)
		require.Equal(t, tt.key, f.Entries[0].Key)
		require.Equal(t, tt.rest, f.Entries[0].Rest, tt.text)
	}
}

func TestMarksOfDocumentsStay(t *testing.T) {
	f, err := Read("# license\n---\n# a\na: 1\n...\n# end\n")
	require.NoError(t, err)
	require.Equal(t, []string{"# license", "---"}, f.Before)
	require.Equal(t, []string{"# a"}, f.Entries[0].Above)
	require.Equal(t, []string{"...", "# end"}, f.After)
}

func TestOpen(t *testing.T) {
	text := "base: &base\n  x: 1\n  y: {z: 2}\nalias: *base\nmerged:\n  x: 0\n  <<: *base\n  # last\n  y: 3\nbraces: {x: 1, y: [1]}\nlist: [1]\nempty: {}\n"
	tests := map[string]string{
		"base":   "x: 1\ny: {z: 2}\n",
		"alias":  "x: 1\ny:\n  z: 2\n",
		"merged": "x: 1\n# last\ny: 3\n",
		"braces": "x: 1\ny: [1]\n",
		"list":   "",
		"empty":  "",
	}
	for key, want := range tests {
		entries, err := entry(t, text, key).Open()
		require.NoError(t, err)
		require.Equal(t, want, join(&File{Entries: entries, Indent: 2}), key)
	}
}

func TestWhatIsNotOnLinesOfItsOwn(t *testing.T) {
	for _, text := range []string{"{a: 1, b: 2}", "? a\n: 1", "a: 1\n? b\n: c", "--- {a: 1}", "&x a: 1", "- a"} {
		_, err := Read(text + "\n")
		require.ErrorIs(t, err, ErrLayout, text)
	}
	plain, err := Normalize("# c\n{a: 1, b: {c: &x [1], d: *x}, 'e': \"f\\ng\"}\n")
	require.NoError(t, err)
	require.Equal(t, "# c\na: 1\nb:\n  c: [1]\n  d: [1]\n\"e\": \"f\\ng\"\n", plain)
}

func TestAliasesHaveAnEnd(t *testing.T) {
	bomb := "a: &a [1,1,1,1,1,1,1,1,1,1]\n"
	for c := 'b'; c <= 'g'; c++ {
		name := string(c - 1)
		bomb += string(c) + ": &" + string(c) + " [" + strings.Repeat("*"+name+",", 9) + "*" + name + "]\n"
	}
	for _, text := range []string{bomb, "a: &a {b: *a}\n", "a: &a\n  <<: *a\n"} {
		_, err := Normalize(text)
		require.ErrorContains(t, err, "aliases stand for more", text)
	}
}

// FuzzRead looks for panics, and for lines that get lost.
func FuzzRead(f *testing.F) {
	for _, text := range []string{"a: 1\n# c\nb:\n  c: |\n    x\n", "a: {b: 1,\n # c\n d: 'x'}\n", "a: &x\n  b: 1\nc:\n  <<: *x\n", "---\na: 1\n...\n", "a: \"b\n  # c\"\n", "a: |2-\n    x\n\n", "a:\n- b\n# c\nd: >+\n  e\n\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, err := Read(text)
		if err != nil || file.Entries == nil {
			return
		}
		require.Equal(t, words(text), words(join(file)))
		for _, e := range file.Entries {
			_, _ = e.Open()
		}
		_, _ = Normalize(text)
	})
}

// words are the lines of a text without their indentation.
func words(text string) []string {
	var all []string
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\n"), "\n") {
		all = append(all, strings.TrimLeft(line, " "))
	}
	return all
}
