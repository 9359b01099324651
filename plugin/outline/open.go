package outline

import (
	"bytes"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Open returns the entries of a value that is a mapping, however it is
// written: between braces, as an alias, with merge keys. Nil means that it is
// no mapping, or an empty one.
func (e *Entry) Open() ([]*Entry, error) {
	if e.Entries != nil {
		return e.Entries, nil
	}
	plain := resolve(e.value)
	if plain.Kind != yaml.MappingNode || len(plain.Content) == 0 {
		return nil, nil
	}
	text, err := encode(plain)
	if err != nil {
		return nil, err
	}
	f, err := Read(text)
	if err != nil {
		return nil, fmt.Errorf("read %s again: %w", e.Key, err)
	}
	setLine(f.Entries, e.Line)
	return f.Entries, nil
}

func setLine(entries []*Entry, line int) {
	for _, e := range entries {
		e.Line = line
		setLine(e.Entries, line)
	}
}

// Normalize writes a file anew, without aliases and braces around mappings, for
// files that Read cannot read as they are. Their comments stay, their empty
// lines do not.
func Normalize(text string) (string, error) {
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return "", fmt.Errorf("read the file: %w", err)
	}
	if len(document.Content) == 0 {
		return text, nil
	}
	document.Content[0] = resolve(document.Content[0])
	return encode(&document)
}

func encode(n *yaml.Node) (string, error) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(usualIndent)
	if err := encoder.Encode(n); err != nil {
		return "", fmt.Errorf("write the values anew: %w", err)
	}
	return out.String(), nil
}

// resolve copies a node with everything that aliases and merge keys stand for.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		plain := resolve(n.Alias)
		plain.HeadComment, plain.LineComment, plain.FootComment = n.HeadComment, n.LineComment, n.FootComment
		return plain
	}
	plain := *n
	plain.Anchor = ""
	if n.Kind == yaml.MappingNode {
		plain.Style &^= yaml.FlowStyle
		plain.Content = resolvePairs(n)
		return &plain
	}
	if n.Kind == yaml.ScalarNode && plain.Style&(yaml.SingleQuotedStyle) != 0 {
		plain.Style = yaml.DoubleQuotedStyle // on one line
	}
	plain.Content = nil
	for _, child := range n.Content {
		plain.Content = append(plain.Content, resolve(child))
	}
	return &plain
}

// resolvePairs lays merge keys out. As in Helm's library, the last of several
// writers of a key in one mapping wins, be it a merge key or not.
func resolvePairs(n *yaml.Node) []*yaml.Node {
	var pairs []*yaml.Node
	put := func(key, value *yaml.Node) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i].Value == key.Value {
				pairs[i+1] = value
				return
			}
		}
		pairs = append(pairs, key, value)
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if !isMerge(n.Content[i]) {
			put(resolve(n.Content[i]), resolve(n.Content[i+1]))
			continue
		}
		for _, source := range slices.Backward(mergeSources(n.Content[i+1])) {
			merged := resolvePairs(source)
			for j := 0; j < len(merged); j += 2 {
				put(merged[j], merged[j+1])
			}
		}
	}
	return pairs
}

func mergeSources(n *yaml.Node) []*yaml.Node {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.SequenceNode {
		return []*yaml.Node{n}
	}
	var sources []*yaml.Node
	for _, item := range n.Content {
		sources = append(sources, mergeSources(item)...)
	}
	return sources
}

func merges(n *yaml.Node) bool {
	for i := 0; i < len(n.Content); i += 2 {
		if isMerge(n.Content[i]) {
			return true
		}
	}
	return false
}

func isMerge(key *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.Value == "<<" && key.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) == 0
}
