package outline

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// valueEnd is the last line of a value. The library tells where values begin
// only; where there are comments behind a value, its end must be known well
// enough to tell them from text.
func (r reader) valueEnd(n *yaml.Node) int {
	switch {
	case n.Kind == yaml.ScalarNode && n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return r.blockEnd(n)
	case n.Kind == yaml.ScalarNode && n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0:
		return r.quoteEnd(n)
	case n.Kind == yaml.ScalarNode && n.Style&yaml.TaggedStyle == 0:
		return r.plainEnd(n)
	case len(n.Content) > 0 && n.Kind != yaml.AliasNode:
		return r.closed(n, r.valueEnd(n.Content[len(n.Content)-1]))
	}
	return n.Line
}

// blockEnd is the end of a literal or folded text: it reaches as far as lines
// are indented like its first one.
func (r reader) blockEnd(n *yaml.Node) int {
	end, indent := n.Line, -1
	for i := n.Line + 1; i <= len(r.lines); i++ {
		line := r.lines[i-1]
		if strings.TrimSpace(line) == "" {
			continue
		}
		if indent < 0 {
			indent = leading(line)
			if indent <= leading(r.lines[n.Line-1]) {
				break // the text is empty
			}
		}
		if leading(line) < min(indent, r.stated(n)) {
			break
		}
		end = i
	}
	if strings.ContainsRune(r.header(n), '+') {
		for end < len(r.lines) && strings.TrimSpace(r.lines[end]) == "" {
			end++ // empty lines are part of a text that keeps them
		}
	}
	return end
}

// header is what follows the "|" or ">" of a text.
func (r reader) header(n *yaml.Node) string {
	line := r.lines[n.Line-1]
	at := strings.IndexAny(line[min(n.Column-1, len(line)):], "|>")
	if at < 0 {
		return ""
	}
	text, _, _ := strings.Cut(line[min(n.Column-1, len(line))+at:], " ")
	return text
}

// stated is the least indentation that a text can have when its header says
// so: text that begins with spaces must not be taken for deeper.
func (r reader) stated(n *yaml.Node) int {
	if strings.ContainsAny(r.header(n), "123456789") {
		return leading(r.lines[n.Line-1]) + 1
	}
	return len(r.lines) + 1<<20
}

// quoteEnd looks for the closing quote.
func (r reader) quoteEnd(n *yaml.Node) int {
	from := []rune(r.lines[n.Line-1])
	text := string(from[min(n.Column-1, len(from)):])
	at := strings.IndexAny(text, `"'`)
	if at < 0 {
		return n.Line
	}
	quote, text := text[at], text[at+1:]
	for line := n.Line; ; line++ {
		for i := 0; i < len(text); i++ {
			switch {
			case text[i] == '\\' && quote == '"':
				i++
			case text[i] == quote && quote == '\'' && i+1 < len(text) && text[i+1] == quote:
				i++
			case text[i] == quote:
				return line
			}
		}
		if line == len(r.lines) {
			return line
		}
		text = r.lines[line]
	}
}

// plainEnd follows text without quotes over its lines: a comment ends it.
func (r reader) plainEnd(n *yaml.Node) int {
	words := strings.Fields(n.Value)
	end := n.Line
	for i := n.Line; i <= len(r.lines) && len(words) > 0; i++ {
		line := r.lines[i-1]
		if i > n.Line && strings.HasPrefix(strings.TrimSpace(line), "#") {
			break
		}
		for len(words) > 0 {
			_, after, found := strings.Cut(line, words[0])
			if !found {
				break
			}
			line, words, end = after, words[1:], i
		}
		if end < i && strings.TrimSpace(r.lines[i-1]) != "" {
			break
		}
	}
	return end
}

// closed goes on to the bracket that closes a flow collection.
func (r reader) closed(n *yaml.Node, end int) int {
	if n.Style&yaml.FlowStyle == 0 {
		return end
	}
	for i := end; i <= len(r.lines); i++ {
		line, _, _ := strings.Cut(r.lines[i-1], " #")
		if strings.ContainsAny(line, "]}") && !strings.HasPrefix(strings.TrimSpace(line), "#") {
			return i
		}
	}
	return end
}
