package upgrade

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/manifest"
	"github.com/helm-valkey/helm-valkey/plugin/ours"
)

// dataVolume is the name of the data's volume, and of the template of its claims.
const dataVolume = "data"

// release is one release of this chart, before or after the upgrade.
type release struct {
	objects []manifest.Object
	names   map[finding.Object]manifest.Object // the same
	live    map[finding.Object]manifest.Object // those of them that are known to be in the cluster
}

// with is the release with one more object. Of two with one name the first counts.
func (r release) with(o manifest.Object) release {
	if r.names == nil {
		r.names = map[finding.Object]manifest.Object{}
	}
	if _, twice := r.names[o.ID()]; !twice {
		r.names[o.ID()] = o
	}
	r.objects = append(r.objects, o)
	return r
}

// of returns the StatefulSet of a role.
func (r release) of(role string) (manifest.Object, bool) {
	for _, o := range r.objects {
		if o.Kind() == "StatefulSet" && o.Label(ours.ComponentLabel) == role {
			return o, true
		}
	}
	return manifest.Object{}, false
}

// named returns the object of the same kind and name as another.
func (r release) named(like manifest.Object) (manifest.Object, bool) {
	o, ok := r.names[like.ID()]
	return o, ok
}

// there is the release as it is in the cluster.
func (r release) there() release {
	in := release{live: r.live}
	for _, o := range r.objects {
		if live, ok := r.live[o.ID()]; ok {
			in = in.with(live)
		}
	}
	return in
}

// copies is how many pods hold the data besides the one that is master.
func (r release) copies() int {
	n := -1
	for _, role := range []string{ours.Master, ours.Replica} {
		if o, ok := r.of(role); ok {
			n += r.replicas(o)
		}
	}
	return max(0, n)
}

// replicas is how many pods a StatefulSet has: somebody may have scaled it.
func (r release) replicas(o manifest.Object) int {
	if there, ok := r.live[o.ID()]; ok {
		o = there
	}
	return int(o.Number(1, "spec", "replicas"))
}

// volume returns a volume of the pods; without fields if there is none.
func volume(o manifest.Object, name string) manifest.Object {
	found, _ := o.Item(name, "spec", "template", "spec", "volumes")
	return found
}

// claimTemplate is the template of the data's volume claims.
func claimTemplate(o manifest.Object) (manifest.Object, bool) {
	for _, c := range o.Parts("spec", "volumeClaimTemplates") {
		if c.Name() == dataVolume {
			return c, true
		}
	}
	return manifest.Object{}, false
}

// existingClaim is the volume claim that the pods mount as it is.
func existingClaim(o manifest.Object) string {
	return volume(o, dataVolume).Text("persistentVolumeClaim", "claimName")
}

// What a pod keeps data on, in words.
const (
	claimOfEach = "a volume claim of each pod"
	noVolume    = "no volume"
)

// dataField is where the data's volume is in a StatefulSet.
const dataField = "spec.template.spec.volumes[data]"

// dataOf says what a StatefulSet's pods keep their data on.
func dataOf(o manifest.Object) string {
	if _, ok := claimTemplate(o); ok {
		return claimOfEach
	}
	if claim := existingClaim(o); claim != "" {
		return "claim " + claim
	}
	return noVolume
}

// modeVariable says how the server writes data to disk.
const modeVariable = "ENTRYPOINT_PERSISTENCE"

// durable says whether data outlive the pods of a StatefulSet on disk.
func durable(o manifest.Object) bool {
	return dataOf(o) != noVolume && ours.Setting(o, modeVariable) != "none"
}

// restarts says whether the pods of a StatefulSet are replaced.
func restarts(old, current manifest.Object) bool {
	return !same(field(old, "spec", "template"), field(current, "spec", "template"))
}

func field(o manifest.Object, path ...string) any {
	value, _ := o.Value(path...)
	return value
}

// same compares fields as they are written to JSON: there is no other order of
// keys, and no difference between nothing and an empty list or map, which the
// API server does not keep either.
func same(a, b any) bool { return text(a) == text(b) }

func text(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		return "" // of what was read from YAML, all can be written
	}
	if s := string(data); s != "null" && s != "{}" && s != "[]" {
		return s
	}
	return ""
}

// shownChange is a change in a message; of fields with fields in them, those that
// change.
func shownChange(old, current any) string {
	before, isTable := old.(map[string]any)
	after, isToo := current.(map[string]any)
	if !isTable && !isToo {
		return shown(old) + " → " + shown(current)
	}
	names := map[string]bool{}
	for name := range before {
		names[name] = true
	}
	for name := range after {
		names[name] = true
	}
	var changes []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !same(before[name], after[name]) {
			changes = append(changes, name+": "+shownChange(before[name], after[name]))
		}
	}
	return strings.Join(changes, ", ")
}

// longest is how much of a value is shown.
const longest = 60

// shown is a value in a message.
func shown(value any) string {
	s := text(value)
	if s == "" {
		return "nothing"
	}
	if runes := []rune(s); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return s
}

// containerField is where the server's container is in a StatefulSet.
const containerField = "spec.template.spec.containers[valkey]"

func imageName(o manifest.Object) string {
	container, _ := ours.Server(o)
	return container.Text("image")
}
