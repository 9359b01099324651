package lint

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"go.yaml.in/yaml/v3"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/values"
)

// valueRule is a rule that the chart brings along, in rules/: its templates
// refuse the same values with the same sentence.
type valueRule struct {
	finding.Rule
	fix   string
	check *template.Template
}

// ruleFile is the form of a rule's file.
type ruleFile struct {
	ID       string   `yaml:"id"`
	Severity string   `yaml:"severity"`
	Title    string   `yaml:"title"`
	Check    string   `yaml:"check"`
	Fix      string   `yaml:"fix"`
	Doc      string   `yaml:"doc"`
	Bad      []string `yaml:"bad"`
	Good     []string `yaml:"good"`
}

// includedKey holds what templates gave that were included before with the same
// data: many rules ask the same, and that is a sixth of what a file costs.
const includedKey = "included"

// newHelpers is where the chart's templates that rules may include are parsed,
// with the functions that Helm gives both. Rules are parsed beside them: giving
// the functions to a new template takes longer than parsing a rule.
func newHelpers() *template.Template {
	helpers := template.New("")
	functions := sprig.TxtFuncMap()
	delete(functions, "env")
	delete(functions, "expandenv")
	functions["getHostByName"] = func(string) string { return "" }
	functions["include"] = func(name string, data any) (string, error) {
		top, _ := data.(map[string]any)
		said, isTop := top[includedKey].(map[string]string)
		if text, ok := said[name]; ok {
			return text, nil
		}
		var out strings.Builder
		err := helpers.ExecuteTemplate(&out, name, data)
		if isTop && err == nil {
			said[name] = out.String()
		}
		return out.String(), err
	}
	return helpers.Funcs(functions).Option("missingkey=zero")
}

func parseRule(helpers *template.Template, data []byte) (*valueRule, error) {
	var file ruleFile
	if err := yaml.Unmarshal(data, &file); err != nil {
		return nil, err
	}
	severity := finding.Severity(file.Severity)
	if severity != finding.Error && severity != finding.Warning {
		return nil, fmt.Errorf("severity %q is neither error nor warning", file.Severity)
	}
	check, err := helpers.New(file.ID).Parse(file.Check)
	if err != nil {
		return nil, err
	}
	return &valueRule{
		Rule:  finding.Rule{ID: file.ID, Severity: severity, Title: file.Title, Doc: file.Doc, Bad: file.Bad, Good: file.Good},
		fix:   strings.TrimSpace(file.Fix),
		check: check,
	}, nil
}

// evidence is one line that a rule's check prints.
type evidence struct {
	path    values.Path
	message string
}

// configurationHelper is the chart's template that takes the server's
// configuration to pieces.
const configurationHelper = "valkey.configurationLines"

// ruleInput is what the checks of rules see: beside the values the lines of the
// server's configuration, which many of them look at.
func (c *Chart) ruleInput(merged map[string]any) (map[string]any, error) {
	input := map[string]any{"Values": merged, "Chart": &c.Metadata, includedKey: map[string]string{}}
	helper := c.rules[0].check.Lookup(configurationHelper)
	if helper == nil {
		return input, nil // an older chart, whose rules do without
	}
	var out bytes.Buffer
	if err := helper.Execute(&out, input); err != nil {
		return input, fmt.Errorf("read the server's configuration: %w", err)
	}
	var parts struct {
		Lines []any `json:"lines"`
	}
	if err := json.Unmarshal(out.Bytes(), &parts); err != nil {
		return input, fmt.Errorf("read the server's configuration: %w", err)
	}
	input["Configuration"] = parts.Lines
	return input, nil
}

// evaluate runs the rule's check on the values.
func (r *valueRule) evaluate(input map[string]any) ([]evidence, error) {
	var out strings.Builder
	if err := r.check.Execute(&out, input); err != nil {
		return nil, fmt.Errorf("rule %s: %w", r.ID, err)
	}
	var found []evidence
	for line := range strings.Lines(strings.ReplaceAll(out.String(), "<no value>", "")) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		path, message, ok := strings.Cut(line, ": ")
		if n := len(found); !ok && n > 0 {
			found[n-1].message += " " + line // it shows a value of several lines
			continue
		}
		if !ok {
			return nil, fmt.Errorf("rule %s printed %q, which is not \"path: sentence\"", r.ID, line)
		}
		found = append(found, evidence{values.ParsePath(path), strings.TrimSpace(message)})
	}
	return found, nil
}
