package upgrade

import (
	"fmt"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/manifest"
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

const (
	checksumField = "checksum/password"
	passwordField = "spec.template.spec.volumes[password]"
)

// password is an example's pod with a password of a checksum.
func password(checksum string) string {
	return fmt.Sprintf("spec: {replicas: 2, template: {metadata: {annotations: {%s: %q}}}}", checksumField, checksum)
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
	var found []finding.Finding
	for _, name := range shared {
		if old, current := setting(p.old, name), setting(p.current, name); old != current {
			found = append(found, strangers.On(identity(p.old), containerField+".env["+name+"]",
				fmt.Sprintf("%q → %q: old and new pods do not find each other", old, current), strangersRemedy(c, p)))
		}
	}
	if what := passwordChange(c, p); what != "" {
		found = append(found, strangers.On(identity(p.old), passwordField, what+": old and new pods do not believe each other", strangersRemedy(c, p)))
	}
	return found
}

// passwordChange says how the password changes; nothing if it stays, as far as
// can be seen.
func passwordChange(c change, p pair) string {
	const volumes = "volumes"
	old := part(p.old.Parts("spec", "template", "spec", volumes), "password")
	current := part(p.current.Parts("spec", "template", "spec", volumes), "password")
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
	if _, ok := c.old.of(sentinel); ok {
		first = "switch sentinel.enabled off in an upgrade of its own; "
	}
	scale := ""
	if r, ok := c.old.of(replica); ok {
		scale = fmt.Sprintf("%s scale statefulset %s --replicas=0 while %s-0 is master and clients do not write; ", kubectl(r), r.Name(), p.old.Name())
	}
	return "keep it; or, with an interruption: " + first + scale + "upgrade with --allow " + strangers.ID
}
