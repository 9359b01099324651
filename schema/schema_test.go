package schema

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

const small = `{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object",
  "additionalProperties": false,
  "required": ["mode"],
  "definitions": {"port": {"type": "integer", "minimum": 1, "maximum": 65535}},
  "properties": {
    "mode": {"enum": ["aof", "rdb", ""]},
    "port": {"$ref": "#/definitions/port"},
    "name": {"type": "string", "pattern": "^[a-z]+$", "minLength": 2, "maxLength": 5},
    "address": {"type": ["string", "null"], "format": "ipv4"},
    "list": {"type": "array", "maxItems": 2, "uniqueItems": true, "items": {"type": ["string", "integer"]}},
    "map": {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": {"type": "boolean"}},
    "count": {"type": "integer"},
    "either": {"anyOf": [{"type": "string"}, {"type": "object", "required": ["x"]}]},
    "never": {"not": {"type": "string"}},
    "odd.key": {"type": "integer", "multipleOf": 2, "exclusiveMinimum": 2, "exclusiveMaximum": 10}
  },
  "if": {"properties": {"count": {"type": "integer", "minimum": 2}}, "required": ["count"]},
  "then": {"properties": {"count": {"const": "more than one needs a judge"}}}
}`

func TestValidate(t *testing.T) {
	s, err := Compile([]byte(small))
	require.NoError(t, err)
	tests := []struct{ values, want string }{
		{"{mode: aof, port: 1, name: abc, address: null, list: [a, 1], map: {x: true}, count: 1, either: {x: 1}}", ""},
		{"{}", `mode missing key: key "mode" is missing`},
		{"{mode: aof, prot: 1}", `prot unknown key: unknown key "prot"`},
		{"{mode: off}", `mode not allowed: false is not one of the values allowed here: aof, rdb or ""`},
		{"{mode: aof, port: '1'}", "port wrong type: expected integer, found string"},
		{"{mode: aof, port: 0}", "port out of range: 0 is too small: the least is 1"},
		{"{mode: aof, port: 70000}", "port out of range: 70000 is too large: the most is 65535"},
		{"{mode: aof, name: 9.0}", "name wrong type: expected string, found integer"},
		{"{mode: aof, name: A1}", `name wrong form: "A1" does not have the form ^[a-z]+$`},
		{"{mode: aof, name: a}", "name out of range: is too short: it needs 2 characters at least"},
		{"{mode: aof, name: abcdef}", "name out of range: is too long: it may have 5 characters at most"},
		{"{mode: aof, address: nowhere}", `address wrong form: "nowhere" is not a valid ipv4`},
		{"{mode: aof, address: 1}", "address wrong type: expected string or null, found integer"},
		{"{mode: aof, list: [a, b, c]}", "list out of range: has too many items"},
		{"{mode: aof, list: [a, a]}", "list not allowed: items 0 and 1 are the same"},
		{"{mode: aof, list: [a, {}]}", "list/1 wrong type: expected string or integer, found mapping"},
		{"{mode: aof, map: {}}", "map out of range: has too few keys: it needs 1 at least"},
		{"{mode: aof, map: {a: true, b: true}}", "map out of range: has too many keys: it may have 1 at most"},
		{"{mode: aof, map: {a.b/c: 1}}", "map/a.b/c wrong type: expected boolean, found integer"},
		{"{mode: aof, either: {}}", `either/x missing key: key "x" is missing`},
		{"{mode: aof, never: x}", "never combined: is not allowed here, with the other values as they are"},
		{"{mode: aof, odd.key: 3}", "odd.key out of range: 3 is not a multiple of 2"},
		{"{mode: aof, odd.key: 2}", "odd.key out of range: 2 is too small: it has to be more than 2"},
		{"{mode: aof, odd.key: 10}", "odd.key out of range: 10 is too large: it has to be less than 10"},
		{"{mode: aof, count: 2}", "count not allowed: more than one needs a judge"},
		{"{count: 2, x: 1}", "count not allowed: more than one needs a judge\nmode missing key: key \"mode\" is missing\nx unknown key: unknown key \"x\""},
	}
	for _, tt := range tests {
		t.Run(tt.values, func(t *testing.T) {
			var values map[string]any
			require.NoError(t, yaml.Unmarshal([]byte(tt.values), &values))
			violations, err := s.Validate(values)
			require.NoError(t, err)
			var lines []string
			for _, v := range violations {
				lines = append(lines, fmt.Sprintf("%s %s: %s", strings.Join(v.Path, "/"), v.Kind, v.Message))
			}
			require.Equal(t, tt.want, strings.Join(lines, "\n"))
		})
	}
}

func TestFixOfWrongType(t *testing.T) {
	s, err := Compile([]byte(`{"properties": {"count": {"type": "integer"}, "b": {"type": "boolean"}, "s": {"type": "string"}, "o": {"type": "object"}}}`))
	require.NoError(t, err)
	tests := []struct{ values, want string }{
		{`count: "3"`, "remove the quotes"},
		{`count: three`, "write a whole number"},
		{`b: "true"`, "remove the quotes"},
		{`b: ture`, "write true or false"},
		{`s: 3`, "put quotes around the value"},
		{`o: x`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.values, func(t *testing.T) {
			var values map[string]any
			require.NoError(t, yaml.Unmarshal([]byte(tt.values), &values))
			violations, err := s.Validate(values)
			require.NoError(t, err)
			require.Len(t, violations, 1)
			require.Equal(t, tt.want, violations[0].Fix)
		})
	}
}

func TestCompileRefuses(t *testing.T) {
	_, err := Compile([]byte(`{"type": "nothing"}`))
	require.ErrorContains(t, err, "compile the values schema")
	_, err = Compile([]byte(`{`))
	require.Error(t, err)
}
