package schema

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Outline is what a schema says of single places in the values: which keys
// there are, and of which types their values may be. Conditions are left out.
type Outline struct {
	top node
}

// node is the part of a schema that an outline looks at.
type node struct {
	Ref         string          `json:"$ref"`
	Type        types           `json:"type"`
	Properties  map[string]node `json:"properties"`
	Additional  nodeOrBool      `json:"additionalProperties"`
	Items       *node           `json:"items"`
	Definitions map[string]node `json:"definitions"`
}

// types are one type, or a list of several.
type types []string

func (t *types) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*t = types{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(t))
}

// nodeOrBool is a schema, or true or false for any value and none.
type nodeOrBool struct {
	*node
}

func (n *nodeOrBool) UnmarshalJSON(data []byte) error {
	if string(data) == "true" || string(data) == "false" {
		return nil
	}
	return json.Unmarshal(data, &n.node)
}

// Outline reads the schema's outline.
func (s *Schema) Outline() (*Outline, error) {
	var top node
	if err := json.Unmarshal(s.source, &top); err != nil {
		return nil, err
	}
	return &Outline{top}, nil
}

// definitions is how references begin: the schema has no others.
const definitions = "#/definitions/"

// deepest ends references that lead in circles.
const deepest = 32

func (o *Outline) follow(n node) node {
	for range deepest {
		if n.Ref == "" {
			break
		}
		n = o.top.Definitions[strings.TrimPrefix(n.Ref, definitions)]
	}
	return n
}

// at is the schema of the value at a path. Its second result is false where the
// schema says nothing of it.
func (o *Outline) at(path []string) (node, bool) {
	here := o.top
	for _, step := range path {
		here = o.follow(here)
		next, ok := here.Properties[step]
		switch {
		case ok:
			here = next
		case here.Additional.node != nil:
			here = *here.Additional.node
		case here.Items != nil:
			here = *here.Items
		default:
			return node{}, false
		}
	}
	return o.follow(here), true
}

// Types are the types that a value may have; none where the schema does not
// say.
func (o *Outline) Types(path []string) []string {
	n, _ := o.at(path)
	return n.Type
}

// Keys are the keys of a mapping that the schema knows, sorted.
func (o *Outline) Keys(path []string) []string {
	n, _ := o.at(path)
	return slices.Sorted(maps.Keys(n.Properties))
}

// Walk visits the keys of all mappings, the parents before their children,
// except within lists.
func (o *Outline) Walk(visit func(path []string)) { o.walk(nil, o.top, visit) }

func (o *Outline) walk(path []string, n node, visit func(path []string)) {
	if len(path) > deepest {
		return
	}
	n = o.follow(n)
	for _, key := range slices.Sorted(maps.Keys(n.Properties)) {
		here := append(slices.Clip(path), key)
		visit(here)
		o.walk(here, n.Properties[key], visit)
	}
}
