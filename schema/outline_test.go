package schema

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOutline(t *testing.T) {
	s, err := Compile([]byte(`{
  "definitions": {
    "port": {"type": "integer"},
    "again": {"$ref": "#/definitions/again"},
    "tree": {"properties": {"leaf": {"type": "string"}, "tree": {"$ref": "#/definitions/tree"}}}
  },
  "properties": {
    "ports": {"type": "object", "properties": {"b": {"$ref": "#/definitions/port"}, "a": {"$ref": "#/definitions/port"}}},
    "labels": {"additionalProperties": {"type": ["string", "null"]}},
    "list": {"items": {"properties": {"name": {"type": "string"}}}},
    "tree": {"$ref": "#/definitions/tree"}
  },
  "additionalProperties": false
}`))
	require.NoError(t, err)
	o, err := s.Outline()
	require.NoError(t, err)

	require.Equal(t, []string{"labels", "list", "ports", "tree"}, o.Keys(nil))
	require.Equal(t, []string{"a", "b"}, o.Keys([]string{"ports"}))
	require.Equal(t, []string{"name"}, o.Keys([]string{"list", "7"}))
	require.Empty(t, o.Keys([]string{"nowhere", "at"}))
	require.Equal(t, []string{"integer"}, o.Types([]string{"ports", "a"}))
	require.Equal(t, []string{"string", "null"}, o.Types([]string{"labels", "any"}))
	require.Equal(t, []string{"string"}, o.Types([]string{"tree", "tree", "tree", "leaf"}))
	require.Empty(t, o.Types([]string{"nowhere"}))

	var seen []string
	o.Walk(func(path []string) {
		if len(path) < 3 {
			seen = append(seen, strings.Join(path, "."))
		}
	})
	require.Equal(t, []string{"labels", "list", "ports", "ports.a", "ports.b", "tree", "tree.leaf", "tree.tree"}, seen)
}
