package patch

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"text/template"

	"go.yaml.in/yaml/v3"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

// patch is what a file holds:
//
//	target:            # all that is said here has to be so; * and ? stand for others
//	  apiVersion: apps/v1
//	  kind: StatefulSet
//	  name: "*-replica"
//	  namespace: shop
//	  labels:
//	    app.kubernetes.io/name: valkey
//	patch: |           # a JSON merge patch (a mapping), or a JSON patch (a list)
//	  metadata:
//	    annotations:
//	      release: {{ .Release.Name | quote }}
//
// A template that comes out empty for an object leaves it as it is.
type patch struct {
	file     string
	place    finding.Position // of the target
	target   target
	template *template.Template
	line     int // of the key "patch"
	lines    int // of the template
	matched  bool
}

// file is the form of a file.
type file struct {
	Target target    `yaml:"target"`
	Patch  yaml.Node `yaml:"patch"`
}

func parse(name string, data []byte) (*patch, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	var f file
	if err := decoder.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return nil, unreadable(name, err)
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read %s: it holds more than one document: give each patch a file of its own", name)
	}
	if err := f.Target.check(); err != nil {
		return nil, fmt.Errorf("%s: target: %w", name, err)
	}
	if f.Patch.Kind != yaml.ScalarNode || strings.TrimSpace(f.Patch.Value) == "" {
		return nil, fmt.Errorf(`%s: patch: it is to be a text, because it is a template: write "patch: |", and the patch below`, name)
	}
	parsed, err := parseTemplate(name, f.Patch)
	if err != nil {
		return nil, err
	}
	return &patch{
		file: name, place: targetPlace(name, data), target: f.Target,
		template: parsed, line: f.Patch.Line, lines: strings.Count(f.Patch.Value, "\n"),
	}, nil
}

// unknownField is how the decoder says that it does not know a key.
var unknownField = regexp.MustCompile(`^line (\d+): field (.*) not found in type `)

func unreadable(name string, err error) error {
	var mistakes *yaml.TypeError
	if errors.As(err, &mistakes) {
		if m := unknownField.FindStringSubmatch(mistakes.Errors[0]); m != nil {
			return fmt.Errorf("%s:%s: unknown key %s: a patch has target (apiVersion, kind, name, namespace, labels) and patch", name, m[1], m[2])
		}
	}
	return fmt.Errorf("read %s: %w", name, err)
}

// targetPlace is the line of the target, for who looks for what it misses.
func targetPlace(name string, data []byte) finding.Position {
	for i, line := range strings.Split(string(data), "\n") {
		if strings.HasPrefix(line, "target:") {
			return finding.Position{Name: name, Line: i + 1, Column: 1, Width: len("target"), Text: strings.TrimSuffix(line, "\r")}
		}
	}
	return finding.Position{Name: name}
}

// in is a place of a template's text, as the reader of what it wrote counts lines.
// Where the template wrote other lines than it has, it is the patch.
func (p *patch) in(line int, text string) finding.Position {
	if strings.Count(text, "\n") != p.lines || line < 1 {
		return finding.Position{Name: p.file, Line: p.line, Column: 1}
	}
	return finding.Position{Name: p.file, Line: p.line + line, Column: 1}
}
