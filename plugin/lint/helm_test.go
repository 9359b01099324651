package lint

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"

	"github.com/helm-valkey/helm-valkey/plugin/values"
)

// TestSchemaVerdictIsHelms holds gojsonschema's verdict to that of the library
// in Helm, over all the values that this repository has.
func TestSchemaVerdictIsHelms(t *testing.T) {
	c := openChart(t)
	helms := helmsSchema(t)
	corpus := map[string]string{"none": ""}
	for _, file := range ruleFiles(t) {
		for _, text := range append(file.Bad, file.Good...) {
			corpus[file.ID+": "+text] = text
		}
	}
	for _, pattern := range []string{"testdata/ok/*.yaml", "testdata/err/*.yaml", "../../charts/valkey/ci/*.yaml"} {
		names, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, name := range names {
			data, err := os.ReadFile(name)
			require.NoError(t, err)
			corpus[name] = string(data)
		}
	}
	refused := 0
	for name, text := range corpus {
		user, err := chartutil.ReadValues([]byte(text))
		if err != nil {
			continue
		}
		helmChart := &helmchart.Chart{Metadata: &helmchart.Metadata{Name: "valkey"}, Values: c.Defaults.Values}
		merged, err := chartutil.CoalesceValues(helmChart, user)
		require.NoError(t, err)
		verdict := helms.Validate(merged.AsMap())

		v, err := values.Read(values.Options{Files: []string{"f"}}, c.Defaults, func(string) ([]byte, error) { return []byte(text), nil })
		require.NoError(t, err)
		require.Equal(t, merged.AsMap(), v.Merged, name)
		violations, err := c.schema.Validate(v.Merged)
		require.NoError(t, err)
		require.Equal(t, verdict == nil, len(violations) == 0, "%s\nHelm: %v\nours: %v", name, verdict, violations)
		if verdict != nil {
			refused++
		}
	}
	t.Logf("%d of %d values files are refused by both", refused, len(corpus))
}
