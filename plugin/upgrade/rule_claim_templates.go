package upgrade

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/manifest"
)

var claimTemplates = finding.Rule{
	ID:       "VK302",
	Severity: finding.Error,
	Title:    "Templates of volume claims that Kubernetes does not let change",
	Doc: `Size, storage class, labels and whatever else is in ` + "`volumeClaimTemplates`" + ` is as it
was when the StatefulSet was made: Kubernetes refuses the upgrade otherwise. Volumes grow
by their claims: first the claims, if their storage class allows it, then the template, in
a StatefulSet that is made anew. Claims that are there keep their storage class and the
rest; only pods that come later get claims of the new template.`,
	Bad: []string{
		example(claim("data", "8Gi", ""), claim("data", "16Gi", "")),
		example(claim("data", "8Gi", "slow"), claim("data", "8Gi", "fast")),
		example("spec: {}", claim("data", "8Gi", "")),
	},
	Good: []string{
		example(claim("data", "1Gi", ""), claim("data", "1024Mi", "")),
	},
}

const claimField = "spec.volumeClaimTemplates"

// claim is an example's claim template.
func claim(name, size, class string) string {
	text := fmt.Sprintf("spec:\n  volumeClaimTemplates:\n    - metadata: {name: %s}\n      spec:\n        resources: {requests: {storage: %s}}\n", name, size)
	if class != "" {
		text += "        storageClassName: " + class + "\n"
	}
	return text
}

func findClaimTemplates(c change) []finding.Finding {
	var found []finding.Finding
	for _, p := range c.statefulSets() {
		before, after := claims(p.old), claims(p.current)
		for _, old := range before {
			current, ok := claimNamed(after, old.Name())
			if !ok {
				found = append(found, claimTemplates.On(p.old.ID(), claimPath(old),
					"the claims are dropped: Kubernetes refuses this change", "keep persistence as it was; or "+anew(p.old)))
				continue
			}
			found = append(found, claimFindings(c, p, old, current)...)
		}
		for _, current := range after {
			if _, ok := claimNamed(before, current.Name()); !ok {
				found = append(found, claimTemplates.On(p.old.ID(), claimPath(current),
					"claims are added: Kubernetes refuses this change", anew(p.old)))
			}
		}
	}
	return found
}

func claims(o manifest.Object) []manifest.Object { return o.Parts("spec", "volumeClaimTemplates") }

func claimNamed(claims []manifest.Object, name string) (manifest.Object, bool) {
	for _, c := range claims {
		if c.Name() == name {
			return c, true
		}
	}
	return manifest.Object{}, false
}

func claimPath(claim manifest.Object) string { return claimField + "[" + claim.Name() + "]" }

func claimFindings(c change, p pair, old, current manifest.Object) []finding.Finding {
	var found []finding.Finding
	if compareSizes(old, current) < 0 {
		found = append(found, claimTemplates.On(p.old.ID(), claimPath(old)+"."+sizeField,
			fmt.Sprintf("%s → %s: Kubernetes refuses this change of the template", size(old), size(current)), growth(p.old, current, c.old.replicas(p.old))))
	}
	for _, path := range []string{
		"metadata.labels", "metadata.annotations", "spec.accessModes", "spec.storageClassName",
		"spec.selector", "spec.dataSource", "spec.dataSourceRef", "spec.volumeMode", "spec.volumeName",
		"spec.volumeAttributesClassName", "spec.resources.limits",
	} {
		steps := strings.Split(path, ".")
		if before, after := field(old, steps...), field(current, steps...); !same(before, after) {
			found = append(found, claimTemplates.On(p.old.ID(), claimPath(old)+"."+path,
				shownChange(before, after)+": Kubernetes refuses this change",
				"keep it; or "+anew(p.old)+"; claims that are there stay as they are"))
		}
	}
	return found
}

const sizeField = "spec.resources.requests.storage"

func size(claim manifest.Object) string {
	return claim.Text(strings.Split(sizeField, ".")...)
}

// compareSizes is below 0 if the new claim is the larger one. Sizes that cannot
// be read are left to Kubernetes.
func compareSizes(old, current manifest.Object) int {
	before, err := resource.ParseQuantity(size(old))
	if err != nil {
		return 0
	}
	after, err := resource.ParseQuantity(size(current))
	if err != nil {
		return 0
	}
	return before.Cmp(after)
}

// growth says how the volumes of a StatefulSet grow.
func growth(o, claim manifest.Object, pods int) string {
	var commands []string
	for i := range pods {
		commands = append(commands, fmt.Sprintf(`%s patch pvc %s-%s-%d --patch '{"spec":{"resources":{"requests":{"storage":"%s"}}}}'`,
			kubectl(o), claim.Name(), o.Name(), i, size(claim)))
	}
	if len(commands) == 0 {
		return anew(o)
	}
	return "let the claims grow first, which their storage class has to allow: " + strings.Join(commands, "; ") + "; then " + anew(o)
}
