// Package digest pins the images of rendered objects to the digests of a lock
// file.
package digest

import (
	"errors"
	"fmt"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// Lock says which digest each image has. Its file is a YAML mapping:
//
//	valkey/valkey:9.1.2: sha256:5f6a…
//
// of which a line is written by
//
//	echo "$image: $(crane digest "$image")"
type Lock struct {
	file    string
	digests map[string]string          // by name and tag in full
	names   map[string]map[string]bool // the digests of each name, whatever the tag
}

// Parse reads a lock file, which messages call by its name.
func Parse(name string, data []byte) (*Lock, error) {
	l := &Lock{file: filepath.Base(name), digests: map[string]string{}, names: map[string]map[string]bool{}}
	var top yaml.Node
	if err := yaml.Unmarshal(data, &top); err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(top.Content) != 1 || top.Content[0].Kind != yaml.MappingNode {
		return nil, fmt.Errorf(`read %s: it is no mapping of images to digests: write lines like "valkey/valkey:9.1.2: sha256:…"`, name)
	}
	var problems []error
	for pairs := top.Content[0].Content; len(pairs) > 1; pairs = pairs[2:] {
		if err := l.add(pairs[0].Value, pairs[1].Value); err != nil {
			problems = append(problems, fmt.Errorf("%s:%d: %w", name, pairs[0].Line, err))
		}
	}
	return l, errors.Join(problems...)
}

func (l *Lock) add(text, digest string) error {
	i, err := parseImage(text)
	switch {
	case err != nil:
		return err
	case i.digest != "":
		return fmt.Errorf("%q: leave the digest out of the image's name: it stands behind it", text)
	case l.digests[i.tagged()] != "":
		return fmt.Errorf("%q is there twice: remove one", text)
	}
	if err := checkDigest(digest); err != nil {
		return fmt.Errorf("%q: %w", text, err)
	}
	l.digests[i.tagged()] = digest
	if l.names[i.name] == nil {
		l.names[i.name] = map[string]bool{}
	}
	l.names[i.name][digest] = true
	return nil
}
