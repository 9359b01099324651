package postrender

import (
	"fmt"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/ours"
)

var oneMaster = finding.Rule{
	ID:       "VK201",
	Severity: finding.Error,
	Title:    "More than one master needs Sentinel",
	Doc: `Two masters take writes that the other never sees: the data sets part, and one of
them is thrown away in the end. Sentinel decides which of several servers is the master;
without it there is one pod, in one StatefulSet. The number in master.replicaCount is
checked with the values already; this rule also finds what a patch or a second render
made of it.`,
	Bad: []string{`apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: demo-valkey-master
  labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: master}
spec:
  replicas: 2
`},
	Good: []string{`apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: demo-valkey-master
  labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: master}
spec:
  replicas: 1
`, `apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: demo-valkey-master
  labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: master}
spec:
  replicas: 2
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: demo-valkey-sentinel
  labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: sentinel}
spec:
  replicas: 3
`},
}

// mastersNeedSentinel is the sentence of the value rule, too.
const mastersNeedSentinel = "more than one master needs Sentinel, which decides which of them takes the writes"

func findMasters(r release) []finding.Finding {
	if len(r.servers(ours.Sentinel)) > 0 {
		return nil
	}
	var found []finding.Finding
	masters := r.servers(ours.Master)
	for i, o := range masters {
		if n := replicas(o); n > 1 {
			found = append(found, oneMaster.On(o.ID(), "spec.replicas",
				mastersNeedSentinel,
				fmt.Sprintf("set spec.replicas to 1 instead of %d; replica.replicaCount adds copies of the data", n)))
		}
		if i > 0 {
			found = append(found, oneMaster.On(o.ID(), "metadata.name",
				fmt.Sprintf("a second StatefulSet of masters, beside %s: %s", masters[0].Name(), mastersNeedSentinel),
				"remove one of the two"))
		}
	}
	return found
}
