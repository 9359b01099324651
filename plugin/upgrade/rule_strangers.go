package upgrade

import (
	"fmt"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/manifest"
	"github.com/helm-valkey/helm-valkey/plugin/ours"
)

var strangers = finding.Rule{
	ID:       "VK309",
	Severity: finding.Error,
	Title:    "Pods of the old and of the new revision do not know each other",
	Doc: `Pods are replaced one by one, and for that time old ones and new ones work together:
they hand mastership over, and the new ones get the data from the old ones. For that they
need the same password, which also signs what they say to each other, and the same ports.
With another one a pod takes those of the other revision for lost: with Sentinel the roll
gets stuck, without it there may be a master of each revision, and what one of them took
is lost. So all replicas have to go before, and the master has to keep its data on a volume
meanwhile.`,
	Bad: []string{
		example(password("a"), password("b")),
		example(control("9122"), control("9000")),
	},
	Good: []string{example(control("9122"), control("9122"))},
}

const checksumField = "checksum/password"

// password is an example's StatefulSet whose password has a checksum.
func password(checksum string) string {
	return "spec:\n  replicas: 2\n  template:\n    metadata: {annotations: {" + checksumField + ": " + checksum + "}}\n    spec:\n      volumes:\n" +
		"        - {name: data, persistentVolumeClaim: {claimName: a}}\n        - {name: password, secret: {secretName: demo-valkey}}\n"
}

func control(port string) string {
	return fmt.Sprintf("spec: {replicas: 2, template: {spec: {containers: [{name: valkey, env: [{name: ENTRYPOINT_CONTROL_ADDRESS, value: %q}]}]}}}", ":"+port)
}

// shared are the settings that pods must have in common.
var shared = []string{"ENTRYPOINT_PORT", "ENTRYPOINT_CONTROL_ADDRESS", "ENTRYPOINT_CLUSTER_ID"}

func findStrangers(c change) []finding.Finding {
	p, ok := c.master()
	if !ok || c.old.copies() == 0 {
		return nil // nobody to know
	}
	var what []string
	for _, name := range shared {
		if old, current := ours.Setting(p.old, name), ours.Setting(p.current, name); old != current {
			what = append(what, fmt.Sprintf("%s %q → %q", name, old, current))
		}
	}
	if change := passwordChange(c, p); change != "" {
		what = append(what, change)
	}
	if len(what) == 0 {
		return nil
	}
	return []finding.Finding{strangers.On(p.old.ID(), "spec.template",
		strings.Join(what, ", ")+": old and new pods do not know each other", strangersRemedy(c, p))}
}

// passwordChange says how the password changes; nothing if it stays, as far as
// can be seen.
func passwordChange(c change, p pair) string {
	const name = "password"
	old, current := volume(p.old, name), volume(p.current, name)
	before, after := old.Text("secret", "secretName"), current.Text("secret", "secretName")
	switch {
	case before != after:
		return fmt.Sprintf("Secret %q → %q", before, after)
	case !same(field(old, "secret", "items"), field(current, "secret", "items")):
		return "another key of Secret " + before
	}
	// Without a checksum it is generated, and Helm keeps it.
	sumBefore, sumAfter := checksum(p.old), checksum(p.current)
	if sumBefore == sumAfter {
		return ""
	}
	if one, both := secretData(c.old, before), secretData(c.current, before); one != "" && one == both {
		return ""
	}
	return "another password in Secret " + before
}

func checksum(o manifest.Object) string {
	return o.Text("spec", "template", "metadata", "annotations", checksumField)
}

// secretData is what a Secret of the release holds; nothing if it is not there.
func secretData(r release, name string) string {
	for _, o := range r.objects {
		if o.Kind() == "Secret" && o.Name() == name {
			return text(field(o, "data"))
		}
	}
	return ""
}

func strangersRemedy(c change, p pair) string {
	if !durable(p.old) {
		return "keep it; the master keeps nothing on disk, so that the data come through only in a second release that they are moved to"
	}
	first := ""
	if _, ok := c.old.of(ours.Sentinel); ok {
		first = "switch sentinel.enabled off in an upgrade of its own; "
	}
	return "keep it; or, while clients do not write: " + first + scaledDown(c, p) + "then upgrade"
}
