// Package migrate rewrites values for another chart of Valkey or Redis into
// values for this one. What becomes of each value is data, in tables/; the user's
// lines, comments and order stay. Nothing is dropped: a value that has no
// counterpart stays where it was, as a comment with the reason.
package migrate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	helmyaml "sigs.k8s.io/yaml"

	"github.com/helm-valkey/helm-valkey/plugin/outline"
	"github.com/helm-valkey/helm-valkey/plugin/values"
)

// File is a values file for another chart. Several are layers: a later one lies
// over the earlier.
type File struct {
	Name string
	Text []byte
}

// Result is a file for this chart.
type Result struct {
	Name  string
	Text  []byte
	Notes []Note // in the order of the file
}

// Run migrates the layers of one release. The first gets what the other chart
// did by default, where this one does something else.
func (c *Chart) Run(files []File) ([]Result, error) {
	layers, err := Read(files)
	if err != nil {
		return nil, err
	}
	given := Merge(layers)
	var results []Result
	for i, file := range files {
		m := &migration{chart: c, source: layers[i], given: given}
		if i == 0 {
			m.added = c.added
		}
		r, err := m.run(file)
		if err != nil {
			return nil, err
		}
		results = append(results, r)
	}
	return results, nil
}

// Read reads the values of files as Helm does, and refuses what can be read in
// two ways.
func Read(files []File) ([]*values.Document, error) {
	var layers []*values.Document
	var problems []error
	for _, f := range files {
		d := values.Parse(f.Name, f.Text)
		for _, p := range d.Problems {
			at := p.Position
			problems = append(problems, fmt.Errorf("%s:%d:%d: %s: correct that first", at.Name, at.Line, at.Column, p.Message))
		}
		layers = append(layers, d)
	}
	return layers, errors.Join(problems...)
}

// Merge lays later values over earlier ones.
func Merge(layers []*values.Document) map[string]any {
	merged := map[string]any{}
	for _, layer := range layers {
		overlay(merged, layer.Values)
	}
	return merged
}

func overlay(under, over map[string]any) {
	for key, value := range over {
		table, isTable := value.(map[string]any)
		if !isTable {
			under[key] = value
			continue
		}
		below, ok := under[key].(map[string]any)
		if !ok {
			below = map[string]any{}
			under[key] = below
		}
		overlay(below, table)
	}
}

// run migrates one file. When its text cannot be divided into entries, or
// aliases do not outlive the move, the text is first written in a plainer way.
func (m *migration) run(file File) (Result, error) {
	text, restore := plainBreaks(string(file.Text))
	out, err := m.rewrite(text)
	if err != nil {
		if text, err = outline.Normalize(text); err == nil {
			out, err = m.rewrite(text)
		}
	}
	if err != nil {
		return Result{}, fmt.Errorf("%s: %w", file.Name, err)
	}
	return Result{Name: file.Name, Text: []byte(restore(out)), Notes: m.notes}, nil
}

// rewrite makes the new text, and reads it back: it has to say what was meant.
func (m *migration) rewrite(text string) (string, error) {
	source, err := outline.Read(text)
	if err != nil {
		return "", err
	}
	m.reset(source.Indent)
	top := &frame{home: m.out.top}
	if err := m.walk(source.Entries, m.chart.root, nil, top); err != nil {
		return "", err
	}
	if err := m.add(); err != nil {
		return "", err
	}
	out := m.out.text(source.Before, append(top.waiting, source.After...))
	return out, m.verify(out)
}

var errChanged = errors.New("the values cannot be moved without changing them: replace anchors, aliases and merge keys by what they stand for, and try again")

func (m *migration) verify(text string) error {
	got := map[string]any{}
	if err := helmyaml.Unmarshal([]byte(text), &got); err != nil {
		return fmt.Errorf("%w (%w)", errChanged, err)
	}
	is, err := json.Marshal(got)
	if err != nil {
		return fmt.Errorf("compare the values: %w", err)
	}
	wanted, err := json.Marshal(m.want)
	if err != nil {
		return fmt.Errorf("compare the values: %w", err)
	}
	if !bytes.Equal(is, wanted) {
		return errChanged
	}
	return nil
}

// plainBreaks gives a text one kind of line break, and a way back to its own.
func plainBreaks(text string) (string, func(string) string) {
	same := func(s string) string { return s }
	text = strings.TrimPrefix(text, "\ufeff")
	if !strings.Contains(text, "\r\n") {
		return text, same
	}
	return strings.ReplaceAll(text, "\r\n", "\n"), func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
}
