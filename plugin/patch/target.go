package patch

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/manifest"
)

// target says which objects a patch is for.
type target struct {
	APIVersion string            `yaml:"apiVersion"`
	Kind       string            `yaml:"kind"`
	Name       string            `yaml:"name"`
	Namespace  string            `yaml:"namespace"`
	Labels     map[string]string `yaml:"labels"`
}

func (t target) check() error {
	patterns := []string{t.APIVersion, t.Kind, t.Name, t.Namespace}
	for _, pattern := range t.Labels {
		patterns = append(patterns, pattern)
	}
	if strings.Join(patterns, "") == "" && len(t.Labels) == 0 {
		return errors.New("it names nothing: give a kind, a name, a namespace or labels")
	}
	for _, pattern := range patterns {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("%q is no pattern: a [ needs its ], and a \\ something behind it", pattern)
		}
	}
	return nil
}

// mayBeIn says whether an object of the target may be in the document: others need
// not be parsed.
func (t target) mayBeIn(d manifest.Document) bool {
	return strings.ContainsAny(t.Kind, `*?[\`) || d.MayHold(t.Kind)
}

func (t target) matches(o manifest.Object, namespace string) bool {
	return matches(t.APIVersion, o.Text("apiVersion")) && matches(t.Kind, o.Kind()) && matches(t.Name, o.Name()) &&
		matches(t.Namespace, namespace) && t.matchesLabels(o)
}

func (t target) matchesLabels(o manifest.Object) bool {
	labels := o.Texts("metadata", "labels")
	for key, pattern := range t.Labels {
		if value, ok := labels[key]; !ok || !matches(pattern, value) {
			return false
		}
	}
	return true
}

// matches says whether the pattern, checked before, matches all of the text. None
// matches any.
func matches(pattern, text string) bool {
	matched, _ := path.Match(pattern, text)
	return matched || pattern == ""
}
