// Package lint checks values against a chart: its schema, its rules, and what
// goes wrong with YAML itself.
package lint

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/values"
	"github.com/helm-valkey/helm-valkey/schema"
)

// formRules are the rules on the form of a file and of its values.
var formRules = []finding.Rule{
	unknownKey, missingKey, wrongType, notAllowed, outOfRange, wrongForm, combined,
	syntax, severalDocuments, duplicateKey, topLevel, notAnObject, brokenTemplate,
}

// Rules are all rules that Check applies: those of form, and the chart's own.
func (c *Chart) Rules() []finding.Rule {
	all := slices.Clone(formRules)
	for _, r := range c.rules {
		all = append(all, r.Rule)
	}
	return all
}

// Check returns all that is wrong with the values.
func (c *Chart) Check(v *values.Values) ([]finding.Finding, error) {
	found := yamlFindings(v)
	if v.Broken {
		return finding.Sort(found), nil
	}
	violations, err := c.schema.Validate(v.Merged)
	if err != nil {
		return nil, err
	}
	byRules, paths, err := c.ruleFindings(v)
	if err != nil && len(violations) == 0 {
		return nil, err // a rule stumbles over values that the schema allows
	}
	for _, f := range c.templateFindings(v) {
		byRules, paths[f.Path] = append(byRules, f), true
	}
	var mistyped []string
	for _, violation := range violations {
		path := values.Path(violation.Path).String()
		if violation.Kind == schema.WrongType && v.Has(violation.Path) {
			mistyped = append(mistyped, path)
		} else if paths[path] {
			continue
		}
		found = append(found, c.schemaFinding(v, violation))
	}
	for _, f := range byRules {
		if !within(mistyped, f.Path) {
			found = append(found, f)
		}
	}
	return finding.Sort(found), nil
}

// within says whether a value is one of those of a wrong type, or below one.
// What rules say there is beside the point: they expect values of their type.
func within(mistyped []string, path string) bool {
	return slices.ContainsFunc(mistyped, func(wrong string) bool {
		rest, below := strings.CutPrefix(path, wrong)
		return below && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

func yamlFindings(v *values.Values) []finding.Finding {
	var found []finding.Finding
	for _, p := range v.Problems {
		switch p.Kind {
		case values.Syntax:
			found = append(found, syntax.At(p.Position, "", p.Message, ""))
		case values.SeveralDocuments:
			found = append(found, severalDocuments.At(p.Position, "", p.Message, "make one document of them, or one file of each"))
		case values.DuplicateKey:
			found = append(found, duplicateKey.At(p.Position, "", p.Message, "keep one of them"))
		case values.TopLevel:
			found = append(found, topLevel.At(p.Position, "", p.Message, "write keys and values: \"key: value\""))
		}
	}
	return found
}

// ruleFindings runs every rule. Its second result are the paths at which rules
// found errors: what the schema says of these is the same in other words.
func (c *Chart) ruleFindings(v *values.Values) ([]finding.Finding, map[string]bool, error) {
	var found []finding.Finding
	var failures []error
	paths := map[string]bool{}
	for _, rule := range c.rules {
		all, err := rule.evaluate(v.Merged, &c.Metadata)
		if err != nil {
			failures = append(failures, err)
			continue
		}
		for _, e := range all {
			found = append(found, rule.At(v.Value(e.path), e.path.String(), e.message, rule.fix))
			if rule.Severity == finding.Error {
				paths[e.path.String()] = true
			}
		}
	}
	return found, paths, errors.Join(failures...)
}

var ruleOfKind = map[schema.Kind]finding.Rule{
	schema.UnknownKey: unknownKey,
	schema.MissingKey: missingKey,
	schema.WrongType:  wrongType,
	schema.NotAllowed: notAllowed,
	schema.OutOfRange: outOfRange,
	schema.WrongForm:  wrongForm,
	schema.Combined:   combined,
}

func (c *Chart) schemaFinding(v *values.Values, violation schema.Violation) finding.Finding {
	rule, path := ruleOfKind[violation.Kind], values.Path(violation.Path)
	switch violation.Kind {
	case schema.UnknownKey:
		parent := path[:len(path)-1]
		return rule.At(v.Key(path), parent.String(), violation.Message, c.knownKeys(parent))
	case schema.MissingKey:
		return rule.At(v.Key(path), path[:len(path)-1].String(), violation.Message, violation.Fix)
	}
	return rule.At(v.Value(path), path.String(), violation.Message, violation.Fix)
}

// fewKeys is how many keys a fix lists.
const fewKeys = 16

// knownKeys lists the keys that the chart's defaults have at a place.
func (c *Chart) knownKeys(parent values.Path) string {
	at := c.Defaults.Values
	for _, step := range parent {
		next, ok := at[step].(map[string]any)
		if !ok {
			return ""
		}
		at = next
	}
	if len(at) == 0 {
		return ""
	}
	if len(at) > fewKeys {
		return `remove it, or correct it; "helm show values" prints the keys that there are`
	}
	return fmt.Sprintf("remove it, or correct it; the keys here are %s", strings.Join(slices.Sorted(maps.Keys(at)), ", "))
}
