package digest

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// source finds nodes in the bytes that they were read from, and replaces them.
type source struct {
	bytes []byte
	lines []int // where each line starts; read when the first is asked for
	last  place // that was found last: the next one is often behind it, in the same line
	edits []edit
}

// place is where a column of a line is.
type place struct {
	line, column, at int
}

// edit replaces a part of the bytes.
type edit struct {
	start, end int
	text       string
}

// replace gives a scalar, or an alias in its place, other text. It says whether
// it could: it cannot if the scalar is Base64 or takes several lines.
func (s *source) replace(n *yaml.Node, text string) bool {
	start, ok := s.offset(n)
	if !ok || n.ShortTag() == "!!binary" {
		return false
	}
	start, ok = behindProperties(s.bytes, start)
	if !ok {
		return false
	}
	length, quote := extent(s.bytes[start:], n)
	if length == 0 {
		return false
	}
	s.edits = append(s.edits, edit{start, start + length, quote + text + quote})
	return true
}

// edited returns the bytes with all that was replaced. What several places share
// was replaced several times, always with the same.
func (s *source) edited() []byte {
	if len(s.edits) == 0 {
		return s.bytes
	}
	slices.SortFunc(s.edits, func(a, b edit) int { return a.start - b.start })
	var out bytes.Buffer
	at := 0
	for _, e := range slices.Compact(s.edits) {
		out.Write(s.bytes[at:e.start])
		out.WriteString(e.text)
		at = e.end
	}
	out.Write(s.bytes[at:])
	return out.Bytes()
}

// offset is where a node starts. YAML's reader counts columns in characters. A
// stream may be one line with thousands of images, which is gone through once.
func (s *source) offset(n *yaml.Node) (int, bool) {
	if s.lines == nil {
		s.lines = lineStarts(s.bytes)
	}
	if n.Line < 1 || n.Line > len(s.lines) {
		return 0, false
	}
	p := place{n.Line, 1, s.lines[n.Line-1]}
	if s.last.line == n.Line && s.last.column <= n.Column {
		p = s.last
	}
	for ; p.column < n.Column && p.at < len(s.bytes); p.column++ {
		_, size := utf8.DecodeRune(s.bytes[p.at:])
		p.at += size
	}
	s.last = p
	return p.at, p.column == n.Column && p.at < len(s.bytes)
}

// lineStarts counts lines as YAML's reader does: a byte order mark is in none, and
// a line ends at more than "\n".
func lineStarts(document []byte) []int {
	at := len(document) - len(bytes.TrimPrefix(document, []byte("\ufeff")))
	starts := []int{at}
	for {
		next := bytes.IndexAny(document[at:], "\n\r\u0085\u2028\u2029")
		if next < 0 {
			return starts
		}
		at += next
		for _, end := range []string{"\r\n", "\n", "\r", "\u0085", "\u2028", "\u2029"} {
			if bytes.HasPrefix(document[at:], []byte(end)) {
				at += len(end)
				break
			}
		}
		starts = append(starts, at)
	}
}

// behindProperties passes by an anchor and a tag before a scalar.
func behindProperties(text []byte, at int) (int, bool) {
	for at < len(text) && (text[at] == '&' || text[at] == '!') {
		property := bytes.IndexAny(text[at:], " \t\r\n")
		if property < 0 {
			return 0, false
		}
		at += property
		for at < len(text) && (text[at] == ' ' || text[at] == '\t') {
			at++
		}
	}
	return at, at < len(text)
}

// extent is how long the scalar or alias at the start of the text is written, 0
// if it cannot be told, and its quotes.
func extent(text []byte, n *yaml.Node) (length int, quote string) {
	written := n.Value
	switch {
	case n.Kind == yaml.AliasNode:
		written = "*" + n.Value
	case n.Style&yaml.SingleQuotedStyle != 0:
		quote = "'"
		written = "'" + strings.ReplaceAll(n.Value, "'", "''") + "'"
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return doubleQuoted(text), `"`
	}
	if !bytes.HasPrefix(text, []byte(written)) {
		return 0, ""
	}
	return len(written), quote
}

func doubleQuoted(text []byte) int {
	if text[0] != '"' {
		return 0
	}
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}
