package lint

import (
	"fmt"
	"io/fs"
	"path"

	"helm.sh/helm/v3/pkg/chart"
	helmyaml "sigs.k8s.io/yaml"

	"github.com/helm-valkey/helm-valkey/plugin/values"
	"github.com/helm-valkey/helm-valkey/schema"
)

// DefaultsName stands for the chart's values.yaml in positions.
const DefaultsName = "<chart defaults>"

// Chart is what values are checked against.
type Chart struct {
	Metadata chart.Metadata
	Defaults *values.Document

	schema *schema.Schema
	rules  []*valueRule
}

// OpenChart reads the defaults, the schema and the rules of a chart.
func OpenChart(files fs.FS) (*Chart, error) {
	c := &Chart{}
	metadata, err := ReadMetadata(files)
	if err != nil {
		return nil, err
	}
	c.Metadata = metadata
	defaults, err := fs.ReadFile(files, "values.yaml")
	if err != nil {
		return nil, fmt.Errorf("read the chart's defaults: %w", err)
	}
	if c.Defaults, err = values.ParseDefaults(DefaultsName, defaults); err != nil {
		return nil, err
	}
	source, err := fs.ReadFile(files, "values.schema.json")
	if err != nil {
		return nil, fmt.Errorf("read the chart's schema: %w", err)
	}
	if c.schema, err = schema.Compile(source); err != nil {
		return nil, err
	}
	c.rules, err = openRules(files)
	return c, err
}

// ReadMetadata reads a chart's Chart.yaml.
func ReadMetadata(files fs.FS) (chart.Metadata, error) {
	var m chart.Metadata
	data, err := fs.ReadFile(files, "Chart.yaml")
	if err != nil {
		return m, fmt.Errorf("read the chart's metadata: %w", err)
	}
	if err := helmyaml.Unmarshal(data, &m); err != nil {
		return m, fmt.Errorf("read the chart's metadata: %w", err)
	}
	return m, nil
}

func openRules(files fs.FS) ([]*valueRule, error) {
	names, err := fs.Glob(files, "rules/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list the chart's rules: %w", err)
	}
	var rules []*valueRule
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read rule %s: %w", path.Base(name), err)
		}
		rule, err := parseRule(data)
		if err != nil {
			return nil, fmt.Errorf("read rule %s: %w", path.Base(name), err)
		}
		rules = append(rules, rule)
	}
	return rules, nil
}
