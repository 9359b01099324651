package upgrade

import (
	"fmt"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

var fixedFields = finding.Rule{
	ID:       "VK314",
	Severity: finding.Error,
	Title:    "A field that Kubernetes does not let change",
	Doc: `The pods of a Job, what a Deployment selects, the role of a RoleBinding, the contents of
a ConfigMap or Secret that says ` + "`immutable: true`" + `: they are as they were made. The object
has to be deleted first, or the new one needs another name.`,
	Bad: []string{
		example(fixed("ConfigMap", "immutable: true\ndata: {a: x}"), fixed("ConfigMap", "immutable: true\ndata: {a: y}")),
		example(fixed("Job", "spec: {template: {spec: {restartPolicy: Never}}}"), fixed("Job", "spec: {template: {spec: {restartPolicy: OnFailure}}}")),
	},
	Good: []string{
		example(fixed("ConfigMap", "data: {a: x}"), fixed("ConfigMap", "immutable: true\ndata: {a: y}")),
		example(fixed("Job", "spec: {suspend: false}"), fixed("Job", "spec: {suspend: true}")),
	},
}

// fixed is an example's object of a kind.
func fixed(kind, fields string) string {
	return "kind: " + kind + "\nmetadata:\n  name: demo-valkey\n  labels: {helm.sh/chart: valkey-0.1.0}\n" + fields
}

// fixedOf are the fields of each kind that Kubernetes does not let change
// (pkg/apis of Kubernetes 1.36); those of StatefulSets and Services have rules of
// their own.
var fixedOf = map[string][]string{
	"ClusterRoleBinding": {"roleRef"},
	"DaemonSet":          {"spec.selector"},
	"Deployment":         {"spec.selector"},
	"Job":                {"spec.template", "spec.selector", "spec.completionMode", "spec.podFailurePolicy", "spec.backoffLimitPerIndex"},
	"ReplicaSet":         {"spec.selector"},
	"RoleBinding":        {"roleRef"},
	"Secret":             {"type"},
}

// onceImmutable are the fields of what says that it is immutable.
var onceImmutable = []string{"data", "binaryData", "stringData", "immutable"}

func findFixedFields(c change) []finding.Finding {
	var found []finding.Finding
	for _, old := range c.old.objects {
		current, ok := c.current.named(old)
		if !ok {
			continue
		}
		paths := fixedOf[old.Kind()]
		if old.Text("immutable") == "true" {
			paths = append(onceImmutable[:len(onceImmutable):len(onceImmutable)], paths...)
		}
		for _, path := range paths {
			steps := strings.Split(path, ".")
			if same(field(old, steps...), field(current, steps...)) {
				continue
			}
			// No values: they may be those of a Secret.
			found = append(found, fixedFields.On(old.ID(), path, "Kubernetes refuses any change of this field",
				fmt.Sprintf("keep it, or choose another name; or delete the object before: %s delete %s %s", kubectl(old), strings.ToLower(old.Kind()), old.Name())))
		}
	}
	return found
}
