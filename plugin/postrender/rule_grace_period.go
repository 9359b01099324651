package postrender

import (
	"fmt"
	"time"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/manifest"
	"github.com/helm-valkey/helm-valkey/plugin/ours"
)

var gracePeriod = finding.Rule{
	ID:       "VK204",
	Severity: finding.Error,
	Title:    "The grace period does not fit",
	Doc: `When a pod is stopped, the entrypoint hands over and lets the server save within
ENTRYPOINT_GRACE_PERIOD. Kubernetes kills the pod after terminationGracePeriodSeconds. If
that comes first, the save is cut off and the last snapshot is all that is left; if it
comes much later, time that a large data set needs for its save is given away. Both are
rendered from one value; a patch has to change both.`,
	Bad: []string{`apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: demo-valkey-master
  labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: master}
spec:
  template:
    spec:
      terminationGracePeriodSeconds: 30
      containers:
        - name: valkey
          env: [{name: ENTRYPOINT_GRACE_PERIOD, value: 60s}]
`},
	Good: []string{`apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: demo-valkey-master
  labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: master}
spec:
  template:
    spec:
      terminationGracePeriodSeconds: 60
      containers:
        - name: valkey
          env: [{name: ENTRYPOINT_GRACE_PERIOD, value: 60s}]
`},
}

const (
	graceVariable = "ENTRYPOINT_GRACE_PERIOD"
	standardGrace = 30 * time.Second // of the entrypoint, and of Kubernetes
	shortestGrace = 5 * time.Second  // a handover and the server's exit
)

func findGracePeriods(r release) []finding.Finding {
	var found []finding.Finding
	for _, o := range r.running() {
		found = append(found, graceFindings(o)...)
	}
	return found
}

func graceFindings(o manifest.Object) []finding.Finding {
	const field = "spec.template.spec.terminationGracePeriodSeconds"
	seconds := o.Number(standardGrace.Seconds(), "spec", "template", "spec", "terminationGracePeriodSeconds")
	killed := time.Duration(seconds * float64(time.Second))
	if killed < shortestGrace {
		return []finding.Finding{gracePeriod.On(o.ID(), field,
			fmt.Sprintf("%v is too short to hand over and to save: the pod would be killed meanwhile", killed),
			fmt.Sprintf("give it %v at least, and more for a large data set", shortestGrace))}
	}
	if _, ok := ours.Server(o); !ok {
		return nil // rule VK206 says so
	}
	planned := standardGrace
	if text := ours.Setting(o, graceVariable); text != "" {
		var err error
		if planned, err = time.ParseDuration(text); err != nil {
			return []finding.Finding{gracePeriod.On(o.ID(), "spec.template.spec.containers[valkey].env["+graceVariable+"]",
				fmt.Sprintf("%q is no duration", text), `write it as "30s"`)}
		}
	}
	if planned == killed {
		return nil
	}
	return []finding.Finding{gracePeriod.On(o.ID(), field,
		fmt.Sprintf("%v, but the entrypoint plans with %v (%s)", killed, planned, graceVariable),
		"set the role's terminationGracePeriodSeconds in the values, from which both come")}
}
