// Package describe makes the chart's values.schema.json of the schema's source
// and the comments in values.yaml, so that editors show each value's meaning.
package describe

import (
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// generated says in the written schema where it comes from.
const generated = "Code generated from schema/values.schema.json and values.yaml by `make generate`. DO NOT EDIT."

// Schema returns the schema with the values' descriptions. Where the source
// refers to a definition with properties, these are written out, because the
// same properties mean something else at each place.
func Schema(source, values []byte) ([]byte, error) {
	var schema, defaults yaml.Node
	if err := yaml.Unmarshal(source, &schema); err != nil {
		return nil, fmt.Errorf("read the schema: %w", err)
	}
	if err := yaml.Unmarshal(values, &defaults); err != nil {
		return nil, fmt.Errorf("read the values: %w", err)
	}
	root := schema.Content[0]
	d := describer{definitions: get(root, "definitions")}
	if err := d.properties(root, defaults.Content[0], ""); err != nil {
		return nil, err
	}
	set(root, "$comment", text(generated))
	dropUnused(root)
	return encode(root)
}

type describer struct {
	definitions *yaml.Node
}

// properties describes the properties of an object's schema by the comments of
// the values below it. A value with a comment is described as a whole; one without
// is an object of ours, with comments on what is in it.
func (d describer) properties(schema, values *yaml.Node, path string) error {
	properties := get(schema, "properties")
	for i := 0; i < len(values.Content); i += 2 {
		key, value := values.Content[i], values.Content[i+1]
		at := strings.TrimPrefix(path+"."+key.Value, ".")
		property := get(properties, key.Value)
		if property == nil {
			return fmt.Errorf("%s is in the values, but not in the schema", at)
		}
		if description := Comment(key); description != "" {
			property = clone(property)
			prepend(property, "description", text(description))
			set(properties, key.Value, property)
			continue
		}
		property, err := d.object(property)
		if err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
		set(properties, key.Value, property)
		if err := d.properties(property, value, at); err != nil {
			return err
		}
	}
	return nil
}

// object returns a copy of the schema of an object of ours, which may be changed.
func (d describer) object(schema *yaml.Node) (*yaml.Node, error) {
	if reference := get(schema, "$ref"); reference != nil {
		schema = get(d.definitions, strings.TrimPrefix(reference.Value, "#/definitions/"))
		if schema == nil {
			return nil, fmt.Errorf("there is no definition %q", reference.Value)
		}
	}
	if get(schema, "properties") == nil {
		return nil, errors.New("has no comment that begins with \"# --\"")
	}
	return clone(schema), nil
}

// Comment returns what helm-docs takes as the description of a key: the comment
// above it, from its last "# --" on, on one line and without helm-docs' own type.
func Comment(key *yaml.Node) string {
	_, description, found := cutLast(key.HeadComment, "# -- ")
	if !found {
		return ""
	}
	var words []string
	for line := range strings.Lines(description) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "#")
		words = append(words, strings.Fields(line)...)
	}
	if len(words) > 0 && strings.HasPrefix(words[0], "(") && strings.HasSuffix(words[0], ")") {
		words = words[1:]
	}
	return strings.Join(words, " ")
}

func cutLast(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(separator):], true
}

// dropUnused removes the definitions to which nothing refers any more.
func dropUnused(root *yaml.Node) {
	definitions := get(root, "definitions")
	for {
		used := map[string]bool{}
		references(root, used)
		kept := definitions.Content[:0:0]
		for i := 0; i < len(definitions.Content); i += 2 {
			if used["#/definitions/"+definitions.Content[i].Value] {
				kept = append(kept, definitions.Content[i], definitions.Content[i+1])
			}
		}
		if len(kept) == len(definitions.Content) {
			return
		}
		definitions.Content = kept
	}
}

func references(n *yaml.Node, used map[string]bool) {
	if reference := get(n, "$ref"); reference != nil {
		used[reference.Value] = true
	}
	for _, child := range n.Content {
		references(child, used)
	}
}
