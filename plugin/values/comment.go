package values

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

// Comment is a comment that speaks to a program.
type Comment struct {
	Text     string // from its mark on
	Position finding.Position
	// Line is what the comment is about: the line that it ends or, when it has
	// one of its own, the line below it and the comments that follow. It is 0
	// when there is no such line. End is the last one where a text begins there.
	Line, End int
}

// Comments are the comments of the file whose text begins with the mark.
func (d *Document) Comments(mark string) []Comment {
	var found []Comment
	var text map[int]bool
	for i, line := range d.lines {
		if !strings.Contains(line, mark) {
			continue
		}
		if text == nil {
			text = map[int]bool{}
			d.textLines(d.root, text)
		}
		start := commentStart(line)
		if start < 0 || text[i+1] {
			continue
		}
		if rest, ok := strings.CutPrefix(strings.TrimLeft(line[start:], "# \t"), mark); ok {
			at := finding.Position{Name: d.Name, Line: i + 1, Column: len([]rune(line[:start])) + 1, Width: len([]rune(line[start:])), Text: d.line(i + 1)}
			line := d.about(i, start)
			found = append(found, Comment{Text: mark + rest, Position: at, Line: line, End: d.textEnd(d.root, line)})
		}
	}
	return found
}

// about is the number of the line that a comment is about.
func (d *Document) about(i, start int) int {
	if strings.TrimSpace(d.lines[i][:start]) != "" {
		return i + 1
	}
	for i++; i < len(d.lines); i++ {
		switch text := strings.TrimSpace(d.lines[i]); {
		case text == "":
			return 0
		case text[0] != '#':
			return i + 1
		}
	}
	return 0
}

// textEnd is the last line of the block of text that begins in a line, or the
// line itself.
func (d *Document) textEnd(n *yaml.Node, line int) int {
	if n == nil || n.Line > line && n.Kind == yaml.ScalarNode {
		return line
	}
	end := line
	if n.Line == line && n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		lines := map[int]bool{}
		d.blockLines(n, lines)
		for last := range lines {
			end = max(end, last)
		}
	}
	for _, child := range n.Content {
		end = max(end, d.textEnd(child, line))
	}
	return end
}

// commentStart is where a line's comment begins, -1 if it has none. A # within
// quotation marks, or without space before it, begins none.
func commentStart(line string) int {
	quote, begin := byte(0), true // begin: a value may begin here
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote == '"' && c == '\\':
			i++
		case quote != 0:
			if c == quote && c == '\'' && strings.HasPrefix(line[i+1:], "'") {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '#' && (i == 0 || line[i-1] == ' ' || line[i-1] == '\t'):
			return i
		case begin && (c == '"' || c == '\''):
			quote = c
		}
		begin = strings.IndexByte(" \t[{,:", c) >= 0
	}
	return -1
}

// textLines adds the lines of text of several lines, in which # is text.
func (d *Document) textLines(n *yaml.Node, lines map[int]bool) {
	if n == nil {
		return
	}
	if n.Kind == yaml.ScalarNode {
		switch {
		case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
			d.blockLines(n, lines)
		case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
			d.quotedLines(n, lines)
		}
	}
	for _, child := range n.Content {
		d.textLines(child, lines)
	}
}

// blockLines adds those of a block: all that are indented as its first.
func (d *Document) blockLines(n *yaml.Node, lines map[int]bool) {
	indent := 0
	for i := n.Line; i < len(d.lines); i++ {
		text := strings.TrimLeft(d.lines[i], " ")
		if text == "" {
			continue
		}
		here := len(d.lines[i]) - len(text)
		if indent == 0 {
			indent = max(here, 1)
		}
		if here < indent {
			return
		}
		lines[i+1] = true
	}
}

// quotedLines adds those of text in quotation marks, but its first.
func (d *Document) quotedLines(n *yaml.Node, lines map[int]bool) {
	mark := byte('"')
	if n.Style&yaml.SingleQuotedStyle != 0 {
		mark = '\''
	}
	open := false
	for i := n.Line - 1; i < len(d.lines); i++ {
		line := d.lines[i]
		if i == n.Line-1 {
			line = string([]rune(line)[min(n.Column-1, len([]rune(line))):])
		} else {
			lines[i+1] = true
		}
		for j := 0; j < len(line); j++ {
			switch {
			case line[j] == '\\' && mark == '"':
				j++
			case line[j] == mark && open && mark == '\'' && strings.HasPrefix(line[j+1:], "'"):
				j++
			case line[j] == mark && open:
				return
			case line[j] == mark:
				open = true
			}
		}
	}
}
