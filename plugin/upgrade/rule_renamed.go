package upgrade

import (
	"fmt"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/manifest"
	"github.com/helm-valkey/helm-valkey/plugin/ours"
)

var renamed = finding.Rule{
	ID:       "VK306",
	Severity: finding.Error,
	Title:    "The StatefulSets get other names, and start empty",
	Doc: `Volume claims, and what pods take each other for, follow the name of the StatefulSet.
Under another name (nameOverride, fullnameOverride, another release name in GitOps) or in
another namespace (namespaceOverride) new pods start with new, empty volumes, while the old
pods are removed with what is in their memory. Old claims stay, and nobody reads them.`,
	Bad:  []string{example("spec: {}", other("demo-cache"))},
	Good: []string{example("spec: {}", "spec: {replicas: 2}")},
}

// other is an example's StatefulSet under another name.
func other(name string) string {
	return fmt.Sprintf("kind: StatefulSet\nmetadata:\n  name: %s\n  labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: master}\n", name)
}

func findRenamed(c change) []finding.Finding {
	for _, role := range []string{ours.Master, ours.Replica} {
		old, had := c.old.of(role)
		current, has := c.current.of(role)
		if !had || !has || old.ID() == current.ID() {
			continue
		}
		field, from, to := "metadata.name", old.Name(), current.Name()
		if from == to {
			field, from, to = "metadata.namespace", old.Namespace(), current.Namespace()
		}
		return []finding.Finding{renamed.On(old.ID(), field,
			fmt.Sprintf("%s → %s: the new pods start empty, and the old ones are removed", from, to), renameRemedy(old))}
	}
	return nil
}

func renameRemedy(o manifest.Object) string {
	return fmt.Sprintf("keep the names (fullnameOverride, nameOverride and namespaceOverride as before: %s); for other names install a second release, and move the data there", o.Name())
}
