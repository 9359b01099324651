package patch

import (
	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/manifest"
)

// exampleObject is what the rules' examples are patches of.
const exampleObject = `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: demo-valkey-master, labels: {app.kubernetes.io/instance: demo}}
spec: {replicas: 1}
`

// Try returns what is found in a rule's example.
func Try(example string) ([]finding.Finding, error) {
	p, err := parse("patches/example.yaml", []byte(example))
	if err != nil {
		return nil, err
	}
	s := &Set{patches: []*patch{p}}
	_, found, err := s.Apply(manifest.Document{Bytes: []byte(exampleObject), Line: 1})
	return append(found, s.Unmatched()...), err
}
