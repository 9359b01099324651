package upgrade

import (
	"fmt"
	"strconv"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/ours"
)

var tooFewReplicas = finding.Rule{
	ID:       "VK307",
	Severity: finding.Error,
	Title:    "Fewer replicas than writes need",
	Doc: `A master that is told to want replicas in sync (` + "`safety.minReplicasToWrite`" + `, and 1 with
hive) refuses every write while there are fewer. The values are checked for that; what is
patched after rendering is checked here.`,
	Bad:  []string{examples([]string{wanting(1), replicaExample(2)}, []string{wanting(1), replicaExample(0)})},
	Good: []string{examples([]string{wanting(1), replicaExample(2)}, []string{wanting(1), replicaExample(1)})},
}

const wantedVariable = "ENTRYPOINT_MIN_REPLICAS_TO_WRITE"

func wanting(n int) string {
	return fmt.Sprintf("spec: {template: {spec: {containers: [{name: valkey, env: [{name: %s, value: %q}]}]}}}", wantedVariable, strconv.Itoa(n))
}

func findTooFewReplicas(c change) []finding.Finding {
	o, ok := c.current.of(ours.Master)
	if !ok {
		return nil
	}
	wanted, err := strconv.Atoi(ours.Setting(o, wantedVariable))
	before, after := c.old.copies(), c.current.copies()
	if err != nil || after >= wanted || after >= before {
		return nil
	}
	on := o
	if r, ok := c.current.of(ours.Replica); ok {
		on = r
	}
	return []finding.Finding{tooFewReplicas.On(on.ID(), "spec.replicas",
		fmt.Sprintf("%d → %d copies beside the master, which refuses writes with fewer than %d in sync", before, after, wanted),
		fmt.Sprintf("keep %d, or lower safety.minReplicasToWrite", wanted))}
}
