package upgrade

import (
	"fmt"
	"maps"
	"slices"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/manifest"
)

var fixedStatefulSet = finding.Rule{
	ID:       "VK301",
	Severity: finding.Error,
	Title:    "A field of a StatefulSet that Kubernetes does not let change",
	Doc: `Of a StatefulSet that is there, Kubernetes changes the number of pods, their
template, and how they are replaced and removed; any other change it refuses, and with it
the upgrade, after Helm has sent other objects already. A StatefulSet that is deleted with
` + "`--cascade=orphan`" + ` leaves its pods and volumes as they are, and the new one takes
them over.`,
	Bad: []string{
		example("spec: {serviceName: a}", "spec: {serviceName: b}"),
		example("spec: {podManagementPolicy: Parallel}", "spec: {podManagementPolicy: OrderedReady}"),
	},
	Good: []string{
		example("spec: {replicas: 1, minReadySeconds: 1}", "spec: {replicas: 2, minReadySeconds: 2}"),
		example("spec: {}", "spec: {podManagementPolicy: OrderedReady}"),
	},
}

// changeable are the fields of a StatefulSet's spec that Kubernetes lets change
// (pkg/apis/apps/validation of Kubernetes 1.36). Claim templates have a rule of
// their own.
var changeable = []string{
	"replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit",
	"persistentVolumeClaimRetentionPolicy", "minReadySeconds", "volumeClaimTemplates",
}

func findFixedStatefulSets(c change) []finding.Finding {
	var found []finding.Finding
	for _, p := range c.statefulSets() {
		for _, name := range fieldsOf(p) {
			old, current := fixedField(p.old, name), fixedField(p.current, name)
			if slices.Contains(changeable, name) || same(old, current) {
				continue
			}
			found = append(found, fixedStatefulSet.On(p.old.ID(), "spec."+name,
				shownChange(old, current)+": Kubernetes refuses this change", fixedRemedy(p.old, name)))
		}
	}
	return found
}

// fieldsOf are the names of the fields of both specs.
func fieldsOf(p pair) []string {
	names := map[string]bool{}
	for _, o := range []manifest.Object{p.old, p.current} {
		spec, _ := field(o, "spec").(map[string]any)
		for name := range spec {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// fixedField is a field, or what Kubernetes takes for it when it is not there.
func fixedField(o manifest.Object, name string) any {
	value := field(o, "spec", name)
	if value == nil && name == "podManagementPolicy" {
		return "OrderedReady"
	}
	return value
}

func fixedRemedy(o manifest.Object, name string) string {
	if name == "selector" {
		return "keep it, with nameOverride as it was: a StatefulSet with another selector does not take over the pods that are there"
	}
	return "keep it; or " + anew(o)
}

// anew says how a StatefulSet is replaced while its pods go on.
func anew(o manifest.Object) string {
	return fmt.Sprintf("make the StatefulSet anew, while its pods go on: %s delete statefulset %s --cascade=orphan, then upgrade", kubectl(o), o.Name())
}

// kubectl is how a command about an object begins.
func kubectl(o manifest.Object) string {
	if o.Namespace() == "" {
		return "kubectl"
	}
	return "kubectl --namespace " + o.Namespace()
}
