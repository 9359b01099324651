package values

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

// position finds where the document writes the value at the path. Its second
// result is false when it does not.
func (d *Document) position(p Path, want part) (finding.Position, bool) {
	if d.unread != nil {
		whole := Parse(d.Name, d.unread)
		d.lines, d.root, d.unread = whole.lines, whole.root, nil
	}
	if d.root == nil {
		return finding.Position{Name: d.Name, Line: 1, Column: 1, Text: d.line(1)}, len(p) == 0
	}
	key, value := (*yaml.Node)(nil), d.root
	for i, step := range p {
		if text := resolve(value); text != nil && text.Kind == yaml.ScalarNode {
			at, ok := d.textLine(text, step)
			return at, ok && i == len(p)-1
		}
		key, value = child(value, step)
		if value == nil {
			return finding.Position{}, false
		}
	}
	if key != nil && (want == keyPart || !onOneLine(value)) {
		return d.nodePosition(key), true
	}
	return d.nodePosition(value), true
}

// resolve follows an alias.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// onOneLine says whether a value stands beside its key, so that pointing at it
// shows both.
func onOneLine(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 && n.Value != "" || n.Kind == yaml.AliasNode
}

func (d *Document) nodePosition(n *yaml.Node) finding.Position {
	if n == nil {
		return finding.Position{Name: d.Name, Line: 1, Column: 1, Text: d.line(1)}
	}
	p := finding.Position{Name: d.Name, Line: n.Line, Column: n.Column, Text: d.line(n.Line)}
	if n.Kind == yaml.ScalarNode {
		p.Width = utf8.RuneCountInString(n.Value)
		if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
			p.Width += 2
		}
	}
	return p
}

// child goes one step down. As in Helm's library, the last of several writers
// of a key in one mapping wins, be it a merge key or not.
func child(n *yaml.Node, step string) (key, value *yaml.Node) {
	return childWithin(n, step, 0)
}

// mergeDepth ends chains of merge keys that lead back to themselves.
const mergeDepth = 100

func childWithin(n *yaml.Node, step string, depth int) (key, value *yaml.Node) {
	if depth > mergeDepth {
		return nil, nil
	}
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n == nil {
		return nil, nil
	}
	if n.Kind == yaml.SequenceNode {
		i, err := strconv.Atoi(step)
		if err != nil || i < 0 || i >= len(n.Content) {
			return nil, nil
		}
		return nil, n.Content[i]
	}
	if n.Kind != yaml.MappingNode {
		return nil, nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if isMerge(k) {
			if mk, mv := merged(v, step, depth+1); mv != nil {
				key, value = mk, mv
			}
			continue
		}
		if name, ok := keyName(k); ok && name == step {
			key, value = k, v
		}
	}
	return key, value
}

// merged looks for a key in what a merge key names: of several mappings, the
// first that has it wins.
func merged(n *yaml.Node, step string, depth int) (key, value *yaml.Node) {
	if n.Kind != yaml.SequenceNode {
		return childWithin(n, step, depth)
	}
	for _, item := range n.Content {
		if key, value = childWithin(item, step, depth); value != nil {
			return key, value
		}
	}
	return nil, nil
}

func isMerge(key *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.Value == "<<" && key.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) == 0
}

// keyName is the name that Helm gives a key: it reads YAML 1.1, where on, yes
// and the like are true.
func keyName(n *yaml.Node) (string, bool) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n == nil || n.Kind != yaml.ScalarNode {
		return "", false
	}
	if n.Style == 0 {
		switch n.Value {
		case "y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE":
			return "true", true
		case "n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE":
			return "false", true
		}
	}
	return n.Value, true
}

// part says whether to point at a key or at its value.
type part int

const (
	valuePart part = iota
	keyPart
)

// flagPosition is the place of a value that came by a flag.
func flagPosition(flag string) finding.Position {
	return finding.Position{Name: strings.Join(strings.Fields(flag), " ")}
}
