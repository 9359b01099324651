package values

import (
	"fmt"
	"strconv"

	"helm.sh/helm/v3/pkg/strvals"
)

// Options are the flags with which values are given to Helm.
type Options struct {
	Files   []string // -f
	JSON    []string // --set-json
	Set     []string // --set
	String  []string // --set-string
	File    []string // --set-file
	Literal []string // --set-literal
}

// Empty says that no flag gives any values.
func (o Options) Empty() bool {
	return len(o.Files)+len(o.JSON)+len(o.Set)+len(o.String)+len(o.File)+len(o.Literal) == 0
}

// FlagError is a flag whose text cannot be read as values.
type FlagError struct {
	Flag string
	Err  error
}

func (e *FlagError) Error() string { return fmt.Sprintf("%s: %v", e.Flag, e.Err) }

func (e *FlagError) Unwrap() error { return e.Err }

// layer is one flag: its text, and the values that it alone sets.
type layer struct {
	text   string
	values map[string]any
}

// setter is one kind of flag.
type setter struct {
	flag  string
	texts []string
	parse func(text string, into map[string]any) error
}

// setters are the flags in the order in which Helm applies them.
func (o Options) setters(read ReadFile) []setter {
	fromFile := func(text string, into map[string]any) error {
		return strvals.ParseIntoFile(text, into, func(name []rune) (any, error) {
			data, err := read(string(name))
			return string(data), err
		})
	}
	return []setter{
		{"--set-json", o.JSON, strvals.ParseJSON},
		{"--set", o.Set, strvals.ParseInto},
		{"--set-string", o.String, strvals.ParseIntoString},
		{"--set-file", o.File, fromFile},
		{"--set-literal", o.Literal, strvals.ParseLiteralInto},
	}
}

// apply sets the values of all flags and returns what each of them set.
func (o Options) apply(base map[string]any, read ReadFile) ([]layer, error) {
	var layers []layer
	for _, s := range o.setters(read) {
		for _, text := range s.texts {
			l := layer{text: s.flag + " " + text, values: map[string]any{}}
			if err := s.parse(text, base); err != nil {
				return nil, &FlagError{Flag: l.text, Err: err}
			}
			if err := s.parse(text, l.values); err != nil {
				// The flag only makes sense over what stands below it; then its
				// findings are shown where that stands.
				l.values = map[string]any{}
			}
			layers = append(layers, l)
		}
	}
	return layers, nil
}

// sets says whether the flag wrote the value at the path.
func (l layer) sets(p Path) bool {
	if reaches(l.values, p) {
		return true
	}
	if len(p) == 0 {
		return false
	}
	parent, _ := at(l.values, p[:len(p)-1]).(map[string]any)
	_, isNull := parent[p[len(p)-1]] // in a list, null fills the places before the one that is set
	return isNull
}

// reaches says whether there is a value at the path, and it is not null.
func reaches(top map[string]any, p Path) bool { return at(top, p) != nil }

// at returns the value at the path, nil if there is none.
func at(top any, p Path) any {
	for _, step := range p {
		switch here := top.(type) {
		case map[string]any:
			top = here[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(here) {
				return nil
			}
			top = here[i]
		default:
			return nil
		}
	}
	return top
}
