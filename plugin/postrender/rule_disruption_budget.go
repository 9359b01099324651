package postrender

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/manifest"
)

var disruptionBudget = finding.Rule{
	ID:       "VK205",
	Severity: finding.Error,
	Title:    "A PodDisruptionBudget blocks every eviction",
	Doc: `A budget that never allows an eviction stops every drain: upgrades of nodes hang
until somebody deletes it, and then nothing is protected at all. minAvailable: 1 for the
one master does that. Two budgets on the same pods do it too: Kubernetes then refuses each
eviction.`,
	Bad: []string{`apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: demo-valkey-master
  labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: master}
spec:
  minAvailable: 1
  selector:
    matchLabels: {app.kubernetes.io/component: master}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: demo-valkey-master
  labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: master}
spec:
  template:
    metadata:
      labels: {app.kubernetes.io/component: master}
`},
	Good: []string{`apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: demo-valkey-master
  labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: master}
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {app.kubernetes.io/component: master}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: demo-valkey-master
  labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: master}
spec:
  template:
    metadata:
      labels: {app.kubernetes.io/component: master}
`},
}

func findBudgets(r release) []finding.Finding {
	var found []finding.Finding
	pods := r.pods()
	holder := map[string]string{}
	for _, budget := range r.of("PodDisruptionBudget") {
		count := 0
		for _, p := range pods {
			if p.owner.Kind() == "Pod" || p.owner.Kind() == "Job" || p.owner.Namespace() != budget.Namespace() || !selects(budget.Part("spec", "selector"), p.labels) {
				continue
			}
			count += p.count
			owner := p.owner.Kind() + " " + p.owner.Name()
			if other, taken := holder[owner]; taken {
				found = append(found, disruptionBudget.On(budget.ID(), "spec.selector",
					fmt.Sprintf("selects the pods of %s, as PodDisruptionBudget %s does: with two budgets Kubernetes refuses every eviction", owner, other),
					"leave one of the two"))
			}
			holder[owner] = budget.Name()
		}
		if count > 0 {
			found = append(found, blocked(budget, count)...)
		}
	}
	return found
}

// blocked finds a budget that allows no eviction even when all pods are up.
func blocked(budget manifest.Object, count int) []finding.Finding {
	field, allowed := "maxUnavailable", 0
	value, set := budget.Value("spec", "minAvailable")
	if set {
		field, allowed = "minAvailable", count-share(value, count)
	} else if value, set = budget.Value("spec", "maxUnavailable"); set {
		allowed = share(value, count)
	} else {
		return nil // Kubernetes refuses it
	}
	if allowed > 0 {
		return nil
	}
	pods := "pods"
	if count == 1 {
		pods = "pod"
	}
	return []finding.Finding{disruptionBudget.On(budget.ID(), "spec."+field,
		fmt.Sprintf("%s: %v of %d %s allows no eviction: no node that runs one can be drained", field, value, count, pods),
		"set maxUnavailable to 1")}
}

// share is a number of pods, or a percentage of them, which Kubernetes rounds
// up.
func share(value any, count int) int {
	switch value := value.(type) {
	case float64:
		return int(value)
	case string:
		percent, err := strconv.Atoi(strings.TrimSuffix(value, "%"))
		if err != nil {
			return 0
		}
		if !strings.HasSuffix(value, "%") {
			return percent
		}
		return int(math.Ceil(float64(percent) * float64(count) / 100))
	}
	return 0
}
