package digest

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

// use is a place in an object where an image is used.
type use struct {
	object finding.Object
	path   string
	node   *yaml.Node // a scalar, or an alias of one
}

// text is the image's reference.
func (u use) text() string { return scalar(u.node) }

// containerLists are the fields of a pod that list containers.
var containerLists = []string{"containers", "initContainers", "ephemeralContainers"}

// images finds the images of all containers, and those that are volumes, in all
// objects of the document. Pods are in objects of any kind, in those of operators
// too: what lists containers is one.
func images(top *yaml.Node) []use {
	w := walk{seen: map[visit]bool{}}
	for _, n := range top.Content {
		w.objects(n, "")
	}
	return w.uses
}

// walk goes through a document.
type walk struct {
	object finding.Object
	path   []string
	seen   map[visit]bool // aliases may lead to the same a million times
	uses   []use
}

// visit of a node, to look for images at a field below it, or anywhere.
type visit struct {
	node *yaml.Node
	at   string
}

const anywhere = ""

// objects are the items of a list, or the one object.
func (w *walk) objects(n *yaml.Node, kind string) {
	if n.Kind == yaml.AliasNode && !w.first(n.Alias, anywhere) {
		return
	}
	n = resolved(n)
	if own := scalar(field(n, "kind")); own != "" {
		kind = own
	}
	if items := resolved(field(n, "items")); items.Kind == yaml.SequenceNode {
		for _, item := range items.Content {
			w.objects(item, strings.TrimSuffix(kind, "List"))
		}
		return
	}
	metadata := resolved(field(n, "metadata"))
	w.object = finding.Object{Kind: kind, Namespace: scalar(field(metadata, "namespace")), Name: scalar(field(metadata, "name"))}
	w.node(n)
}

// first says whether it is the first visit.
func (w *walk) first(n *yaml.Node, at string) bool {
	before := w.seen[visit{n, at}]
	w.seen[visit{n, at}] = true
	return !before
}

func (w *walk) in(step string, visit func()) {
	w.path = append(w.path, step)
	visit()
	w.path = w.path[:len(w.path)-1]
}

func (w *walk) node(n *yaml.Node) {
	if n.Kind == yaml.AliasNode && !w.first(n.Alias, anywhere) {
		return
	}
	switch n = resolved(n); n.Kind {
	case yaml.SequenceNode:
		for i, item := range n.Content {
			w.in("["+strconv.Itoa(i)+"]", func() { w.node(item) })
		}
	case yaml.MappingNode:
		for pairs := n.Content; len(pairs) > 1; pairs = pairs[2:] {
			w.field(scalar(pairs[0]), pairs[1])
		}
	}
}

func (w *walk) field(key string, value *yaml.Node) {
	w.in("."+key, func() {
		list := resolved(value)
		switch {
		case list.Kind != yaml.SequenceNode:
		case slices.Contains(containerLists, key):
			w.items(list, "image")
		case key == "volumes":
			w.items(list, "image", "reference")
		}
		w.node(value)
	})
}

// items finds the image of each item of a list, at the field.
func (w *walk) items(list *yaml.Node, path ...string) {
	if !w.first(list, strings.Join(path, ".")) {
		return
	}
	for i, item := range list.Content {
		step := scalar(field(resolved(item), "name"))
		if step == "" {
			step = strconv.Itoa(i)
		}
		w.in("["+step+"]", func() { w.at(item, path) })
	}
}

// at finds the image at the field, also where it is merged in, and where the key is
// there twice.
func (w *walk) at(n *yaml.Node, path []string) {
	if len(path) == 0 {
		if scalar(n) != "" && resolved(n).ShortTag() != "!!null" {
			w.uses = append(w.uses, use{w.object, strings.TrimPrefix(strings.Join(w.path, ""), "."), n})
		}
		return
	}
	if n = resolved(n); n.Kind != yaml.MappingNode || !w.first(n, strings.Join(path, ".")) {
		return
	}
	for pairs := n.Content; len(pairs) > 1; pairs = pairs[2:] {
		switch key, value := scalar(pairs[0]), pairs[1]; {
		case key == "<<":
			w.merged(value, path)
		case key == path[0]:
			w.in("."+key, func() { w.at(value, path[1:]) })
		}
	}
}

func (w *walk) merged(n *yaml.Node, path []string) {
	if list := resolved(n); list.Kind == yaml.SequenceNode {
		for _, part := range list.Content {
			w.at(part, path)
		}
		return
	}
	w.at(n, path)
}

// resolved is what an alias leads to.
func resolved(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// field returns the value of a mapping's key, an empty node if there is none.
func field(n *yaml.Node, key string) *yaml.Node {
	if n.Kind == yaml.MappingNode {
		for pairs := n.Content; len(pairs) > 1; pairs = pairs[2:] {
			if scalar(pairs[0]) == key {
				return pairs[1]
			}
		}
	}
	return &yaml.Node{}
}

// scalar is a scalar's text, as Kubernetes reads it.
func scalar(n *yaml.Node) string {
	if n = resolved(n); n.Kind != yaml.ScalarNode {
		return ""
	}
	if n.ShortTag() == "!!binary" {
		text, _ := base64.StdEncoding.DecodeString(n.Value)
		return string(text)
	}
	return n.Value
}
