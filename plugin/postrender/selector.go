package postrender

import (
	"slices"

	"github.com/helm-valkey/helm-valkey/plugin/manifest"
)

// matchesAll says whether labels have every one of the pairs.
func matchesAll(labels, pairs map[string]string) bool {
	for key, value := range pairs {
		if has, ok := labels[key]; !ok || has != value {
			return false
		}
	}
	return true
}

// selects says whether a selector with matchLabels and matchExpressions takes
// the labels. An empty one takes all.
func selects(selector manifest.Object, labels map[string]string) bool {
	if !matchesAll(labels, selector.Texts("matchLabels")) {
		return false
	}
	for _, e := range selector.Parts("matchExpressions") {
		value, has := labels[e.Text("key")]
		in := has && slices.Contains(e.List("values"), any(value))
		switch e.Text("operator") {
		case "In":
			if !in {
				return false
			}
		case "NotIn":
			if in {
				return false
			}
		case "Exists":
			if !has {
				return false
			}
		case "DoesNotExist":
			if has {
				return false
			}
		}
	}
	return true
}
