package upgrade

import (
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

// upgradedTo is the line between the old and the new objects of an example.
const upgradedTo = "# upgraded to\n"

// Try returns what is found in a rule's example.
func Try(example string) ([]finding.Finding, error) {
	before, after, _ := strings.Cut(example, upgradedTo)
	old, err := Read(strings.NewReader(before))
	if err != nil {
		return nil, err
	}
	current, err := Read(strings.NewReader(after))
	if err != nil {
		return nil, err
	}
	return Upgrade{Old: old, New: current}.Check(), nil
}

const exampleHead = `kind: StatefulSet
metadata:
  name: demo-valkey-master
  labels: {helm.sh/chart: valkey-0.1.0, app.kubernetes.io/component: master}
`

// example is a rule's example: the master's StatefulSet before and after, each
// with the fields that are given.
func example(old, current string) string {
	return examples([]string{old}, []string{current})
}

// examples is an example of several objects. One that says its kind is used as
// it is.
func examples(old, current []string) string {
	return stream(old) + upgradedTo + stream(current)
}

func stream(objects []string) string {
	var b strings.Builder
	for i, o := range objects {
		if i > 0 {
			b.WriteString("---\n")
		}
		if !strings.HasPrefix(o, "kind:") {
			b.WriteString(exampleHead)
		}
		b.WriteString(strings.TrimSpace(o) + "\n")
	}
	return b.String()
}
