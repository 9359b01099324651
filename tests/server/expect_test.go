//go:build server

package server

import (
	"fmt"
	"strings"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// expectAnswers returns nil if the pod's peers are exactly these, with these
// answers.
func expectAnswers(status release.Status, want map[string]string) error {
	got := map[string]string{}
	for _, peer := range status.Peers {
		got[peer.Name] = peer.Answer
	}
	for name, answer := range want {
		if got[name] != answer {
			return fmt.Errorf("%s says that the answer of %s is %q, not %q", status.Pod, name, got[name], answer)
		}
	}
	if len(got) != len(want) {
		return fmt.Errorf("%s knows the peers %v", status.Pod, got)
	}
	return nil
}

// named is the name of a case with commands sent one by one, or several in one go.
func named(name string, depth int) string {
	if depth > 1 {
		return fmt.Sprintf("%s, %d commands at a time", name, depth)
	}
	return name
}

func mentions(text, part string) error {
	if !strings.Contains(text, part) {
		return fmt.Errorf("%q does not mention %q", text, part)
	}
	return nil
}
