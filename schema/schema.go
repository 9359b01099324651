// Package schema checks values against a JSON schema (draft-07) and says what
// is wrong in sentences, each with the exact place in the values.
package schema

import (
	"fmt"
	"slices"
	"strings"

	"github.com/xeipuuv/gojsonschema"
)

// Schema is a compiled JSON schema.
type Schema struct {
	compiled *gojsonschema.Schema
	source   []byte
}

// Compile reads a JSON schema.
func Compile(source []byte) (*Schema, error) {
	compiled, err := gojsonschema.NewSchema(gojsonschema.NewBytesLoader(source))
	if err != nil {
		return nil, fmt.Errorf("compile the values schema: %w", err)
	}
	return &Schema{compiled: compiled, source: source}, nil
}

// Validate returns everything in the values that the schema refuses, sorted
// by place.
func (s *Schema) Validate(values map[string]any) ([]Violation, error) {
	result, err := s.compiled.Validate(gojsonschema.NewGoLoader(values))
	if err != nil {
		return nil, fmt.Errorf("check the values against the schema: %w", err)
	}
	var violations []Violation
	for _, e := range result.Errors() {
		if v, ok := translate(e); ok {
			violations = append(violations, v)
		}
	}
	slices.SortFunc(violations, compare)
	violations = slices.CompactFunc(violations, func(a, b Violation) bool { return compare(a, b) == 0 })
	return dropWrappers(violations), nil
}

func compare(a, b Violation) int {
	if c := slices.Compare(a.Path, b.Path); c != 0 {
		return c
	}
	if c := strings.Compare(string(a.Kind), string(b.Kind)); c != 0 {
		return c
	}
	return strings.Compare(a.Message, b.Message)
}

// dropWrappers removes what only says that one of several alternatives has to
// hold where the alternatives themselves are named, at that place or below it.
func dropWrappers(violations []Violation) []Violation {
	named := func(path []string) bool {
		return slices.ContainsFunc(violations, func(v Violation) bool {
			return !v.wrapper && len(v.Path) >= len(path) && slices.Equal(v.Path[:len(path)], path)
		})
	}
	kept := violations[:0:0]
	for _, v := range violations {
		if v.wrapper && named(v.Path) {
			continue
		}
		kept = append(kept, v)
	}
	return kept
}
