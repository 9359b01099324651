package values

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"unicode/utf16"

	"go.yaml.in/yaml/v3"
	helmyaml "sigs.k8s.io/yaml"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

// Document is a values file: what Helm reads from it, and where it stands.
type Document struct {
	Name     string
	Values   map[string]any // nil when Helm cannot read the file
	Problems []Problem
	Scalars  []Scalar // what Helm reads otherwise than it is written

	large bool // it has more values than anybody writes
	lines []string
	root  *yaml.Node // nil when there is nothing in it
	index map[*yaml.Node]map[string]entry

	lock   sync.Mutex
	unread []byte // what the lines and nodes are still to be read from
}

// lineBreaks are all that YAML counts as the end of a line.
var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

// Parse reads a values file. Helm's own YAML library decides what the values
// are; a second one, which keeps positions, where they stand.
func Parse(name string, data []byte) *Document {
	d := newDocument(name, data)
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	readable := d.readNodes(decoder)
	var top any
	if err := helmyaml.Unmarshal(data, &top); err != nil {
		if !slices.ContainsFunc(d.Problems, func(p Problem) bool { return p.Kind == Syntax }) {
			d.addSyntax(err)
		}
		return d
	}
	if !readable {
		d.Problems = nil // only the library for positions could not read it: Helm's verdict counts
	}
	switch top := top.(type) {
	case nil:
		d.Values = map[string]any{}
	case map[string]any:
		d.Values = top
	default:
		d.add(TopLevel, fmt.Sprintf("values are a mapping of keys, and this file is %s", kindOf(top)), d.nodePosition(d.root))
		return d
	}
	if d.large = left(d.root, mostNodes) == 0; d.large {
		return d
	}
	if readable {
		d.readOn(data, decoder)
	}
	d.inspect(d.root, nil)
	return d
}

// mostNodes is how many keys and values a file may have, aliases written out. It
// bounds memory: a finding for each of half a million takes gigabytes.
const mostNodes = 50_000

// left is what is left of a number when the nodes are taken from it.
func left(n *yaml.Node, number int) int {
	if n == nil || number == 0 {
		return number
	}
	number = left(n.Alias, number-1)
	for _, child := range n.Content {
		number = left(child, number)
	}
	return number
}

func newDocument(name string, data []byte) *Document {
	text := strings.TrimPrefix(decoded(data), "\ufeff")
	return &Document{
		Name:  name,
		lines: strings.Split(lineBreaks.Replace(text), "\n"),
		index: map[*yaml.Node]map[string]entry{},
	}
}

// decoded is the text of a file, which may be UTF-16 with a byte order mark.
func decoded(data []byte) string {
	first := 0 // the place of the more significant byte
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")):
		first = 1
	case !bytes.HasPrefix(data, []byte("\xfe\xff")):
		return string(data)
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = uint16(data[2*i+first])<<8 | uint16(data[2*i+1-first])
	}
	return string(utf16.Decode(units))
}

// readNodes reads the nodes of the first document, and says whether it could.
func (d *Document) readNodes(decoder *yaml.Decoder) bool {
	var first yaml.Node
	err := decoder.Decode(&first)
	switch {
	case errors.Is(err, io.EOF):
		return true
	case err != nil:
		d.addSyntax(err)
		return false
	}
	d.root = first.Content[0]
	return true
}

// At is the value at the path, nil if there is none.
func (d *Document) At(p Path) any {
	value, _ := at(d.Values, p)
	return value
}

// longestLine is up to where findings show the line that they point at.
const longestLine = 1000

func (d *Document) line(n int) string {
	if n < 1 || n > len(d.lines) || len(d.lines[n-1]) > longestLine {
		return ""
	}
	return d.lines[n-1]
}

// top is the place of a file's beginning.
func (d *Document) top() finding.Position {
	return finding.Position{Name: d.Name, Line: 1, Column: 1, Text: d.line(1)}
}

func kindOf(v any) string {
	switch v.(type) {
	case []any:
		return "a list"
	case string:
		return "text"
	case bool:
		return "true or false"
	}
	return "a number"
}

// ParseDefaults reads a chart's own values. Their positions are looked up only
// when a finding needs one: it takes as long as reading the values.
func ParseDefaults(name string, data []byte) (*Document, error) {
	d := &Document{Name: name, Values: map[string]any{}, unread: data}
	if err := helmyaml.Unmarshal(data, &d.Values); err != nil {
		return nil, fmt.Errorf("read the chart's defaults: %w", err)
	}
	return d, nil
}

// readLate reads the nodes that ParseDefaults left. Several files may be
// checked over the same defaults at once.
func (d *Document) readLate() {
	if d.unread == nil {
		return
	}
	whole := newDocument(d.Name, d.unread)
	whole.readNodes(yaml.NewDecoder(bytes.NewReader(d.unread)))
	d.lines, d.root, d.index, d.unread = whole.lines, whole.root, whole.index, nil
}
