// Package catalog knows the rules of all packages, and tries their examples.
package catalog

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	chart "github.com/helm-valkey/helm-valkey/charts/valkey"
	"github.com/helm-valkey/helm-valkey/plugin/digest"
	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/lint"
	"github.com/helm-valkey/helm-valkey/plugin/patch"
	"github.com/helm-valkey/helm-valkey/plugin/postrender"
	"github.com/helm-valkey/helm-valkey/plugin/upgrade"
	"github.com/helm-valkey/helm-valkey/plugin/values"
)

// Catalog is all rules, those of the chart in the plugin among them.
type Catalog struct {
	families []family
}

// family is rules whose examples are of one kind: find runs one of them.
type family struct {
	rules []finding.Rule
	find  func(example string) ([]finding.Finding, error)
}

// Open reads the rules.
func Open() (*Catalog, error) {
	c, err := lint.OpenChart(chart.Files)
	if err != nil {
		return nil, err
	}
	return &Catalog{[]family{
		{c.Rules(), func(example string) ([]finding.Finding, error) { return findInValues(c, example) }},
		{postrender.Rules(), findInManifests},
		{digest.Rules(), digest.Try},
		{patch.Rules(), patch.Try},
		{upgrade.Rules(), upgrade.Try},
	}}, nil
}

// exampleName is the file in which an example's findings are.
const exampleName = "values.yaml"

func findInValues(c *lint.Chart, example string) ([]finding.Finding, error) {
	read := func(string) ([]byte, error) { return []byte(example), nil }
	v, err := values.Read(values.Options{Files: []string{exampleName}}, c.Defaults, read)
	if err != nil {
		return nil, err
	}
	return c.Check(v)
}

func findInManifests(example string) ([]finding.Finding, error) {
	return postrender.Pass(context.Background(), strings.NewReader(example), io.Discard, postrender.Options{})
}

// Rules are all rules, in the order of their ids.
func (c *Catalog) Rules() []finding.Rule {
	var all []finding.Rule
	for _, f := range c.families {
		all = append(all, f.rules...)
	}
	slices.SortFunc(all, func(a, b finding.Rule) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// Find returns the rule with an id, in whatever case.
func (c *Catalog) Find(id string) (finding.Rule, bool) {
	for _, r := range c.Rules() {
		if strings.EqualFold(r.ID, id) {
			return r, true
		}
	}
	return finding.Rule{}, false
}

// Explain runs the bad examples of a rule.
func (c *Catalog) Explain(r finding.Rule) (finding.Explained, error) {
	e := finding.Explained{Rule: r}
	for _, example := range r.Bad {
		found, err := c.Try(r, example)
		if err != nil {
			return e, fmt.Errorf("rule %s: %w", r.ID, err)
		}
		e.Found = append(e.Found, found)
	}
	return e, nil
}

// Try returns what a rule finds in an example.
func (c *Catalog) Try(r finding.Rule, example string) ([]finding.Finding, error) {
	for _, f := range c.families {
		if !slices.ContainsFunc(f.rules, func(of finding.Rule) bool { return of.ID == r.ID }) {
			continue
		}
		all, err := f.find(example)
		return slices.DeleteFunc(all, func(of finding.Finding) bool { return of.RuleID != r.ID }), err
	}
	return nil, nil
}

var digits = regexp.MustCompile(`\d+`)

// Near returns the ids whose numbers are nearest to that of an id that does not
// exist, at most three.
func (c *Catalog) Near(id string) []string {
	wanted, err := strconv.Atoi(digits.FindString(id))
	if err != nil {
		return nil
	}
	distance := func(r finding.Rule) int {
		n, _ := strconv.Atoi(digits.FindString(r.ID))
		return max(n-wanted, wanted-n)
	}
	rules := c.Rules()
	slices.SortStableFunc(rules, func(a, b finding.Rule) int { return cmp.Compare(distance(a), distance(b)) })
	var near []string
	for _, r := range rules[:min(3, len(rules))] {
		near = append(near, r.ID)
	}
	return near
}
