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

// fills says whether the path is a place in a list that the flag only filled
// with null, because it sets one behind it.
func (l layer) fills(p Path) bool {
	if len(p) == 0 {
		return true
	}
	value, _ := at(l.values, p)
	parent, _ := at(l.values, p[:len(p)-1])
	_, inList := parent.([]any)
	return inList && value == nil
}

// exists says whether there is a value at the path, be it null.
func exists(top map[string]any, p Path) bool {
	_, ok := at(top, p)
	return ok
}

// at returns the value at the path, and whether there is one. A path may lead on
// from a text to one of its lines, by its number from 0. Whether there are so many
// is not counted: every line may have a finding, and that would be quadratic.
func at(top any, p Path) (any, bool) {
	for _, step := range p {
		switch here := top.(type) {
		case map[string]any:
			next, ok := here[step]
			if !ok {
				return nil, false
			}
			top = next
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(here) {
				return nil, false
			}
			top = here[i]
		case string:
			if i, err := strconv.Atoi(step); err != nil || i < 0 {
				return nil, false
			}
		default:
			return nil, false
		}
	}
	return top, true
}
