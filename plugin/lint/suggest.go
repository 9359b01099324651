package lint

import (
	"cmp"
	"slices"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/spelling"
	"github.com/helm-valkey/helm-valkey/plugin/values"
	"github.com/helm-valkey/helm-valkey/schema"
)

const (
	// suggestions is how many an unknown key gets at most.
	suggestions = 3
	// ambiguous is how many places of one name are too many to suggest any.
	ambiguous = 5
	// patience is how many unknown keys get suggestions, and how many values of
	// a wrong type are put right: a file with more is none for this chart.
	patience = 100
)

// speller knows the chart's keys, and finds what an unknown one was meant for.
type speller struct {
	outline *schema.Outline
	paths   []values.Path
}

func newSpeller(s *schema.Schema) (*speller, error) {
	outline, err := s.Outline()
	if err != nil {
		return nil, err
	}
	sp := &speller{outline: outline}
	outline.Walk(func(path []string) { sp.paths = append(sp.paths, path) })
	slices.SortStableFunc(sp.paths, func(a, b values.Path) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(rank(a), rank(b)))
	})
	return sp, nil
}

// rank puts what belongs to a role before the rest.
func rank(path values.Path) int {
	if i := slices.Index([]string{"master", "replica", "sentinel"}, path[0]); i >= 0 {
		return i
	}
	return 3
}

// suggest finds keys that an unknown key may stand for, the best first: under
// the name that another chart has for it, beside it, or elsewhere.
func (s *speller) suggest(path values.Path, value any) []values.Path {
	if found := renamed(path); found != nil {
		return found
	}
	parent, key := path[:len(path)-1], path[len(path)-1]
	var found []values.Path
	for _, name := range spelling.Nearest(key, s.outline.Keys(parent)) {
		if beside := append(slices.Clone(parent), name); s.fits(beside, value) {
			found = append(found, beside)
		}
	}
	if len(found) == 0 {
		found = s.elsewhere(path, value)
	}
	return found[:min(len(found), suggestions)]
}

// elsewhere finds keys of that name, or nearly so, in other mappings.
func (s *speller) elsewhere(unknown values.Path, value any) []values.Path {
	key := unknown[len(unknown)-1]
	var exact, similar []values.Path
	for _, path := range s.paths {
		name := path[len(path)-1]
		if !s.fits(path, value) || sameOfAnotherRole(path, unknown) {
			continue
		}
		if spelling.Folded(name) == spelling.Folded(key) {
			exact = append(exact, path)
		} else if len(key) <= spelling.LongestWord && spelling.Near(key, name) {
			similar = append(similar, path)
		}
	}
	for _, found := range [][]values.Path{exact, similar} {
		if found = highest(found); len(found) > 0 && len(found) < ambiguous {
			return found
		}
	}
	return nil
}

// sameOfAnotherRole says whether only the role differs. That one role has a key
// deep down does not mean that it was meant for that role.
func sameOfAnotherRole(a, b values.Path) bool {
	return len(a) > 2 && len(a) == len(b) && slices.Equal(a[1:], b[1:])
}

// highest are the first of the paths, which have the fewest steps.
func highest(paths []values.Path) []values.Path {
	return slices.DeleteFunc(slices.Clone(paths), func(p values.Path) bool { return len(p) > len(paths[0]) })
}

// fits says whether a key takes mappings, if the value is one, and others if it
// is none.
func (s *speller) fits(path values.Path, value any) bool {
	types := s.outline.Types(path)
	if len(types) == 0 || value == nil {
		return true
	}
	_, isMapping := value.(map[string]any)
	return slices.Contains(types, "object") == isMapping
}

// didYouMean is what a message says of suggestions, empty if there are none.
func didYouMean(key string, found []values.Path) string {
	var words []string
	for _, path := range found {
		word := `"` + path[len(path)-1] + `"`
		if path[len(path)-1] == key {
			word = path.String()
			if len(path) == 1 {
				word += " at the top level"
			}
		}
		if !slices.Contains(words, word) {
			words = append(words, word)
		}
	}
	if len(words) == 0 {
		return ""
	}
	return "; did you mean " + either(words) + "?"
}

// either lists words with "or" before the last.
func either(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}
