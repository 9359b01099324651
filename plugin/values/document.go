package values

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	helmyaml "sigs.k8s.io/yaml"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

// Document is a values file: what Helm reads from it, and where it stands.
type Document struct {
	Name     string
	Values   map[string]any // nil when Helm cannot read the file
	Problems []Problem

	lines  []string
	root   *yaml.Node // nil when there is nothing in it
	unread []byte     // what the lines and nodes are still to be read from
}

// ProblemKind says what is wrong with a file as YAML.
type ProblemKind int

// The problems of a file.
const (
	Syntax ProblemKind = iota
	SeveralDocuments
	DuplicateKey
	TopLevel
)

// Problem is something in a file that is wrong whatever the chart.
type Problem struct {
	Kind     ProblemKind
	Message  string
	Position finding.Position
}

// lineBreaks are all that YAML counts as the end of a line.
var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

// Parse reads a values file. Helm's own YAML library decides what the values
// are; a second one, which keeps positions, where they stand.
func Parse(name string, data []byte) *Document {
	d := &Document{Name: name, lines: strings.Split(lineBreaks.Replace(string(data)), "\n")}
	readable := d.readNodes(data)
	var top any
	if err := helmyaml.Unmarshal(data, &top); err != nil {
		if !slices.ContainsFunc(d.Problems, func(p Problem) bool { return p.Kind == Syntax }) {
			d.addSyntax(err)
		}
		return d
	}
	d.Problems = withoutSyntax(d.Problems, readable)
	switch top := top.(type) {
	case nil:
		d.Values = map[string]any{}
	case map[string]any:
		d.Values = top
	default:
		d.add(TopLevel, fmt.Sprintf("values are a mapping of keys, and this file is %s", kindOf(top)), d.nodePosition(d.root))
	}
	return d
}

// withoutSyntax drops what only the library for positions could not read:
// Helm's verdict counts.
func withoutSyntax(problems []Problem, readable bool) []Problem {
	if readable {
		return problems
	}
	var kept []Problem
	for _, p := range problems {
		if p.Kind != Syntax {
			kept = append(kept, p)
		}
	}
	return kept
}

// readNodes reads the nodes of the first document, and says whether it could.
func (d *Document) readNodes(data []byte) bool {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var first yaml.Node
	if err := decoder.Decode(&first); err != nil {
		if errors.Is(err, io.EOF) {
			return true
		}
		d.addSyntax(err)
		return false
	}
	d.root = first.Content[0]
	d.findDuplicates(d.root)
	for {
		var next yaml.Node
		err := decoder.Decode(&next)
		if errors.Is(err, io.EOF) {
			return true
		}
		if err != nil {
			d.addSyntax(err)
			return true // Helm 3 does not look at the second document
		}
		if next.Content[0].ShortTag() != "!!null" {
			d.add(SeveralDocuments, "another YAML document starts here: Helm 3 reads the first only, Helm 4 merges all", d.nodePosition(next.Content[0]))
			return true
		}
	}
}

func (d *Document) findDuplicates(n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		for _, child := range n.Content {
			d.findDuplicates(child)
		}
		return
	}
	seen := make(map[string]*yaml.Node, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if name, ok := keyName(key); ok && !isMerge(key) {
			if before := seen[name]; before != nil {
				d.add(DuplicateKey, fmt.Sprintf("key %q is here a second time (first in line %d): Helm takes the last and says nothing", name, before.Line), d.nodePosition(key))
			} else {
				seen[name] = key
			}
		}
		d.findDuplicates(n.Content[i+1])
	}
}

var (
	yamlError     = regexp.MustCompile(`line (\d+): (.*)`)
	unknownAnchor = regexp.MustCompile(`unknown anchor '(.*)' referenced`)
)

func (d *Document) addSyntax(err error) {
	line, message := 1, strings.TrimPrefix(strings.TrimPrefix(err.Error(), "error converting YAML to JSON: "), "yaml: ")
	if m := yamlError.FindStringSubmatch(err.Error()); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = m[2]
		if strings.HasPrefix(message, "did not find expected") {
			line++ // the library counts these lines from 0
		}
	} else if m := unknownAnchor.FindStringSubmatch(message); m != nil {
		line = 1 + slices.IndexFunc(d.lines, func(text string) bool { return strings.Contains(text, "*"+m[1]) })
	}
	line = max(1, min(line, len(d.lines)))
	for _, near := range []int{line, line + 1, line - 1} {
		if near >= 1 && near <= len(d.lines) && tabIndent(d.lines[near-1]) {
			line, message = near, "a tab in the indentation: YAML takes spaces only"
			break
		}
	}
	text := d.line(line)
	column := len(text) - len(strings.TrimLeft(text, " "))
	d.add(Syntax, message, finding.Position{Name: d.Name, Line: line, Column: column + 1, Text: text})
}

func tabIndent(line string) bool {
	trimmed := strings.TrimLeft(line, " \t")
	return strings.Contains(line[:len(line)-len(trimmed)], "\t") && trimmed != ""
}

func (d *Document) add(kind ProblemKind, message string, p finding.Position) {
	d.Problems = append(d.Problems, Problem{Kind: kind, Message: message, Position: p})
}

func (d *Document) line(n int) string {
	if n < 1 || n > len(d.lines) {
		return ""
	}
	return d.lines[n-1]
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
