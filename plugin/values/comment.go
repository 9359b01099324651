package values

import (
	"slices"
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
	marked := func(line string) bool { return strings.Contains(line, mark) }
	if !slices.ContainsFunc(d.lines, marked) {
		return nil
	}
	var found []Comment
	text, below := d.texts(), d.below()
	for i, line := range d.lines {
		start := -1
		if marked(line) && !text.lines[i+1] {
			start = commentStart(line)
		}
		if start < 0 {
			continue
		}
		if rest, ok := strings.CutPrefix(strings.TrimLeft(line[start:], "# \t"), mark); ok {
			at := finding.Position{Name: d.Name, Line: i + 1, Column: len([]rune(line[:start])) + 1, Width: len([]rune(line[start:])), Text: d.line(i + 1)}
			about := i + 1
			if strings.TrimSpace(line[:start]) == "" {
				about = below[i]
			}
			found = append(found, Comment{Text: mark + rest, Position: at, Line: about, End: max(about, text.ends[about])})
		}
	}
	return found
}

// below gives for each line the number of the one that follows it and the
// comments between, 0 where there is none.
func (d *Document) below() []int {
	all := make([]int, len(d.lines))
	for i := len(d.lines) - 2; i >= 0; i-- {
		switch text := strings.TrimSpace(d.lines[i+1]); {
		case text == "":
		case text[0] == '#':
			all[i] = all[i+1]
		default:
			all[i] = i + 2
		}
	}
	return all
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

// texts are the texts of several lines in a file.
type texts struct {
	lines map[int]bool // all of theirs, in which # is text
	ends  map[int]int  // the last line of the block that begins in a line
}

func (d *Document) texts() texts {
	t := texts{map[int]bool{}, map[int]int{}}
	d.addTexts(d.root, t)
	return t
}

func (d *Document) addTexts(n *yaml.Node, t texts) {
	if n == nil {
		return
	}
	if n.Kind == yaml.ScalarNode {
		switch {
		case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
			t.ends[n.Line] = d.blockLines(n, t.lines)
		case n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
			d.quotedLines(n, t.lines)
		}
	}
	for _, child := range n.Content {
		d.addTexts(child, t)
	}
}

// blockLines adds those of a block, all that are indented as its first, and
// returns the last of them.
func (d *Document) blockLines(n *yaml.Node, lines map[int]bool) int {
	indent, last := 0, n.Line
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
			break
		}
		last = i + 1
		lines[last] = true
	}
	return last
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
		if i == n.Line-1 && len(line) > longestLine {
			return // there may be thousands of them in it
		}
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
