package digest

import (
	"fmt"
	"regexp"
	"strings"
)

// image is a reference to an image, taken apart. The library that container
// engines use for it takes a millisecond at every start of the plugin.
type image struct {
	name   string // in full: docker.io/library/nginx
	tag    string // may be empty
	digest string // may be empty
}

const (
	host      = `(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::[0-9]+)?`
	component = `[a-z0-9]+(?:[._-]+[a-z0-9]+)*`
)

var reference = regexp.MustCompile(`^((?:` + host + `/)?` + component + `(?:/` + component + `)*)(?::(\w[\w.-]*))?(?:@(.*))?$`)

func parseImage(text string) (image, error) {
	m := reference.FindStringSubmatch(text)
	if m == nil {
		return image{}, fmt.Errorf("%q is no reference to an image", text)
	}
	i := image{name: inFull(m[1]), tag: m[2], digest: m[3]}
	if strings.Contains(text, "@") {
		if err := checkDigest(i.digest); err != nil {
			return image{}, err
		}
	}
	return i, nil
}

// inFull adds what a name leaves to the container engine.
func inFull(name string) string {
	const hub = "docker.io"
	first, rest, several := strings.Cut(name, "/")
	if !several || !strings.ContainsAny(first, ".:[") && first != "localhost" && first == strings.ToLower(first) {
		first, rest = hub, name
	}
	if first == "index.docker.io" {
		first = hub
	}
	if first == hub && !strings.Contains(rest, "/") {
		rest = "library/" + rest
	}
	return first + "/" + rest
}

// tagged is the name with the tag; none stands for latest.
func (i image) tagged() string {
	if i.tag == "" {
		return i.name + ":latest"
	}
	return i.name + ":" + i.tag
}

// digestLengths are the digits of the digests that registries know.
var digestLengths = map[string]int{"sha256": 64, "sha512": 128}

func checkDigest(text string) error {
	algorithm, digits, _ := strings.Cut(text, ":")
	if length := digestLengths[algorithm]; length > 0 && len(digits) == length && strings.Trim(digits, "0123456789abcdef") == "" {
		return nil
	}
	return fmt.Errorf("%q is no digest: it is sha256: and 64 digits of 0-9 and a-f", text)
}
