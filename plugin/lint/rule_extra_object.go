package lint

import (
	"regexp"
	"strconv"

	helmyaml "sigs.k8s.io/yaml"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/values"
)

var notAnObject = finding.Rule{
	ID:       "VK027",
	Severity: finding.Error,
	Title:    "An extra object that is none",
	Doc:      `Each item of extraDeploy, rendered, has to be one or more Kubernetes objects in YAML.`,
	Bad: []string{`extraDeploy:
  - extra-configmap.yaml # <- here
`},
	Good: []string{`extraDeploy:
  - apiVersion: v1
    kind: ConfigMap
    metadata:
      name: "{{ .Release.Name }}-extra"
`},
}

// head is what Helm reads of every object that it renders.
type head struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   *struct {
		Name        string            `json:"name"`
		Annotations map[string]string `json:"annotations"`
	} `json:"metadata"`
}

// separator is where Helm splits what it rendered.
var separator = regexp.MustCompile(`(?:^|\s*\n)---\s*`)

func extraObjects(v *values.Values, r *renderer) []finding.Finding {
	var found []finding.Finding
	items, _ := v.Merged["extraDeploy"].([]any)
	for i, item := range items {
		path := values.Path{"extraDeploy", strconv.Itoa(i)}
		text, err := objectText(item)
		if err == nil {
			text, err = r.render(text)
		}
		if broken(err) {
			found = append(found, brokenFinding(v, path, err))
			continue
		}
		if err == nil && !isObjects(text) {
			found = append(found, notAnObject.At(v.Value(path), path.String(), "is no Kubernetes object", "write it as in a manifest: apiVersion, kind, metadata, …"))
		}
	}
	return found
}

// objectText is an item as the chart renders it: text, or the YAML of a mapping.
func objectText(item any) (string, error) {
	if text, isText := item.(string); isText {
		return text, nil
	}
	data, err := helmyaml.Marshal(item)
	return string(data), err
}

func isObjects(text string) bool {
	for _, document := range separator.Split(text, -1) {
		var h head
		if err := helmyaml.Unmarshal([]byte(document), &h); err != nil {
			return false
		}
	}
	return true
}
