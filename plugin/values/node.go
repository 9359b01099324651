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
	d.lock.Lock()
	defer d.lock.Unlock()
	d.readLate()
	if d.root == nil {
		return d.top(), len(p) == 0
	}
	here := entry{value: d.root}
	for i, step := range p {
		if text := resolve(here.value); text != nil && text.Kind == yaml.ScalarNode {
			at, ok := d.textLine(here, step)
			return at, ok && i == len(p)-1
		}
		if here = d.child(here.value, step); here.value == nil {
			return finding.Position{}, false
		}
	}
	return d.entryPosition(here, want), true
}

func (d *Document) entryPosition(e entry, want part) finding.Position {
	if e.key != nil && (want == keyPart || !onOneLine(e.value)) {
		return d.nodePosition(e.key)
	}
	return d.nodePosition(e.value)
}

// Line is where the document writes the key at the end of the path; 0 if it does
// not.
func (d *Document) Line(p Path) int {
	at, _ := d.position(p, keyPart)
	return at.Line
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
	if n == nil || n.Line > len(d.lines) {
		return d.top() // a null that is not written may be behind the last line
	}
	p := finding.Position{Name: d.Name, Line: n.Line, Column: n.Column, Text: d.line(n.Line)}
	switch n.Kind {
	case yaml.ScalarNode:
		p.Width = utf8.RuneCountInString(n.Value)
		if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
			p.Width += 2
		}
	case yaml.AliasNode:
		p.Width = utf8.RuneCountInString(n.Value) + 1
	}
	return p
}

// entry is a key of a mapping, or an item of a list, which has none.
type entry struct {
	key, value *yaml.Node
}

// child goes one step down.
func (d *Document) child(n *yaml.Node, step string) entry {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch {
	case n == nil:
	case n.Kind == yaml.SequenceNode:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(n.Content) {
			return entry{value: n.Content[i]}
		}
	case n.Kind == yaml.MappingNode:
		return d.entries(n)[step]
	}
	return entry{}
}

// entries are the keys of a mapping, with those that merge keys bring. As in
// Helm's library, the last of several writers of a key wins, be it a merge key
// or not; of several mappings in one merge key, the first.
func (d *Document) entries(n *yaml.Node) map[string]entry {
	if known, ok := d.index[n]; ok {
		return known
	}
	all := make(map[string]entry, len(n.Content)/2)
	d.index[n] = all // before it is filled, for merge keys that lead back here
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if isMerge(key) {
			for name, e := range d.merged(value) {
				all[name] = e
			}
		} else if name, ok := keyName(key); ok {
			all[name] = entry{key, value}
		}
	}
	return all
}

// merged are the keys of what a merge key names.
func (d *Document) merged(n *yaml.Node) map[string]entry {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch {
	case n == nil:
		return nil
	case n.Kind == yaml.MappingNode:
		return d.entries(n)
	case n.Kind != yaml.SequenceNode:
		return nil
	}
	all := map[string]entry{}
	for i := len(n.Content) - 1; i >= 0; i-- {
		if item := n.Content[i]; item.Kind != yaml.SequenceNode {
			for name, e := range d.merged(item) {
				all[name] = e
			}
		}
	}
	return all
}

func isMerge(key *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.Value == "<<" && (key.Style&quoted == 0 && key.Style&yaml.TaggedStyle == 0 || key.Tag == "!!merge" && key.Style&yaml.TaggedStyle != 0)
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
