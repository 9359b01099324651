// Package patch changes rendered objects by patches from files, which are
// templates over the object and its release.
package patch

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/manifest"
	"github.com/helm-valkey/helm-valkey/plugin/ours"
)

// Set is all patches of a folder.
type Set struct {
	patches   []*patch
	namespace string
}

// Load reads the patches of a folder: its files *.yaml and *.yml, in the
// order of their names. Objects that name no namespace are in the given one.
func Load(folder, namespace string) (*Set, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("read the patches: %w", err)
	}
	s := &Set{namespace: namespace}
	var problems []error
	for _, entry := range entries {
		if kind := filepath.Ext(entry.Name()); entry.IsDir() || kind != ".yaml" && kind != ".yml" {
			continue
		}
		name := filepath.Join(folder, entry.Name())
		text, err := os.ReadFile(name)
		if err != nil {
			problems = append(problems, fmt.Errorf("read a patch: %w", err))
			continue
		}
		p, err := parse(name, text)
		problems = append(problems, err)
		s.patches = append(s.patches, p)
	}
	if len(s.patches) == 0 && len(problems) == 0 {
		return nil, fmt.Errorf("no patches in %s: they are files *.yaml or *.yml", folder)
	}
	return s, errors.Join(problems...)
}

// Unmatched finds the patches that no object was for.
func (s *Set) Unmatched() []finding.Finding {
	var found []finding.Finding
	for _, p := range s.patches {
		if !p.matched {
			found = append(found, unmatched.At(p.place, "target", "no object in the stream is like this", "correct the target, or remove the patch"))
		}
	}
	return found
}

// Apply returns the document with its objects patched, and what could not be. Where
// nothing changes, the bytes stay as they are; otherwise the document's content is
// written anew, with the comments before it and without those in it.
func (s *Set) Apply(d manifest.Document) (manifest.Document, []finding.Finding, error) {
	if !s.mayMatch(d) {
		return d, nil, nil
	}
	if err := d.Alone(); err != nil {
		return d, nil, err
	}
	text, err := yaml.YAMLToJSON(d.Bytes)
	if err != nil {
		return d, nil, fmt.Errorf("read the document at line %d: %w", d.Line, err)
	}
	top, err := decode(text)
	if err != nil {
		return d, nil, fmt.Errorf("read the document at line %d: %w", d.Line, err)
	}
	w := work{set: s}
	top = w.objects(top, "", "")
	if !w.changed {
		return d, w.found, nil
	}
	body, err := encode(top)
	return d.With(body), w.found, err
}

func (s *Set) mayMatch(d manifest.Document) bool {
	for _, p := range s.patches {
		if p.target.mayBeIn(d) {
			return true
		}
	}
	return false
}

// work is what is done to one document.
type work struct {
	set     *Set
	found   []finding.Finding
	changed bool
}

// objects patches an object, or the items of a list; those without a kind have it
// from the list.
func (w *work) objects(top any, version, kind string) any {
	fields, ok := top.(map[string]any)
	if !ok {
		return top
	}
	o := manifest.NewObject(fields)
	if o.Kind() == "" && o.Text("apiVersion") == "" && kind != "" {
		fields["apiVersion"], fields["kind"] = version, kind
	}
	items, isList := fields["items"].([]any)
	if !isList {
		return w.object(fields)
	}
	for i, item := range items {
		items[i] = w.objects(item, o.Text("apiVersion"), strings.TrimSuffix(o.Kind(), "List"))
	}
	return fields
}

func (w *work) object(fields map[string]any) map[string]any {
	for _, p := range w.set.patches {
		o := manifest.NewObject(fields)
		namespace := o.Namespace()
		if namespace == "" {
			namespace = w.set.namespace
		}
		if !p.target.matches(o, namespace) {
			continue
		}
		p.matched = true
		release := releaseData{Name: o.Label(ours.InstanceLabel), Namespace: namespace}
		patched, place, err := p.apply(fields, release)
		if err != nil {
			f := inapplicable.At(place, "patch", err.Error(), "correct the patch, or its target")
			f.Object = o.ID()
			w.found = append(w.found, f)
			continue
		}
		if patched != nil {
			fields, w.changed = patched, true
		}
	}
	return fields
}
