package outline

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Open returns the entries of a value that is a mapping, however it is
// written: between braces, as an alias, with merge keys. Nil means that it is
// no mapping, or an empty one.
func (e *Entry) Open() ([]*Entry, error) {
	if e.Entries != nil {
		return e.Entries, nil
	}
	plain, err := resolve(e.value)
	if err != nil {
		return nil, err
	}
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
	return f.Entries, nil
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
	plain, err := resolve(document.Content[0])
	if err != nil {
		return "", err
	}
	document.Content[0] = plain
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

// mostNodes is how much aliases may stand for, all in all.
const mostNodes = 100_000

// resolve copies a node with everything that aliases and merge keys stand for.
func resolve(n *yaml.Node) (*yaml.Node, error) {
	r := resolver{left: mostNodes}
	plain := r.node(n)
	if r.left < 0 {
		return nil, errors.New("aliases stand for more than a values file has: replace them by what they stand for")
	}
	return plain, nil
}

// resolver counts what it may still copy.
type resolver struct {
	left int
}

func (r *resolver) node(n *yaml.Node) *yaml.Node {
	if r.left--; r.left < 0 {
		return &yaml.Node{}
	}
	if n.Kind == yaml.AliasNode {
		plain := r.node(n.Alias)
		plain.HeadComment, plain.LineComment, plain.FootComment = n.HeadComment, n.LineComment, n.FootComment
		return plain
	}
	plain := *n
	plain.Anchor = ""
	if n.Kind == yaml.MappingNode {
		plain.Style &^= yaml.FlowStyle
		plain.Content = r.pairs(n)
		return &plain
	}
	if n.Kind == yaml.ScalarNode && plain.Style&(yaml.SingleQuotedStyle) != 0 {
		plain.Style = yaml.DoubleQuotedStyle // on one line
	}
	plain.Content = nil
	for _, child := range n.Content {
		plain.Content = append(plain.Content, r.node(child))
	}
	return &plain
}

// pairs lays merge keys out. As in Helm's library, the last of several writers
// of a key in one mapping wins, be it a merge key or not.
func (r *resolver) pairs(n *yaml.Node) []*yaml.Node {
	r.left--
	var pairs []*yaml.Node
	at := map[string]int{}
	put := func(key, value *yaml.Node) {
		i, twice := at[key.Value]
		if !twice {
			at[key.Value] = len(pairs)
			pairs = append(pairs, key, value)
			return
		}
		key.HeadComment = strings.Trim(pairs[i].HeadComment+"\n"+key.HeadComment, "\n")
		pairs[i], pairs[i+1] = key, value
	}
	for i := 0; i+1 < len(n.Content) && r.left >= 0; i += 2 {
		if !isMerge(n.Content[i]) {
			put(r.node(n.Content[i]), r.node(n.Content[i+1]))
			continue
		}
		for _, source := range slices.Backward(r.sources(n.Content[i+1])) {
			merged := r.pairs(source)
			for j := 0; j < len(merged); j += 2 {
				put(merged[j], merged[j+1])
			}
		}
	}
	return pairs
}

// sources are the mappings that a merge key names.
func (r *resolver) sources(n *yaml.Node) []*yaml.Node {
	if r.left--; r.left < 0 {
		return nil
	}
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.SequenceNode {
		return []*yaml.Node{n}
	}
	var all []*yaml.Node
	for _, item := range n.Content {
		all = append(all, r.sources(item)...)
	}
	return all
}

func merges(n *yaml.Node) bool {
	for i := 0; i < len(n.Content); i += 2 {
		if isMerge(n.Content[i]) {
			return true
		}
	}
	return false
}

func isMerge(key *yaml.Node) bool { return key.ShortTag() == "!!merge" }
