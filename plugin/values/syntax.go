package values

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

var (
	yamlError     = regexp.MustCompile(`line (\d+): (.*)`)
	unknownAnchor = regexp.MustCompile(`(?:unknown )?anchor '(.*)' (?:referenced|value contains itself)`)
	noSpace       = regexp.MustCompile(`^\s*(?:- )?[A-Za-z][\w.-]*:[^\s/:]`)
)

// addSyntax says where a library stopped reading, and why.
func (d *Document) addSyntax(err error) {
	message := plainMessage(err)
	if n := unreadable(d.root, nil); n != nil && !yamlError.MatchString(message) {
		d.add(Syntax, unreadableMessage(n), d.nodePosition(n))
		return
	}
	line, message := d.syntaxLine(message)
	d.add(Syntax, message, d.lineStart(line))
}

// syntaxLine takes the line out of a library's message.
func (d *Document) syntaxLine(message string) (int, string) {
	line := 1
	if m := yamlError.FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = m[2]
		if strings.HasPrefix(message, "did not find expected") {
			line++ // the library counts these lines from 0
		}
	} else if m := unknownAnchor.FindStringSubmatch(message); m != nil {
		line = 1 + slices.IndexFunc(d.lines, func(text string) bool { return strings.Contains(text, "*"+m[1]) })
	}
	return d.hint(max(1, min(line, len(d.lines))), message)
}

// lineStart is the place of the first character of a line.
func (d *Document) lineStart(line int) finding.Position {
	text := d.line(line)
	column := len(text) - len(strings.TrimLeft(text, " "))
	return finding.Position{Name: d.Name, Line: line, Column: column + 1, Text: text}
}

// plainMessage is an error of Helm's library without what it says of itself.
func plainMessage(err error) string {
	message := err.Error()
	for _, prefix := range []string{"error converting YAML to JSON: ", "error unmarshaling JSON: while decoding JSON: ", "yaml: "} {
		message = strings.TrimPrefix(message, prefix)
	}
	return message
}

// hint looks near the line for what most often makes YAML unreadable.
func (d *Document) hint(line int, message string) (int, string) {
	for _, near := range []int{line, line + 1, line - 1} {
		text := d.line(near)
		switch {
		case tabIndent(text):
			return near, "a tab in the indentation: YAML takes spaces only"
		case strings.HasPrefix(strings.TrimLeft(text, " "), "\u00a0"):
			return near, "a no-break space in the indentation: YAML takes plain spaces only"
		case noSpace.MatchString(text) && strings.Contains(message, "':'"):
			return near, "a space is missing behind the colon"
		}
	}
	return line, message
}

func tabIndent(line string) bool {
	trimmed := strings.TrimLeft(line, " \t")
	return strings.Contains(line[:len(line)-len(trimmed)], "\t") && trimmed != ""
}

// unreadable finds what is YAML, but no value to Helm: a key that is no text,
// or a number that is none.
func unreadable(n, key *yaml.Node) *yaml.Node {
	switch {
	case n == nil:
		return nil
	case n == key && n.Kind != yaml.ScalarNode && n.Kind != yaml.AliasNode:
		return n
	case n == key && n.ShortTag() == "!!null":
		return n
	case n != key && n.Kind == yaml.ScalarNode && n.ShortTag() == "!!float" && strings.Trim(n.Value, "+-.0123456789eE_") != "":
		return n
	}
	for i, child := range n.Content {
		key = nil
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			key = child
		}
		if bad := unreadable(child, key); bad != nil {
			return bad
		}
	}
	return nil
}

func unreadableMessage(n *yaml.Node) string {
	switch {
	case n.Kind != yaml.ScalarNode:
		return "a key has to be text, and this one is a " + map[yaml.Kind]string{yaml.MappingNode: "mapping", yaml.SequenceNode: "list"}[n.Kind]
	case n.ShortTag() == "!!null":
		return "a key has to be text, and this one is null: put quotes around it"
	}
	return n.Value + " is no number that Helm can keep"
}
