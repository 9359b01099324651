package manifest

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

// Object is a rendered object, or a part of one. Fields that are not there, or
// are of another type than asked for, are empty.
type Object struct {
	fields map[string]any
	text   []byte // as JSON, if it was read from that
}

// NewObject is the object of the fields.
func NewObject(fields map[string]any) Object { return Object{fields: fields} }

// JSON returns the object as JSON.
func (o Object) JSON() ([]byte, error) {
	if o.text != nil {
		return o.text, nil
	}
	return json.Marshal(o.fields)
}

// ParseObject reads an object from JSON.
func ParseObject(text []byte) (Object, error) {
	o := Object{text: text}
	err := json.Unmarshal(text, &o.fields)
	return o, err
}

// Kind of the object.
func (o Object) Kind() string { return o.Text("kind") }

// Name of the object.
func (o Object) Name() string { return o.Text("metadata", "name") }

// Namespace of the object; empty means the release's.
func (o Object) Namespace() string { return o.Text("metadata", "namespace") }

// ID is what tells the object from all others.
func (o Object) ID() finding.Object {
	return finding.Object{Kind: o.Kind(), Namespace: o.Namespace(), Name: o.Name()}
}

// Label returns a label of the object.
func (o Object) Label(key string) string { return o.Text("metadata", "labels", key) }

// Value returns what the field holds, and whether it is there.
func (o Object) Value(path ...string) (any, bool) {
	var at any = o.fields
	for _, step := range path {
		table, ok := at.(map[string]any)
		if !ok {
			return nil, false
		}
		if at, ok = table[step]; !ok {
			return nil, false
		}
	}
	return at, at != nil
}

// Text returns a field's text. Numbers are written out: a patch that forgets
// quotes leaves them in labels.
func (o Object) Text(path ...string) string {
	value, _ := o.Value(path...)
	switch value := value.(type) {
	case string:
		return value
	case bool:
		return strconv.FormatBool(value)
	case int:
		return strconv.Itoa(value)
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	}
	return ""
}

// Number returns a field's number, or the standard if it is not there.
func (o Object) Number(standard float64, path ...string) float64 {
	value, _ := o.Value(path...)
	switch value := value.(type) {
	case float64:
		return value
	case int:
		return float64(value)
	case string:
		if n, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil {
			return n
		}
	}
	return standard
}

// List returns a field's items.
func (o Object) List(path ...string) []any {
	value, _ := o.Value(path...)
	items, _ := value.([]any)
	return items
}

// Parts returns the items of a list that are objects themselves.
func (o Object) Parts(path ...string) []Object {
	var parts []Object
	for _, item := range o.List(path...) {
		if fields, ok := item.(map[string]any); ok {
			parts = append(parts, Object{fields: fields})
		}
	}
	return parts
}

// Item returns the item of a list that has the name, as containers, variables and
// volumes have one.
func (o Object) Item(name string, path ...string) (Object, bool) {
	for _, item := range o.Parts(path...) {
		if item.Text("name") == name {
			return item, true
		}
	}
	return Object{}, false
}

// Part returns a field that holds fields itself.
func (o Object) Part(path ...string) Object {
	value, _ := o.Value(path...)
	fields, _ := value.(map[string]any)
	return Object{fields: fields}
}

// Texts returns a field that maps keys to text, labels for example.
func (o Object) Texts(path ...string) map[string]string {
	part := o.Part(path...)
	texts := make(map[string]string, len(part.fields))
	for key := range part.fields {
		texts[key] = part.Text(key)
	}
	return texts
}
