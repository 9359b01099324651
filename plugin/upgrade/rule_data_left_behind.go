package upgrade

import (
	"fmt"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/ours"
)

var dataLeftBehind = finding.Rule{
	ID:       "VK304",
	Severity: finding.Error,
	Title:    "The upgrade loses the data",
	Doc: `Data outlive a restart of all pods on a volume, or because there is another pod at
every moment that holds them in memory. An upgrade that restarts the master's pod without
the volume that it had, and without a replica before and after it, starts with nothing.
The same goes for the upgrade that takes the last replica away from a master which keeps
nothing on disk. And a master that becomes standalone still hands over to a replica, which
is removed a moment later: what it took in between is lost.`,
	Bad: []string{
		example("spec:\n"+claimItem, "spec:\n"+podOf("x", "emptyDir: {}")),
		example("spec:\n"+podOf("x", "persistentVolumeClaim: {claimName: a}"), "spec:\n"+podOf("x", "persistentVolumeClaim: {claimName: b}")),
		examples([]string{"spec:\n" + podOf("x", "emptyDir: {}"), replicaExample(1)}, []string{"spec:\n" + podOf("y", "emptyDir: {}")}),
		examples([]string{proxied, replicaExample(1)}, []string{"spec: {}"}),
	},
	Good: []string{
		examples([]string{"spec:\n" + claimItem, replicaExample(1)}, []string{"spec:\n" + podOf("x", "emptyDir: {}"), replicaExample(1)}),
		example("spec:\n"+podOf("x", "persistentVolumeClaim: {claimName: a}"), "spec:\n"+podOf("y", "persistentVolumeClaim: {claimName: a}")),
	},
}

const claimItem = "  volumeClaimTemplates: [{metadata: {name: data}}]\n"

// podOf is an example's pod, of an image and with a volume for the data.
func podOf(image, volume string) string {
	return fmt.Sprintf("  template: {spec: {containers: [{name: valkey, image: %q}], volumes: [{name: data, %s}]}}\n", image, volume)
}

// replicaExample is an example's StatefulSet of replicas.
func replicaExample(pods int) string {
	return fmt.Sprintf("kind: StatefulSet\nmetadata:\n  name: demo-valkey-replica\n  labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: replica}\nspec: {replicas: %d}\n", pods)
}

func findDataLeftBehind(c change) []finding.Finding {
	p, ok := c.master()
	if !ok || c.carried() || !restarts(p.old, p.current) {
		return nil
	}
	from, to := dataOf(p.old), dataOf(p.current)
	switch {
	case from != noVolume && from != to:
		return []finding.Finding{dataLeftBehind.On(p.old.ID(), dataField,
			fmt.Sprintf("%s → %s: the master starts without its data, and no replica holds them", from, to),
			"keep the volume; or have a replica before this upgrade, and keep it for as long as the upgrade takes")}
	case c.old.copies() == 0:
		return nil
	case !durable(p.current):
		return []finding.Finding{dataLeftBehind.On(p.old.ID(), dataField,
			"the last replica goes, and the master, which keeps nothing on disk, is restarted: all data are lost",
			"keep a replica; or keep the data on a volume first (master.persistence.enabled, persistenceMode), in an upgrade of its own")}
	case ours.Setting(p.old, ours.ProxyVariable) != "" && ours.Setting(p.current, ours.ProxyVariable) == "":
		return []finding.Finding{dataLeftBehind.On(p.old.ID(), containerField+".env["+ours.ProxyVariable+"]",
			"the master hands over to a replica that is removed: what is written in between is lost", "let the replicas go first: "+scaledDown(c, p)+"then upgrade")}
	}
	return nil
}

// scaledDown says how all pods but the first master go, which keeps the data.
func scaledDown(c change, p pair) string {
	text := ""
	if r, ok := c.old.of(ours.Replica); ok && c.old.replicas(r) > 0 {
		text = fmt.Sprintf("%s scale statefulset %s --replicas=0, ", kubectl(r), r.Name())
	}
	if c.old.replicas(p.old) > 1 {
		text += fmt.Sprintf("%s scale statefulset %s --replicas=1, ", kubectl(p.old), p.old.Name())
	}
	return text + fmt.Sprintf("while %s-0 is master; ", p.old.Name())
}
