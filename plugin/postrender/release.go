package postrender

import (
	"fmt"
	"slices"

	"github.com/helm-valkey/helm-valkey/plugin/manifest"
	"github.com/helm-valkey/helm-valkey/plugin/ours"
)

// Ports of the server's container.
const (
	serverPort = "valkey"
	proxyPort  = "proxy"
)

// release is one release of this chart as it was rendered.
type release struct {
	objects []manifest.Object
}

// key tells the releases in one stream apart.
func key(o manifest.Object) string {
	return fmt.Sprintf("%s/%s/%s", o.Namespace(), o.Label(ours.InstanceLabel), o.Label(ours.NameLabel))
}

// of returns the objects of a kind.
func (r release) of(kind string) []manifest.Object {
	var all []manifest.Object
	for _, o := range r.objects {
		if o.Kind() == kind {
			all = append(all, o)
		}
	}
	return all
}

// servers returns the StatefulSets of a role.
func (r release) servers(role string) []manifest.Object {
	var all []manifest.Object
	for _, o := range r.of("StatefulSet") {
		if component(o) == role {
			all = append(all, o)
		}
	}
	return all
}

// running returns the StatefulSets of all roles, which run the entrypoint.
func (r release) running() []manifest.Object {
	return slices.Concat(r.servers(ours.Master), r.servers(ours.Replica), r.servers(ours.Sentinel))
}

// component of an object; of a StatefulSet that lost its label, that of its
// pods.
func component(o manifest.Object) string {
	if c := o.Label(ours.ComponentLabel); c != "" {
		return c
	}
	return o.Text("spec", "template", "metadata", "labels", ours.ComponentLabel)
}

func replicas(o manifest.Object) int { return int(o.Number(1, "spec", "replicas")) }

// podSet is pods that are made alike.
type podSet struct {
	owner  manifest.Object
	labels map[string]string
	spec   manifest.Object
	count  int
}

// serves says whether the pods are the servers of a role.
func (p podSet) serves(role string) bool {
	return p.owner.Kind() == "StatefulSet" && component(p.owner) == role
}

// targeted says whether a port of a Service leads to the server's container's
// port of a name.
func (p podSet) targeted(service manifest.Object, name string) bool {
	container, _ := ours.Server(p.owner)
	for _, port := range service.Parts("spec", "ports") {
		target := port.Text("targetPort")
		if target == "" {
			target = port.Text("port")
		}
		for _, of := range container.Parts("ports") {
			if of.Text("name") == name && (target == name || target == of.Text("containerPort")) {
				return true
			}
		}
	}
	return false
}

// pods returns all pods of the release.
func (r release) pods() []podSet {
	var all []podSet
	for _, o := range r.objects {
		switch o.Kind() {
		case "Pod":
			all = append(all, podSet{o, o.Texts("metadata", "labels"), o.Part("spec"), 1})
		case "StatefulSet", "Deployment", "ReplicaSet", "DaemonSet", "Job":
			template := o.Part("spec", "template")
			all = append(all, podSet{o, template.Texts("metadata", "labels"), template.Part("spec"), replicas(o)})
		}
	}
	return all
}
