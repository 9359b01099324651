package digest

import (
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/manifest"
)

// Pin returns the document with all of its images pinned, and what is wrong with
// those that cannot be. No other byte of it changes.
func (l *Lock) Pin(d manifest.Document) (manifest.Document, []finding.Finding, error) {
	if !d.MayHold("image") {
		return d, nil, nil
	}
	if err := d.Alone(); err != nil {
		return d, nil, err
	}
	var top yaml.Node
	if err := yaml.Unmarshal(d.Bytes, &top); err != nil {
		return d, nil, fmt.Errorf("read the document at line %d: %w", d.Line, err)
	}
	var found []finding.Finding
	text := source{bytes: d.Bytes}
	for _, u := range images(&top) {
		pinned, problem := l.pinned(u)
		switch {
		case problem != nil:
			found = append(found, *problem)
		case pinned != u.text() && !text.replace(u.node, pinned):
			found = append(found, notLocked.On(u.object, u.path, "is written in a way that cannot be pinned", "write the image's name behind its key, on the same line"))
		}
	}
	return manifest.Document{Bytes: text.edited(), Line: d.Line}, found, nil
}

// pinned is an image's reference with its digest.
func (l *Lock) pinned(u use) (string, *finding.Finding) {
	i, err := parseImage(u.text())
	if err != nil {
		f := notLocked.On(u.object, u.path, err.Error()+", and cannot be pinned", "correct it")
		return "", &f
	}
	locked, known := l.digests[i.tagged()]
	if i.digest != "" && i.tag == "" { // a digest alone may be that of any tag
		known = len(l.names[i.name]) > 0
		if l.names[i.name][i.digest] {
			locked = i.digest
		}
	}
	switch {
	case !known:
		f := notLocked.On(u.object, u.path, fmt.Sprintf("image %q is not in %s", u.text(), l.file),
			fmt.Sprintf("add %q with its digest, which \"crane digest %s\" shows", i.tagged(), i.tagged()))
		return "", &f
	case i.digest == "":
		return u.text() + "@" + locked, nil
	case i.digest != locked:
		f := otherDigest.On(u.object, u.path, fmt.Sprintf("image %q has another digest than in %s", u.text(), l.file),
			"take the same one in both places, or leave it out here")
		return "", &f
	}
	return u.text(), nil
}
