package describe

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

func TestSchema(t *testing.T) {
	source := `{
  "$comment": "by hand",
  "properties": {
    "image": {"$ref": "#/definitions/image"},
    "labels": {"$ref": "#/definitions/map"}
  },
  "definitions": {
    "image": {"properties": {"tag": {"type": "string", "pattern": "^[^<>&]*$"}, "port": {"$ref": "#/definitions/port"}}},
    "map": {"type": "object"},
    "port": {"type": "integer", "maximum": 65535}
  }
}`
	values := `image:
  # -- The tag,
  # on two lines
  tag: ""
  # An aside.
  # -- (int) The port
  port: ""
# -- Labels
labels: {}
`
	got, err := Schema([]byte(source), []byte(values))
	require.NoError(t, err)
	require.Equal(t, `{
  "$comment": "Code generated from schema/values.schema.json and values.yaml by `+"`make generate`"+`. DO NOT EDIT.",
  "properties": {
    "image": {
      "properties": {
        "tag": {
          "description": "The tag, on two lines",
          "type": "string",
          "pattern": "^[^<>&]*$"
        },
        "port": {
          "description": "The port",
          "$ref": "#/definitions/port"
        }
      }
    },
    "labels": {
      "description": "Labels",
      "$ref": "#/definitions/map"
    }
  },
  "definitions": {
    "map": {
      "type": "object"
    },
    "port": {
      "type": "integer",
      "maximum": 65535
    }
  }
}
`, string(got))
}

func TestSchemaRefuses(t *testing.T) {
	for name, c := range map[string]struct{ source, values, want string }{
		"a value without a schema":  {`{"properties": {}}`, "a: 1", "a is in the values, but not in the schema"},
		"a value without a comment": {`{"properties": {"a": {"properties": {"b": {}}}}}`, "a:\n  b: 1", `a.b: has no comment that begins with "# --"`},
		"a missing definition":      {`{"properties": {"a": {"$ref": "#/definitions/x"}}}`, "a: 1", `a: there is no definition "#/definitions/x"`},
		"a broken schema":           {`{`, "a: 1", "read the schema"},
		"broken values":             {`{}`, "a: [", "read the values"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Schema([]byte(c.source), []byte(c.values))
			require.ErrorContains(t, err, c.want)
		})
	}
}

// TestChartIsUpToDate fails when `make generate` would change the chart's schema.
func TestChartIsUpToDate(t *testing.T) {
	want, err := Schema(read(t, "../values.schema.json"), read(t, "../../charts/valkey/values.yaml"))
	require.NoError(t, err)
	require.Equal(t, string(want), string(read(t, "../../charts/valkey/values.schema.json")), "run `make generate`")
}

// TestEveryPropertyHasAValue is the other half of what Schema checks: it refuses
// values without a schema, and this finds schemas without a value.
func TestEveryPropertyHasAValue(t *testing.T) {
	var schema, values yaml.Node
	require.NoError(t, yaml.Unmarshal(read(t, "../../charts/valkey/values.schema.json"), &schema))
	require.NoError(t, yaml.Unmarshal(read(t, "../../charts/valkey/values.yaml"), &values))
	// An optional field of Kubernetes' own whose default is to be absent.
	optional := map[string]bool{"terminationGracePeriodSeconds": true}
	var walk func(schema, values *yaml.Node, path string)
	walk = func(schema, values *yaml.Node, path string) {
		properties := get(schema, "properties")
		if properties == nil {
			return
		}
		for i := 0; i < len(properties.Content); i += 2 {
			key := properties.Content[i].Value
			value := get(values, key)
			if value == nil && optional[key] {
				continue
			}
			require.NotNil(t, value, "%s.%s is in the schema, but not in values.yaml", path, key)
			walk(properties.Content[i+1], value, path+"."+key)
		}
	}
	walk(schema.Content[0], values.Content[0], "")
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return data
}
