// Package values reads values as Helm does, and remembers who wrote what.
package values

import (
	"fmt"
	"strconv"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

// ReadFile reads a file that a flag names.
type ReadFile func(name string) ([]byte, error)

// Values are a user's values over a chart's defaults.
type Values struct {
	// Merged is what the chart's templates see.
	Merged map[string]any
	// Problems of the files as YAML.
	Problems []Problem
	// Broken says that Helm could not read a file, so that Merged is not what
	// the user meant.
	Broken bool

	// Files are the values files, in their order.
	Files []*Document

	user     map[string]any // of all files and flags
	flags    []layer
	defaults *Document
}

// Read reads files and flags in Helm's order and lays them over the defaults.
func Read(o Options, defaults *Document, read ReadFile) (*Values, error) {
	v := &Values{defaults: defaults, user: map[string]any{}}
	for _, name := range o.Files {
		data, err := read(name)
		if err != nil {
			return nil, err
		}
		d := Parse(name, data)
		if d.large {
			return nil, fmt.Errorf("%s: more than %d keys and values: split the file, and check one part of it at a time", name, mostNodes)
		}
		v.Files = append(v.Files, d)
		v.Problems = append(v.Problems, d.Problems...)
		v.Broken = v.Broken || d.Values == nil
		v.user = mergeFiles(v.user, d.Values)
	}
	var err error
	if v.flags, err = o.apply(v.user, read); err != nil {
		return nil, err
	}
	v.Merged = coalesce(v.user, defaults.Values)
	return v, nil
}

// Has says whether there is a value at the path, and it is not null.
func (v *Values) Has(p Path) bool { return v.At(p) != nil }

// At is the value at the path, nil if there is none.
func (v *Values) At(p Path) any {
	value, _ := at(v.Merged, p)
	return value
}

// Given are the values of all files and flags, without the chart's defaults.
func (v *Values) Given() map[string]any { return v.user }

// Alone says whether the values are those of one file and nothing else.
func (v *Values) Alone() bool { return len(v.Files) == 1 && len(v.flags) == 0 && !v.Broken }

// Scalars are what stands in the files and is another value to Helm.
func (v *Values) Scalars() []Scalar {
	var all []Scalar
	for _, d := range v.Files {
		all = append(all, d.Scalars...)
	}
	return all
}

// Walk visits all values that are no mappings or lists themselves, in an order
// of its own. The path is another one after the visit.
func (v *Values) Walk(visit func(path Path, value any)) { walk(nil, v.Merged, visit) }

func walk(path Path, value any, visit func(Path, any)) {
	switch value := value.(type) {
	case map[string]any:
		for key, item := range value {
			walk(append(path, key), item, visit)
		}
	case []any:
		for i, item := range value {
			walk(append(path, strconv.Itoa(i)), item, visit)
		}
	default:
		visit(path, value)
	}
}

// Value is the place of the value at the path: where the last one wrote it.
// A value that nobody wrote has the place of the nearest mapping around it.
func (v *Values) Value(p Path) finding.Position { return v.place(p, valuePart) }

// Key is the place of the key at the end of the path.
func (v *Values) Key(p Path) finding.Position { return v.place(p, keyPart) }

func (v *Values) place(p Path, want part) finding.Position {
	if at, ok := v.written(p, want); ok {
		return at
	}
	for n := len(p) - 1; n > 0; n-- {
		if at, ok := v.written(p[:n], keyPart); ok {
			return at
		}
	}
	for n := len(p); n > 0; n-- {
		if at, ok := v.defaults.position(p[:n], want); ok {
			return at
		}
	}
	if len(v.Files) > 0 {
		at, _ := v.Files[len(v.Files)-1].position(nil, keyPart)
		return at
	}
	if len(v.flags) > 0 {
		return flagPosition(v.flags[len(v.flags)-1].text)
	}
	at, _ := v.defaults.position(nil, keyPart)
	return at
}

// written finds the last flag or file of the user's that wrote the path. What
// an earlier one wrote and a later one replaced (a list, for one) is not there.
func (v *Values) written(p Path, want part) (finding.Position, bool) {
	if !exists(v.user, p) {
		return finding.Position{}, false
	}
	for i := len(v.flags) - 1; i >= 0; i-- {
		if exists(v.flags[i].values, p) && !v.flags[i].fills(p) {
			return flagPosition(v.flags[i].text), true
		}
	}
	for i := len(v.Files) - 1; i >= 0; i-- {
		if at, ok := v.Files[i].position(p, want); ok {
			return at, true
		}
	}
	return finding.Position{}, false
}
