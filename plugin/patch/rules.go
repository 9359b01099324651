package patch

import (
	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/manifest"
)

var unmatched = finding.Rule{
	ID:       "VK211",
	Severity: finding.Error,
	Title:    "A patch matches no object",
	Doc: `A patch of --patches whose target is in no object of the stream does nothing: the
name of the release has changed, an object is not rendered with these values, or there is
a misspelling. What it was to protect goes without. Helm 3 gives post-renderers no hooks
(tests among them): a patch of one matches with Helm 4 only.`,
	Bad: []string{`target: {kind: StatefulSet, name: demo-valkey-mastr}
patch: |
  metadata: {annotations: {owner: data}}
`},
	Good: []string{`target: {kind: StatefulSet, name: "*-master"}
patch: |
  metadata: {annotations: {owner: data}}
`},
}

var inapplicable = finding.Rule{
	ID:       "VK212",
	Severity: finding.Error,
	Title:    "A patch cannot be applied",
	Doc: `A patch of --patches matches an object and cannot change it: its template fails (a
value that is not there), what the template writes is no patch, a JSON patch's path is not
in the object, or its test fails. Nothing is passed on then: a half-patched release is worse
than none.`,
	Bad: []string{`target: {kind: StatefulSet}
patch: |
  - {op: replace, path: /spec/replica, value: 1}
`, `target: {kind: StatefulSet}
patch: |
  metadata: {annotations: {owner: {{ .Object.metadata.owner }}}}
`},
	Good: []string{`target: {kind: StatefulSet}
patch: |
  - {op: test, path: /spec/replicas, value: 1}
  - {op: add, path: /metadata/annotations, value: {owner: {{ .Release.Name }}}}
`},
}

// Rules are all rules of this package.
func Rules() []finding.Rule { return []finding.Rule{unmatched, inapplicable} }

// exampleObject is what the examples, which are patches, are for.
const exampleObject = `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: demo-valkey-master, labels: {app.kubernetes.io/instance: demo}}
spec: {replicas: 1}
`

// Try returns what is found in a rule's example.
func Try(example string) ([]finding.Finding, error) {
	p, err := parse("patch.yaml", []byte(example))
	if err != nil {
		return nil, err
	}
	s := &Set{patches: []*patch{p}, namespace: "default"}
	_, found, err := s.Apply(manifest.Document{Bytes: []byte(exampleObject)})
	return append(found, s.Unmatched()...), err
}
