package lint

import (
	"errors"
	"regexp"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/values"
)

var brokenTemplate = finding.Rule{
	ID:       "VK028",
	Severity: finding.Error,
	Title:    "A template that Helm cannot render",
	Doc: `Names of existing objects and all of extraDeploy may be templates: Helm renders them with
the chart's own. What it cannot read there, and what fails, stops it.`,
	Bad: []string{`auth:
  existingSecret: "{{ .Release.Name }-password" # <- here
`},
	Good: []string{`auth:
  existingSecret: "{{ .Release.Name }}-password"
`},
}

// templates are the values that the chart renders, and what has to be on for it.
func templates(merged map[string]any) []values.Path {
	is := func(path string, wanted any) bool { return valueAt(merged, path) == wanted }
	all := []string{"existingConfigmap", "existingConfigSecret"}
	if is("auth.enabled", true) {
		all = append(all, "auth.existingSecret")
	}
	if host := valueAt(merged, "externalMaster.host"); host != nil && host != "" {
		all = append(all, "externalMaster.existingSecret")
	}
	for _, role := range []string{"master", "replica", "sentinel"} {
		if role == "replica" && is("architecture", "standalone") || role == "sentinel" && !is("sentinel.enabled", true) {
			continue
		}
		all = append(all, role+".existingConfigmap", role+".extraEnvVarsCM", role+".extraEnvVarsSecret")
		if is(role+".persistence.enabled", true) {
			all = append(all, role+".persistence.existingClaim")
		}
	}
	paths := make([]values.Path, len(all))
	for i, path := range all {
		paths[i] = values.ParsePath(path)
	}
	return paths
}

func valueAt(merged map[string]any, path string) any {
	var at any = merged
	for _, step := range values.ParsePath(path) {
		table, _ := at.(map[string]any)
		at = table[step]
	}
	return at
}

// templateFindings finds the templates that Helm cannot render, and the extra
// objects that are none.
func (c *Chart) templateFindings(v *values.Values) []finding.Finding {
	r := c.newRenderer(v.Merged)
	var found []finding.Finding
	for _, path := range templates(v.Merged) {
		text, _ := valueAt(v.Merged, path.String()).(string)
		if _, err := r.render(text); broken(err) {
			found = append(found, brokenFinding(v, path, err))
		}
	}
	return append(found, extraObjects(v, r)...)
}

func broken(err error) bool { return err != nil && !errors.Is(err, errUnknown) }

// executing is how the template package begins what it says of a template that
// has no name.
var executing = regexp.MustCompile(`^template: value:[\d:]+ (executing "value" at )?`)

func brokenFinding(v *values.Values, path values.Path, err error) finding.Finding {
	return brokenTemplate.At(v.Value(path), path.String(), "Helm cannot render the template: "+executing.ReplaceAllString(err.Error(), ""),
		"correct it; text that is no template has {{ \"{{\" }} in place of {{")
}
