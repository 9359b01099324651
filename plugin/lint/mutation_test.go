package lint

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	chart "github.com/helm-valkey/helm-valkey/charts/valkey"
	"github.com/helm-valkey/helm-valkey/plugin/values"
)

// wrongs are values that stand in, one at a time, for each of the chart's own.
var wrongs = []any{nil, true, -1.0, 1.5, 70000.0, "", "some text", "10%", "2", []any{}, []any{"a", "a"}, []any{map[string]any{"name": 1.0}}, map[string]any{}, map[string]any{"unknown": "x"}}

// TestVerdictOnMutations changes the chart's values at every place in every
// way (in short a fourth of them), and holds gojsonschema's verdict to that of
// the library in Helm.
func TestVerdictOnMutations(t *testing.T) {
	c := openChart(t)
	helms := helmsSchema(t)
	step := 1
	if testing.Short() {
		step = 4
	}
	places, total, refused := 0, 0, 0
	var walk func(at map[string]any, path values.Path)
	walk = func(at map[string]any, path values.Path) {
		for _, key := range slices.Sorted(maps.Keys(at)) {
			before, here := at[key], append(slices.Clone(path), key)
			places++
			for i, wrong := range wrongs {
				if (places+i)%step != 0 {
					continue
				}
				at[key] = wrong
				verdict := helms.Validate(c.Defaults.Values)
				violations, err := c.schema.Validate(c.Defaults.Values)
				require.NoError(t, err)
				require.Equal(t, verdict == nil, len(violations) == 0, "%s = %v\nHelm: %v\nours: %v", here, wrong, verdict, violations)
				total++
				if verdict != nil {
					refused++
				}
			}
			at[key] = before
			if table, ok := before.(map[string]any); ok {
				walk(table, here)
			}
		}
	}
	walk(c.Defaults.Values, nil)
	t.Logf("%d of %d are refused by both", refused, total)
	require.Greater(t, refused, total/4)
}

// helmsSchema compiles the schema as Helm does.
func helmsSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	source, err := chart.Files.ReadFile("values.schema.json")
	require.NoError(t, err)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(source))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("file:///values.schema.json", document))
	compiled, err := compiler.Compile("file:///values.schema.json")
	require.NoError(t, err)
	return compiled
}
