package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/values"
)

// trapFindings are values that Helm takes, and hardly anybody means. Where a
// value is wrong anyway, nothing more is said.
func (c *Chart) trapFindings(v *values.Values, wrong map[string]bool) ([]finding.Finding, error) {
	found := modeFindings(v)
	for _, s := range v.Scalars() {
		if wrong[s.Path.String()] || foreign(s.Path) {
			continue
		}
		speller, err := c.speller()
		if err != nil {
			return nil, err
		}
		if s.Read == nil {
			found = append(found, c.nullFindings(v, s, speller.outline.Keys(s.Path))...)
		} else {
			found = append(found, scalarFindings(s, speller.outline.Types(s.Path), readSentence(v, s.Path, s))...)
		}
	}
	return found, nil
}

// foreign says whether a value is for another chart: what is in global is for
// all charts of a release, and this one hardly reads any of it.
func foreign(path values.Path) bool { return len(path) > 1 && path[0] == "global" }

var octalNumber = regexp.MustCompile(`^[-+]?0[0-7_]+$`)

// scalarFindings looks at a value that Helm reads otherwise than it is written,
// where the schema allows these types; it may know of none. The sentence says
// what Helm reads.
func scalarFindings(s values.Scalar, types []string, sentence string) []finding.Finding {
	_, isWord := s.Read.(bool)
	var f finding.Finding
	switch {
	case slices.Contains(types, "string") && !slices.Contains(types, "integer"):
		f = readAs.At(s.Position, s.Path.String(), sentence, "put quotes around the value")
	case isWord && len(types) == 0:
		f = readAs.At(s.Position, s.Path.String(), sentence, fmt.Sprintf("put quotes around the value if it is text, or write %s", s.ReadAs()))
	case octalNumber.MatchString(s.Written) && !isMode(s.Path):
		f = octal.At(s.Position, s.Path.String(), sentence+": a number that begins with 0 is octal", "leave the 0 out")
	default:
		return nil
	}
	return []finding.Finding{f}
}

// nullFindings looks at a null that takes a default away. Written out, it is
// how Helm wants it, but where the chart has keys of its own below.
func (c *Chart) nullFindings(v *values.Values, s values.Scalar, keys []string) []finding.Finding {
	standard := c.Defaults.At(s.Path)
	if v.Has(s.Path) || isEmpty(standard) || s.Written != "" && len(keys) == 0 {
		return nil
	}
	what := "the chart's default"
	if _, isTable := standard.(map[string]any); isTable {
		what = "all of the chart's defaults below it"
	}
	return []finding.Finding{nullDefault.At(v.Key(s.Path), s.Path.String(), "null takes away "+what, "leave the key out to keep it, or give it a value")}
}

func isEmpty(value any) bool {
	switch value := value.(type) {
	case nil:
		return true
	case string:
		return value == ""
	case []any:
		return len(value) == 0
	case map[string]any:
		return len(value) == 0
	}
	return false
}

// decimalModes are modes of files in everyday use, as they look without the 0
// that makes them octal. None of them makes sense as a decimal number.
var decimalModes = []float64{400, 440, 444, 500, 550, 555, 600, 640, 644, 660, 664, 700, 740, 750, 755, 770, 775, 777}

func isMode(path values.Path) bool {
	last := path[len(path)-1]
	return last == "mode" || last == "defaultMode"
}

// modeFindings looks for modes of files that lack the 0.
func modeFindings(v *values.Values) []finding.Finding {
	var found []finding.Finding
	v.Walk(func(path values.Path, value any) {
		mode, isNumber := value.(float64)
		if !isNumber || !isMode(path) || !slices.Contains(decimalModes, mode) {
			return
		}
		path = slices.Clone(path)
		message := fmt.Sprintf("%v is a decimal number, and as the mode of a file 0%s", mode, strconv.FormatInt(int64(mode), 8))
		found = append(found, octal.At(v.Value(path), path.String(), message, fmt.Sprintf("write 0%v", mode)))
	})
	return found
}
