package postrender

import (
	"fmt"
	"maps"
	"slices"

	"github.com/helm-valkey/helm-valkey/plugin/manifest"
	"github.com/helm-valkey/helm-valkey/plugin/spool"
)

// store keeps the objects of this chart until the stream ends: they are checked
// release by release, and a release's may be anywhere in it. A stream can hold
// thousands of releases, so that only where each object is stays in memory.
type store struct {
	kept     spool.Spool
	size     int64
	releases map[string][]part
}

// part is where an object is.
type part struct {
	at     int64
	length int
}

func (s *store) add(o manifest.Object) error {
	text, err := o.JSON()
	if err != nil {
		return fmt.Errorf("keep %s %s: %w", o.Kind(), o.Name(), err)
	}
	if _, err := s.kept.Write(text); err != nil {
		return err
	}
	if s.releases == nil {
		s.releases = map[string][]part{}
	}
	s.releases[key(o)] = append(s.releases[key(o)], part{s.size, len(text)})
	s.size += int64(len(text))
	return nil
}

// keys of the releases, sorted.
func (s *store) keys() []string { return slices.Sorted(maps.Keys(s.releases)) }

// release returns the objects of one, in their order in the stream.
func (s *store) release(key string) (release, error) {
	var r release
	for _, p := range s.releases[key] {
		text := make([]byte, p.length)
		if _, err := s.kept.ReadAt(text, p.at); err != nil {
			return r, fmt.Errorf("read a kept object: %w", err)
		}
		o, err := manifest.ParseObject(text)
		if err != nil {
			return r, fmt.Errorf("read a kept object: %w", err)
		}
		r.objects = append(r.objects, o)
	}
	return r, nil
}

func (s *store) Close() error { return s.kept.Close() }
