package digest

import (
	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/manifest"
)

var notLocked = finding.Rule{
	ID:       "VK209",
	Severity: finding.Error,
	Title:    "An image is not in the lock file",
	Doc: `With --set-image-digests every image of every pod in the stream is pinned by the
digest that the lock file has for it. A tag can be moved to another image at any time; an
image that is not in the file would be whatever the tag leads to on the day that a node
pulls it. Other charts' objects in the stream count, too.`,
	Bad: []string{`apiVersion: v1
kind: Pod
metadata: {name: demo}
spec:
  containers:
    - {name: side, image: "busybox:1.37"}
`},
	Good: []string{`apiVersion: v1
kind: Pod
metadata: {name: demo}
spec:
  containers:
    - {name: valkey, image: "valkey/valkey:9.1.2"}
`},
}

var otherDigest = finding.Rule{
	ID:       "VK210",
	Severity: finding.Error,
	Title:    "An image has another digest than the lock file says",
	Doc: `The image was pinned already, in the values or by a patch, and not to what the lock
file says. One of the two is out of date; which, only you can know.`,
	Bad: []string{`apiVersion: v1
kind: Pod
metadata: {name: demo}
spec:
  containers:
    - name: valkey
      image: valkey/valkey:9.1.2@sha256:0000000000000000000000000000000000000000000000000000000000000000
`},
	Good: []string{`apiVersion: v1
kind: Pod
metadata: {name: demo}
spec:
  containers:
    - name: valkey
      image: valkey/valkey:9.1.2@sha256:1111111111111111111111111111111111111111111111111111111111111111
`},
}

// Rules are all rules of this package.
func Rules() []finding.Rule { return []finding.Rule{notLocked, otherDigest} }

// exampleLock is the lock file that goes with the examples.
const exampleLock = "valkey/valkey:9.1.2: sha256:1111111111111111111111111111111111111111111111111111111111111111"

// Try returns what is found in a rule's example.
func Try(example string) ([]finding.Finding, error) {
	l, err := Parse("images.lock", []byte(exampleLock))
	if err != nil {
		return nil, err
	}
	_, found, err := l.Pin(manifest.Document{Bytes: []byte(example)})
	return found, err
}
