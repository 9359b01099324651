// Package manifest reads rendered manifests without touching their bytes.
package manifest

import (
	"bytes"
	"fmt"

	"sigs.k8s.io/yaml"
)

// Document is one YAML document of a stream.
type Document struct {
	Bytes []byte // a part of the stream's bytes, without the line that separates
	Line  int    // where it starts, from 1
}

// Split cuts a stream at its "---" lines. YAML allows none within a document,
// not even in a block of text.
func Split(stream []byte) []Document {
	var documents []Document
	start, startLine, line := 0, 1, 1
	add := func(end, next, nextLine int) {
		if part := stream[start:end]; len(bytes.TrimSpace(part)) > 0 {
			documents = append(documents, Document{Bytes: part, Line: startLine})
		}
		start, startLine = next, nextLine
	}
	for at := 0; at < len(stream); line++ {
		end := len(stream)
		if i := bytes.IndexByte(stream[at:], '\n'); i >= 0 {
			end = at + i + 1
		}
		if separates(stream[at:end]) {
			add(at, at+len("---"), line)
		}
		at = end
	}
	add(len(stream), len(stream), line)
	return documents
}

func separates(line []byte) bool {
	rest, ok := bytes.CutPrefix(line, []byte("---"))
	return ok && (len(rest) == 0 || bytes.IndexByte([]byte(" \t\r\n"), rest[0]) >= 0)
}

// Objects reads the objects in the document: none if it holds comments only,
// several if it is a list.
func (d Document) Objects() ([]Object, error) {
	var top any
	if err := yaml.Unmarshal(d.Bytes, &top); err != nil {
		return nil, fmt.Errorf("read the document at line %d: %w", d.Line, err)
	}
	return objects(top), nil
}

func objects(top any) []Object {
	fields, ok := top.(map[string]any)
	if !ok {
		return nil
	}
	o := Object{fields: fields}
	if o.Kind() != "List" {
		return []Object{o}
	}
	var all []Object
	for _, item := range o.List("items") {
		all = append(all, objects(item)...)
	}
	return all
}
