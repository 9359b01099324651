// Package values reads values as Helm does, and remembers who wrote what.
package values

import "github.com/helm-valkey/helm-valkey/plugin/finding"

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

	files    []*Document
	flags    []layer
	defaults *Document
}

// Read reads files and flags in Helm's order and lays them over the defaults.
func Read(o Options, defaults *Document, read ReadFile) (*Values, error) {
	v := &Values{defaults: defaults}
	user := map[string]any{}
	for _, name := range o.Files {
		data, err := read(name)
		if err != nil {
			return nil, err
		}
		d := Parse(name, data)
		v.files = append(v.files, d)
		v.Problems = append(v.Problems, d.Problems...)
		v.Broken = v.Broken || d.Values == nil
		user = mergeFiles(user, d.Values)
	}
	var err error
	if v.flags, err = o.apply(user, read); err != nil {
		return nil, err
	}
	v.Merged = coalesce(user, defaults.Values)
	return v, nil
}

// Has says whether there is a value at the path, and it is not null.
func (v *Values) Has(p Path) bool { return reaches(v.Merged, p) }

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
	if len(v.files) > 0 {
		at, _ := v.files[len(v.files)-1].position(nil, keyPart)
		return at
	}
	if len(v.flags) > 0 {
		return flagPosition(v.flags[len(v.flags)-1].text)
	}
	at, _ := v.defaults.position(nil, keyPart)
	return at
}

// written finds the last flag or file of the user's that wrote the path.
func (v *Values) written(p Path, want part) (finding.Position, bool) {
	for i := len(v.flags) - 1; i >= 0; i-- {
		if v.flags[i].sets(p) {
			return flagPosition(v.flags[i].text), true
		}
	}
	for i := len(v.files) - 1; i >= 0; i-- {
		if at, ok := v.files[i].position(p, want); ok {
			return at, true
		}
	}
	return finding.Position{}, false
}
