// Package lint checks values against a chart: its schema, its rules, and what
// goes wrong with YAML itself.
package lint

import (
	"errors"
	"slices"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/values"
	"github.com/helm-valkey/helm-valkey/schema"
)

// formRules are the rules on the form of a file and of its values.
var formRules = []finding.Rule{
	unknownKey, missingKey, wrongType, notAllowed, outOfRange, wrongForm, combined,
	syntax, severalDocuments, duplicateKey, topLevel, behindEnd, readAs, octal, keyReadAs,
	nullDefault, wrongQuotes, signOfYAML, mergeOverwrites, suppression,
	notAnObject, brokenTemplate, otherChart,
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
	if v.Broken {
		return finding.Sort(c.suppress(v, problemFindings(v, nil))), nil
	}
	violations, err := c.schema.Validate(v.Merged)
	if err != nil {
		return nil, err
	}
	mistyped := mistypedPaths(v, violations)
	merged := repaired(v.Merged, c.Defaults.Values, mistyped[:min(len(mistyped), patience)])
	if violations, err = c.withoutFollowUps(violations, merged, len(mistyped)); err != nil {
		return nil, err
	}
	byRules, err := c.ruleFindings(v, merged, mistyped)
	if err != nil && len(violations) == 0 {
		return nil, err // a rule stumbles over values that the schema allows
	}
	byRules = append(byRules, c.templateFindings(v)...)
	found, err := c.schemaFindings(v, violations, byRules)
	if err != nil {
		return nil, err
	}
	wrong := wrongPaths(violations, byRules)
	found = append(append(found, byRules...), problemFindings(v, wrong)...)
	traps, err := c.trapFindings(v, wrong)
	if err != nil {
		return nil, err
	}
	found = append(found, traps...)
	hideSecrets(v, found)
	return finding.Sort(c.suppress(v, found)), nil
}

// wrongPaths are the paths at which the schema or a rule finds something.
func wrongPaths(violations []schema.Violation, byRules []finding.Finding) map[string]bool {
	paths := map[string]bool{}
	for _, violation := range violations {
		paths[values.Path(violation.Path).String()] = true
	}
	for _, f := range byRules {
		paths[f.Path] = true
	}
	return paths
}

// mistypedPaths are the paths of values of a wrong type. A null that the schema
// refuses is none: it takes a key away.
func mistypedPaths(v *values.Values, violations []schema.Violation) []values.Path {
	var paths []values.Path
	for _, violation := range violations {
		if violation.Kind == schema.WrongType && v.Has(violation.Path) {
			paths = append(paths, violation.Path)
		}
	}
	return paths
}

// withoutFollowUps drops the violations of the schema's conditions that are not
// there once the values of a wrong type are put right.
func (c *Chart) withoutFollowUps(violations []schema.Violation, merged map[string]any, mistyped int) ([]schema.Violation, error) {
	if mistyped == 0 || mistyped == len(violations) {
		return violations, nil
	}
	rest, err := c.schema.Validate(merged)
	if err != nil {
		return nil, err
	}
	text := func(v schema.Violation) string { return values.Path(v.Path).String() + " " + v.Message }
	left := map[string]bool{}
	for _, v := range rest {
		left[text(v)] = true
	}
	return slices.DeleteFunc(violations, func(v schema.Violation) bool {
		return (v.Kind == schema.Combined || v.Kind == schema.NotAllowed) && !left[text(v)]
	}), nil
}

// ruleFindings runs every rule. What they say of values of a wrong type is left
// out: that is not what is wrong there.
func (c *Chart) ruleFindings(v *values.Values, merged map[string]any, mistyped []values.Path) ([]finding.Finding, error) {
	wrong := map[string]bool{}
	for _, path := range mistyped {
		wrong[path.String()] = true
	}
	var found []finding.Finding
	var failures []error
	input, err := c.ruleInput(merged)
	if err != nil {
		failures = append(failures, err)
	}
	for _, rule := range c.rules {
		all, err := rule.evaluate(input)
		if err != nil {
			failures = append(failures, err)
		}
		for _, e := range all {
			if !within(wrong, e.path) {
				found = append(found, rule.At(v.Value(e.path), e.path.String(), e.message, rule.fix))
			}
		}
	}
	return found, errors.Join(failures...)
}

// within says whether a value is one of those, or below one.
func within(paths map[string]bool, path values.Path) bool {
	if len(paths) == 0 {
		return false
	}
	for n := len(path); n > 0; n-- {
		if paths[path[:n].String()] {
			return true
		}
	}
	return false
}
