package upgrade

import (
	"fmt"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/ours"
)

var lessKept = finding.Rule{
	ID:       "VK305",
	Severity: finding.Warning,
	Title:    "Less is kept on disk, or elsewhere",
	Doc: `The data come through this upgrade: in the replicas' memory, or because a server reads
the files of the mode before. But from then on less outlives a fault than did before, or it
is on another volume, and what is on the old one only grows old. It is worth a look whether
that is meant.`,
	Bad: []string{
		example(mode("aof"), mode("rdb")),
		examples([]string{"spec:\n" + claimItem, replicaExample(1)}, []string{"spec:\n" + podOf("x", "emptyDir: {}"), replicaExample(1)}),
	},
	Good: []string{example(mode("none"), mode("aof"))},
}

func mode(mode string) string {
	return fmt.Sprintf("spec:\n%s  template: {spec: {containers: [{name: valkey, env: [{name: ENTRYPOINT_PERSISTENCE, value: %s}]}]}}\n", claimItem, mode)
}

// keeps says how much each mode keeps when all pods are lost at once.
var keeps = map[string]int{"none": 1, "rdb": 2, "aof": 3}

// loses says what a mode that keeps less loses.
var loses = map[string]string{
	"rdb":  "with all pods at once, all since the last snapshot is lost from now on",
	"none": "with all pods at once, all data are lost from now on",
}

func findLessKept(c change) []finding.Finding {
	var found []finding.Finding
	for _, p := range c.statefulSets() {
		if role := p.current.Label(ours.ComponentLabel); role == ours.Sentinel {
			continue // it learns from the others
		}
		found = append(found, volumeLeft(c, p)...)
		before, after := ours.Setting(p.old, modeVariable), ours.Setting(p.current, modeVariable)
		if dataOf(p.old) != noVolume && dataOf(p.current) != noVolume && keeps[after] != 0 && keeps[after] < keeps[before] {
			found = append(found, lessKept.On(p.old.ID(), containerField+".env["+modeVariable+"]",
				fmt.Sprintf("%s → %s: %s", before, after, loses[after]), "keep persistenceMode as it was if that is not meant"))
		}
	}
	return append(found, onlyCopy(c)...)
}

// volumeLeft finds data that stay on a volume that pods do not mount any more.
func volumeLeft(c change, p pair) []finding.Finding {
	from, to := dataOf(p.old), dataOf(p.current)
	if from == noVolume || from == to || p.current.Label(ours.ComponentLabel) == ours.Master && !c.carried() {
		return nil
	}
	return []finding.Finding{lessKept.On(p.old.ID(), dataField,
		fmt.Sprintf("%s → %s: pods that start get the data from the others", from, to),
		"upgrade while all pods are ready; what is left on the old volume is not needed any more after that")}
}

// onlyCopy finds a master that is alone with data that are nowhere on disk.
func onlyCopy(c change) []finding.Finding {
	p, ok := c.master()
	if !ok || c.current.copies() > 0 || durable(p.current) {
		return nil
	}
	switch again := restarts(p.old, p.current); {
	case c.old.copies() > 0 && !again:
		return []finding.Finding{lessKept.On(p.old.ID(), dataField,
			"the last replica goes: nothing outlives the master's pod from now on", "keep a replica, or a volume for the master")}
	case c.old.copies() == 0 && !durable(p.old) && again:
		return []finding.Finding{lessKept.On(p.old.ID(), dataField,
			"the master, which keeps nothing on disk and has no replica, is restarted: all data are lost", "have a replica before if that is more than a cache")}
	}
	return nil
}
