// Package outline reads a YAML file as a tree of entries that keep the lines in
// which they were written, so that entries can be moved with their comments,
// their quotes and their layout.
package outline

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Entry is a key with its value, as it was written.
type Entry struct {
	Key   string
	Above []string // comments and empty lines before it, without indentation
	Head  string   // the line of the key, without indentation
	Rest  string   // what follows the key and its colon on that line
	Body  []string // further lines of the value, indented from the key
	Foot  []string // comments and empty lines behind the value

	// Entries are those of a value that is a mapping; nil when it is anything else.
	Entries []*Entry

	value *yaml.Node
}

// File is a whole file.
type File struct {
	Before  []string // lines before the first entry that belong to the file: "---" and what is above it
	Entries []*Entry
	After   []string // lines after the last entry
	Indent  int      // by how much the file indents a level
}

// ErrLayout is a file whose entries do not stand on lines of their own, or come by
// a merge key.
var ErrLayout = errors.New("the entries are not on lines of their own")

// Read reads a file. Its text ends lines with "\n" only.
func Read(text string) (*File, error) {
	if strings.ContainsAny(text, "\r\u0085\u2028\u2029") {
		return nil, ErrLayout // YAML counts these as ends of lines, too
	}
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return nil, fmt.Errorf("read the file: %w", err)
	}
	r := reader{lines: strings.Split(strings.TrimSuffix(text, "\n"), "\n")}
	if len(document.Content) == 0 || document.Content[0].Kind == yaml.ScalarNode || len(document.Content[0].Content) == 0 {
		return &File{After: r.comments(), Indent: usualIndent}, nil
	}
	root := document.Content[0]
	if !isBlock(root) || merges(root) {
		return nil, ErrLayout
	}
	start, end := r.frame(root)
	entries, err := r.entries(root, start, end)
	if err != nil {
		return nil, err
	}
	return &File{Before: r.cut(1, start-1), Entries: entries, After: r.cut(end+1, len(r.lines)), Indent: indentOf(root)}, nil
}

// comments are the lines that say nothing: all that is worth keeping of a file
// without values.
func (r reader) comments() []string {
	var lines []string
	for _, line := range r.lines {
		if text := strings.TrimSpace(line); strings.HasPrefix(text, "#") || text == "" && len(r.lines) > 1 {
			lines = append(lines, line)
		}
	}
	return lines
}

const usualIndent = 2

// indentOf is how far the first nested mapping is indented.
func indentOf(root *yaml.Node) int {
	for i := 1; i < len(root.Content); i += 2 {
		if n := root.Content[i]; isBlock(n) && n.Content[0].Column > 1 { // n itself may begin with an anchor
			return n.Content[0].Column - 1
		}
	}
	return usualIndent
}

func isBlock(n *yaml.Node) bool {
	return n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle == 0 && len(n.Content) > 0
}

// reader knows the lines, counted from 1.
type reader struct {
	lines []string
}

func (r reader) cut(from, to int) []string {
	if from > to {
		return nil
	}
	return r.lines[from-1 : to]
}

// frame finds the lines of the mapping between the marks of a document.
func (r reader) frame(root *yaml.Node) (start, end int) {
	start, end = 1, len(r.lines)
	for i := root.Content[0].Line - 1; i >= 1; i-- {
		if strings.HasPrefix(r.lines[i-1], "---") {
			start = i + 1
			break
		}
	}
	for i := r.valueEnd(root) + 1; i <= len(r.lines); i++ {
		if strings.HasPrefix(r.lines[i-1], "---") || strings.HasPrefix(r.lines[i-1], "...") {
			return start, i - 1
		}
	}
	return start, end
}

// entries reads those of a mapping, which has the lines from start to end.
func (r reader) entries(n *yaml.Node, start, end int) ([]*Entry, error) {
	var entries []*Entry
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		until := end
		if i+2 < len(n.Content) {
			next := n.Content[i+2]
			if next.Line <= key.Line {
				return nil, ErrLayout
			}
			until = r.lastOwn(min(r.valueEnd(value), next.Line-1), next.Line-1, key.Column-1)
		}
		e, err := r.entry(key, value, start, until)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
		start = until + 1
	}
	return entries, nil
}

// lastOwn divides the comments between two entries: those that are indented
// more than the keys belong to the first. It returns the first's last line.
func (r reader) lastOwn(valueEnd, last, indent int) int {
	own := valueEnd
	for i := valueEnd + 1; i <= last; i++ {
		line := r.lines[i-1]
		if strings.TrimSpace(line) == "" {
			continue
		}
		if leading(line) <= indent {
			break
		}
		own = i
	}
	return own
}

func (r reader) entry(key, value *yaml.Node, start, end int) (*Entry, error) {
	if key.Kind != yaml.ScalarNode || key.Line > len(r.lines) {
		return nil, ErrLayout
	}
	indent := key.Column - 1
	line := r.lines[key.Line-1]
	if leading(line) != indent || len(line) <= indent {
		return nil, ErrLayout
	}
	rest, ok := afterKey(line[indent:])
	if !ok {
		return nil, ErrLayout
	}
	valueEnd := min(max(r.valueEnd(value), key.Line), end)
	e := &Entry{
		Key: key.Value, Head: line[indent:], Rest: rest, value: value,
		Above: unindent(r.cut(start, key.Line-1), indent),
		Body:  unindent(r.cut(key.Line+1, valueEnd), indent),
		Foot:  unindent(r.cut(valueEnd+1, end), indent),
	}
	if !isBlock(value) || merges(value) {
		return e, nil
	}
	if value.Content[0].Line == key.Line {
		return nil, ErrLayout
	}
	var err error
	e.Entries, err = r.entries(value, key.Line+1, end)
	return e, err
}

// afterKey cuts a line behind the colon of its key.
func afterKey(line string) (rest string, ok bool) {
	from := 0
	switch line[0] {
	case '"', '\'':
		if from = closing(line); from < 0 {
			return "", false
		}
	case '?', '&', '!', '*':
		return "", false
	}
	for i := from; i < len(line); i++ {
		if line[i] == ':' && (i+1 == len(line) || line[i+1] == ' ' || line[i+1] == '\t') {
			return line[i+1:], true
		}
	}
	return "", false
}

// closing is the place behind a quoted key.
func closing(line string) int {
	for i := 1; i < len(line); i++ {
		switch {
		case line[i] == '\\' && line[0] == '"':
			i++
		case line[i] == line[0]:
			return i + 1
		}
	}
	return -1
}

func leading(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// unindent takes indentation away. Lines that have less of it lose what they
// have: continued text and comments.
func unindent(lines []string, by int) []string {
	var out []string
	for _, line := range lines {
		out = append(out, line[min(by, leading(line)):])
	}
	return out
}
