package digest

import (
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/manifest"
)

// exampleLock is the lock file that the rules' examples go with.
var exampleLock = "valkey/valkey:9.1.2: sha256:" + strings.Repeat("1", 64)

// Try returns what is found in a rule's example.
func Try(example string) ([]finding.Finding, error) {
	l, err := Parse("images.lock", []byte(exampleLock))
	if err != nil {
		return nil, err
	}
	_, found, err := l.Pin(manifest.Document{Bytes: []byte(example), Line: 1})
	return found, err
}
