package lint

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"sync"
	"text/template"

	"helm.sh/helm/v3/pkg/chart"
	helmyaml "sigs.k8s.io/yaml"

	"github.com/helm-valkey/helm-valkey/plugin/migrate"
	"github.com/helm-valkey/helm-valkey/plugin/values"
	"github.com/helm-valkey/helm-valkey/schema"
)

// DefaultsName stands for the chart's values.yaml in positions.
const DefaultsName = "<chart defaults>"

// helperNames are the files of the chart's templates that its rules include.
var helperNames = []string{"templates/_mastership.tpl", "templates/_server.tpl", "templates/_directives.tpl"}

// Chart is what values are checked against.
type Chart struct {
	Metadata chart.Metadata
	Defaults *values.Document

	schema  *schema.Schema
	rules   []*valueRule
	speller func() (*speller, error) // made when a finding needs it
	others  func() ([]*migrate.Chart, error)
	// templates are read when a value includes one.
	templates func() (map[string]bool, error)
}

// OpenChart reads the defaults, the schema and the rules of a chart, all at
// the same time: people wait for it at every commit.
func OpenChart(files fs.FS) (*Chart, error) {
	c := &Chart{}
	var errs [4]error
	var parts sync.WaitGroup
	parts.Go(func() { c.schema, errs[0] = openSchema(files) })
	parts.Go(func() { c.rules, errs[1] = openRules(files) })
	parts.Go(func() { c.Defaults, errs[2] = openDefaults(files) })
	c.Metadata, errs[3] = ReadMetadata(files)
	parts.Wait()
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	c.templates = sync.OnceValues(func() (map[string]bool, error) { return templateNames(files) })
	c.others = sync.OnceValues(migrate.OpenAll)
	c.speller = sync.OnceValues(func() (*speller, error) { return newSpeller(c.schema) })
	return c, nil
}

func openDefaults(files fs.FS) (*values.Document, error) {
	data, err := fs.ReadFile(files, "values.yaml")
	if err != nil {
		return nil, fmt.Errorf("read the chart's defaults: %w", err)
	}
	return values.ParseDefaults(DefaultsName, data)
}

func openSchema(files fs.FS) (*schema.Schema, error) {
	source, err := fs.ReadFile(files, "values.schema.json")
	if err != nil {
		return nil, fmt.Errorf("read the chart's schema: %w", err)
	}
	return schema.Compile(source)
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
	if len(names) == 0 {
		return nil, errors.New("the chart has no rules: it is not that of helm-valkey")
	}
	helpers, err := openHelpers(files)
	if err != nil {
		return nil, fmt.Errorf("read what the chart's rules share: %w", err)
	}
	var rules []*valueRule
	for _, name := range names {
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read rule %s: %w", path.Base(name), err)
		}
		rule, err := parseRule(helpers, data)
		if err != nil {
			return nil, fmt.Errorf("read rule %s: %w", path.Base(name), err)
		}
		rules = append(rules, rule)
	}
	return rules, nil
}

func openHelpers(files fs.FS) (*template.Template, error) {
	helpers := newHelpers()
	for _, name := range helperNames {
		source, err := fs.ReadFile(files, name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // an older chart, whose rules do without
		}
		if err != nil {
			return nil, err
		}
		if _, err := helpers.Parse(string(source)); err != nil {
			return nil, err
		}
	}
	return helpers, nil
}
