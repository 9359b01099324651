// Package chart carries the Helm chart inside a Go binary, so that the plugin
// lints against exactly the chart it was released with.
package chart

import "embed"

// Files is the chart as Helm reads it: Chart.yaml, values.yaml,
// values.schema.json, templates and the value rules.
//
//go:embed Chart.yaml values.yaml values.schema.json all:templates rules
var Files embed.FS
