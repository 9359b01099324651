// Package ours tells the objects of this chart from those of others.
package ours

import (
	"bytes"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/manifest"
)

// The label of the chart on all of its objects: its name, and a version.
const (
	chartLabel = "helm.sh/chart"
	chartName  = "valkey-"
)

// Is says whether an object was rendered by this chart. Its name label follows
// nameOverride, the label of the chart does not.
func Is(o manifest.Object) bool {
	version, ok := strings.CutPrefix(o.Label(chartLabel), chartName)
	return ok && startsLikeVersion(version)
}

func startsLikeVersion(text string) bool {
	return text != "" && text[0] >= '0' && text[0] <= '9'
}

// MayBeIn says whether objects of this chart may be in the document. Others need
// not be parsed, which takes most of the time.
func MayBeIn(d manifest.Document) bool {
	for rest := d.Bytes; ; {
		at := bytes.Index(rest, []byte(chartName))
		if at < 0 {
			return d.Hides()
		}
		rest = rest[at+len(chartName):]
		if startsLikeVersion(string(rest[:min(1, len(rest))])) {
			return true
		}
	}
}
