package values

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

// plainNumber matches most numbers, which are to Helm what they look like.
var plainNumber = regexp.MustCompile(`^-?[1-9][0-9]{0,14}$|^0$`)

// Scalar is a null, or a value that Helm reads as another one than is written
// there.
type Scalar struct {
	Path     Path
	Written  string
	Read     any
	Position finding.Position
}

// ReadAs is what Helm reads the value as, as one would write it.
func (s Scalar) ReadAs() string { return asWritten(s.Read) }

// inspect looks for what is YAML, and yet seldom what was meant. Aliases are
// not followed: their values are looked at where they stand. The path is only
// lent: siblings write over it.
func (d *Document) inspect(n *yaml.Node, path Path) {
	if n == nil {
		return
	}
	switch n.Kind {
	case yaml.ScalarNode:
		d.inspectScalar(n, path)
		if n.Style&yaml.TaggedStyle == 0 {
			d.inspectReading(n, path)
		}
	case yaml.SequenceNode:
		for i, item := range n.Content {
			if item.ShortTag() == "!!null" {
				continue // it takes nothing away
			}
			d.inspect(item, append(path, strconv.Itoa(i)))
		}
	case yaml.MappingNode:
		d.inspectMapping(n, path)
	}
}

func (d *Document) inspectScalar(n *yaml.Node, path Path) {
	switch {
	case n.Style&yaml.TaggedStyle != 0 && !strings.HasPrefix(n.Tag, "!!"):
		d.addAt(SignOfYAML, fmt.Sprintf("%s is a tag to YAML, which Helm drops", n.Tag), d.nodePosition(n), path)
	case n.Anchor != "" && n.Value == "" && n.Style&quoted == 0:
		d.addAt(SignOfYAML, fmt.Sprintf("&%s names an anchor to YAML, and the value is null", n.Anchor), d.nodePosition(n), path)
	case n.Style&quoted == 0 && typographic(n.Value):
		d.addAt(WrongQuotes, "the quotation marks are not YAML's, and become part of the value", d.nodePosition(n), path)
	}
}

// inspectReading keeps what Helm reads otherwise than it is written, and null
// where it is the value of a key.
func (d *Document) inspectReading(n *yaml.Node, path Path) {
	if plainText(n) || plainNumber.MatchString(n.Value) {
		return
	}
	if read := readByHelm(n); asWritten(read) != n.Value || read == nil {
		d.Scalars = append(d.Scalars, Scalar{slices.Clone(path), n.Value, read, d.nodePosition(n)})
	}
}

// typographic says whether the value stands between the quotation marks of a
// word processor.
func typographic(value string) bool {
	const marks = "“”„‟‘’‚‛«»"
	runes := []rune(value)
	return len(runes) > 1 && strings.ContainsRune(marks, runes[0]) && strings.ContainsRune(marks, runes[len(runes)-1])
}

func (d *Document) inspectMapping(n *yaml.Node, path Path) {
	seen := make(map[string]*yaml.Node, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if isMerge(key) {
			d.inspectMerge(n, i, path)
			d.inspect(value, path)
			continue
		}
		name, ok := keyName(key)
		if !ok {
			continue
		}
		here := append(path, name)
		d.inspectKey(key, name, here)
		if before := seen[name]; before != nil {
			d.addAt(DuplicateKey, duplicateMessage(name, before, key), d.nodePosition(key), here)
		} else {
			seen[name] = key
		}
		d.inspect(value, here)
	}
}

func duplicateMessage(name string, first, second *yaml.Node) string {
	taken := "the last"
	if plainText(first) != plainText(second) {
		taken = "one of them by chance"
	}
	return fmt.Sprintf("key %q is here a second time (first in line %d): Helm takes %s and says nothing", name, first.Line, taken)
}

func (d *Document) inspectKey(key *yaml.Node, name string, path Path) {
	switch {
	case strings.TrimSpace(name) != name:
		d.addAt(KeyReadAs, fmt.Sprintf("the key is %q: it begins or ends with space of its own", name), d.nodePosition(key), path)
	case name == "":
		d.addAt(KeyReadAs, "the key is empty", d.nodePosition(key), path)
	case key.Kind == yaml.ScalarNode && key.Value != name && key.Style&yaml.TaggedStyle == 0:
		d.addAt(KeyReadAs, fmt.Sprintf("Helm reads the key %s as %q", key.Value, name), d.nodePosition(key), path)
	}
}

// inspectMerge looks for keys above a merge key that it takes over. YAML says
// that those of the mapping itself win; in Helm's library the last one does.
func (d *Document) inspectMerge(n *yaml.Node, at int, path Path) {
	brought := d.merged(n.Content[at+1])
	for i := 0; i < at; i += 2 {
		key, own := n.Content[i], n.Content[i+1]
		name, ok := keyName(key)
		other := brought[name].value
		if !ok || isMerge(key) || other == nil || own.Kind == yaml.ScalarNode && other.Kind == yaml.ScalarNode && own.Value == other.Value {
			continue
		}
		d.addAt(MergeOverwrites, fmt.Sprintf("<< in line %d takes the place of this key: for Helm the last one wins", n.Content[at].Line), d.nodePosition(key), append(path, name))
	}
}
