package postrender

import (
	"fmt"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/manifest"
	"github.com/helm-valkey/helm-valkey/plugin/ours"
)

var replicaClaims = finding.Rule{
	ID:       "VK202",
	Severity: finding.Error,
	Title:    "Replicas have volume claims that nobody asked for",
	Doc: `Replicas sync from the master's memory, so that they need no volume. Claims that
come in by a patch cost storage and tie pods to a zone, and the entrypoint does not know
of them: it treats the data directory as one that dies with the pod. With
replica.persistence.enabled the chart renders the claims and tells the entrypoint.`,
	Bad: []string{`apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: demo-valkey-replica
  labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: replica}
spec:
  volumeClaimTemplates:
    - metadata: {name: data}
`},
	Good: []string{`apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: demo-valkey-replica
  labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: replica}
spec:
  volumeClaimTemplates:
    - metadata: {name: data}
  template:
    spec:
      containers:
        - name: valkey
          env: [{name: ENTRYPOINT_DATA_VOLUME, value: "true"}]
`},
}

const dataVolume = "ENTRYPOINT_DATA_VOLUME"

func findReplicaClaims(r release) []finding.Finding {
	var found []finding.Finding
	for _, o := range r.servers(ours.Replica) {
		if ours.Setting(o, dataVolume) == "true" {
			continue
		}
		container, _ := ours.Server(o)
		for i, claim := range o.Parts("spec", "volumeClaimTemplates") {
			found = append(found, claimFinding(o, fmt.Sprintf("spec.volumeClaimTemplates[%d]", i), claim.Name()))
		}
		for i, volume := range o.Parts("spec", "template", "spec", "volumes") {
			if _, isClaim := volume.Value("persistentVolumeClaim"); isClaim && mountedAsData(container, volume.Text("name")) {
				found = append(found, claimFinding(o, fmt.Sprintf("spec.template.spec.volumes[%d]", i), volume.Text("name")))
			}
		}
	}
	return found
}

func claimFinding(o manifest.Object, field, name string) finding.Finding {
	return replicaClaims.On(o.ID(), field,
		fmt.Sprintf("volume claim %q, which nobody asked for: %s is not true", name, dataVolume),
		"set replica.persistence.enabled to true if replicas are to have volumes, or remove the claim")
}

func mountedAsData(container manifest.Object, volume string) bool {
	for _, m := range container.Parts("volumeMounts") {
		if m.Text("name") == volume && m.Text("mountPath") == "/data" {
			return true
		}
	}
	return false
}
