package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// Document is one YAML document of a stream.
type Document struct {
	Bytes []byte // as they are in the stream, with the "---" before them
	Line  int    // where it starts, from 1
}

// Objects reads the objects in the document: none if it holds comments only,
// several if it is a list.
func (d Document) Objects() ([]Object, error) {
	if err := d.Alone(); err != nil {
		return nil, err
	}
	text, err := yaml.YAMLToJSON(d.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read the document at line %d: %w", d.Line, err)
	}
	if text[0] != '{' {
		return nil, nil
	}
	top, err := ParseObject(text)
	if err != nil {
		return nil, fmt.Errorf("read the document at line %d: %w", d.Line, err)
	}
	if items, isList := top.fields["items"].([]any); isList {
		return itemsOf(top, items), nil
	}
	return []Object{top}, nil
}

// itemsOf a list are its objects: all that has items is one to Kubernetes,
// whatever its kind. Items that say nothing of their kind have it from the list.
func itemsOf(list Object, items []any) []Object {
	kind := strings.TrimSuffix(list.Kind(), "List")
	var all []Object
	for _, item := range items {
		fields, ok := item.(map[string]any)
		if !ok {
			continue
		}
		o := NewObject(fields)
		if kind != "" && o.Kind() == "" && o.Text("apiVersion") == "" {
			fields["apiVersion"], fields["kind"] = list.Text("apiVersion"), kind
		}
		if inner, isList := fields["items"].([]any); isList {
			all = append(all, itemsOf(o, inner)...)
		} else {
			all = append(all, o)
		}
	}
	return all
}

// Alone refuses what stands behind a JSON object: Kubernetes reads that, too,
// and YAML's readers the first object only.
func (d Document) Alone() error {
	_, body, _ := d.Cut()
	if !bytes.HasPrefix(body, []byte("{")) {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	var first json.RawMessage
	if decoder.Decode(&first) != nil {
		return nil // YAML that begins like JSON
	}
	for line := range bytes.Lines(body[decoder.InputOffset():]) {
		if !isComment(line) {
			return fmt.Errorf("the document at line %d goes on behind its JSON object: put a line of --- between objects", d.Line)
		}
	}
	return nil
}

// Cut returns what stands before the content (comments, directives, the "---"),
// the content, and the "..." behind it.
func (d Document) Cut() (head, body, tail []byte) {
	end := len(d.Bytes)
	if last := bytes.LastIndexByte(bytes.TrimSuffix(d.Bytes, []byte("\n")), '\n') + 1; ends(d.Bytes[last:]) {
		end = last
	}
	at, began := 0, false
	if bytes.HasPrefix(d.Bytes, byteOrderMark) {
		at = len(byteOrderMark)
	}
	for line := range bytes.Lines(d.Bytes[at:end]) {
		switch {
		case isComment(line):
		case !began && begins(line):
			began = true
			if rest := line[len("---"):]; !isComment(rest) {
				at += len(line) - len(bytes.TrimLeft(rest, " \t"))
				return d.Bytes[:at], d.Bytes[at:end], d.Bytes[end:]
			}
		case !began && line[0] == '%':
		default:
			return d.Bytes[:at], d.Bytes[at:end], d.Bytes[end:]
		}
		at += len(line)
	}
	return d.Bytes[:at], nil, d.Bytes[end:]
}

// With returns the document with other content.
func (d Document) With(body []byte) Document {
	head, _, tail := d.Cut()
	if len(head) > len(byteOrderMark) && !bytes.HasSuffix(head, []byte("\n")) {
		head = append(slices.Clone(head), '\n')
	}
	return Document{Bytes: slices.Concat(head, body, tail), Line: d.Line}
}

// MayHold says whether a scalar of the document may hold the text, which has no
// blanks: either it is there as it is, or escapes or tags hide what is.
func (d Document) MayHold(text string) bool {
	return bytes.Contains(d.Bytes, []byte(text)) || d.Hides()
}

// Hides says whether the document may hold letters that its bytes do not show:
// in quotes, \x76 and the like stand for any of them and a \ before the line's
// end for none; and !!binary is Base64.
func (d Document) Hides() bool {
	if bytes.IndexByte(d.Bytes, '!') >= 0 {
		return true
	}
	for rest := d.Bytes; ; {
		at := bytes.IndexByte(rest, '\\')
		if at < 0 || at+1 == len(rest) {
			return false
		}
		if next := rest[at+1]; next >= 0x80 || bytes.IndexByte([]byte("xuU\r\n"), next) >= 0 {
			return true
		}
		rest = rest[at+1:]
	}
}
