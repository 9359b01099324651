package upgrade

import (
	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/ours"
)

var writesRefused = finding.Rule{
	ID:       "VK312",
	Severity: finding.Warning,
	Title:    "The upgrade stops writes for some seconds",
	Doc: `Most upgrades cost clients nothing. These do: when Sentinel is switched off, its pods go
first, and the master refuses writes until a replica of the new revision is in sync (3.5 s).
With ` + "`master.service.routing: direct`" + ` the write Service leads to the master's own pod at
once, and that refuses writes if another pod is master then, until it has restarted and has
taken mastership back.`,
	Bad: []string{
		examples([]string{"spec: {}", sentinelExample}, []string{"spec: {}"}),
		example(proxied, "spec: {}"),
	},
	Good: []string{
		examples([]string{"spec: {}"}, []string{"spec: {}", sentinelExample}),
		example("spec: {}", proxied),
	},
}

const (
	sentinelExample = "kind: StatefulSet\nmetadata:\n  name: demo-valkey-sentinel\n  labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: sentinel}"
	proxied         = `spec: {template: {spec: {containers: [{name: valkey, env: [{name: ENTRYPOINT_PROXY_ADDRESS, value: ":6380"}]}]}}}`
)

func findWritesRefused(c change) []finding.Finding {
	var found []finding.Finding
	old, had := c.old.of(ours.Sentinel)
	if _, has := c.current.of(ours.Sentinel); had && !has {
		found = append(found, writesRefused.On(old.ID(), "",
			"Sentinel is switched off: writes wait until a new replica is in sync, some seconds", "do it when that is all right"))
	}
	p, ok := c.master()
	if ok && ours.Setting(p.old, ours.ProxyVariable) != "" && ours.Setting(p.current, ours.ProxyVariable) == "" {
		found = append(found, writesRefused.On(p.old.ID(), containerField+".env["+ours.ProxyVariable+"]",
			"the write endpoint goes: the write Service leads to "+p.old.Name()+"-0 at once, whichever pod is master",
			"do it while "+p.old.Name()+"-0 is master"))
	}
	return found
}
