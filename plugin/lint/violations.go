package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/spelling"
	"github.com/helm-valkey/helm-valkey/plugin/values"
	"github.com/helm-valkey/helm-valkey/schema"
)

var ruleOfKind = map[schema.Kind]finding.Rule{
	schema.UnknownKey: unknownKey,
	schema.MissingKey: missingKey,
	schema.WrongType:  wrongType,
	schema.NotAllowed: notAllowed,
	schema.OutOfRange: outOfRange,
	schema.WrongForm:  wrongForm,
	schema.Combined:   combined,
}

// schemaFindings are what the schema refuses. What a rule of the chart refuses
// with its own words is left out, and so is a key that is missing because it is
// misspelt.
func (c *Chart) schemaFindings(v *values.Values, violations []schema.Violation, byRules []finding.Finding) ([]finding.Finding, error) {
	said := map[string]bool{}
	for _, f := range byRules {
		if f.Severity == finding.Error {
			said[f.Path] = true
		}
	}
	unknown, meant, err := c.unknownKeys(v, violations)
	if err != nil {
		return nil, err
	}
	found, err := c.otherChartFinding(v, unknown)
	if err != nil {
		return nil, err
	}
	found = append(found, unknown...)
	odd := readings(v)
	for _, violation := range violations {
		path := values.Path(violation.Path)
		switch {
		case violation.Kind == schema.UnknownKey:
		case violation.Kind == schema.WrongType && v.Has(path):
			found = append(found, valueFinding(v, violation, odd))
		case said[path.String()]:
		case violation.Kind == schema.MissingKey && meant[path.String()]:
		case violation.Kind == schema.MissingKey:
			found = append(found, missingKey.At(v.Key(path), path[:len(path)-1].String(), violation.Message, violation.Fix))
		default:
			found = append(found, valueFinding(v, violation, odd))
		}
	}
	return found, nil
}

// unknownKeys are the findings of keys that the schema does not know. Its second
// result are the paths that they were most likely meant to be.
func (c *Chart) unknownKeys(v *values.Values, violations []schema.Violation) ([]finding.Finding, map[string]bool, error) {
	var found []finding.Finding
	meant := map[string]bool{}
	otherwise := keysReadOtherwise(v)
	for _, violation := range violations {
		if violation.Kind != schema.UnknownKey {
			continue
		}
		path := values.Path(violation.Path)
		var suggested []values.Path
		if len(found) < patience {
			speller, err := c.speller()
			if err != nil {
				return nil, nil, err
			}
			suggested = speller.suggest(path, v.At(path))
		}
		for _, s := range suggested {
			meant[s.String()] = true
		}
		found = append(found, c.unknownKey(v, violation, suggested, otherwise[path.String()]))
	}
	return found, meant, nil
}

// keysReadOtherwise is what there is to say of keys that are others to Helm, by
// their paths.
func keysReadOtherwise(v *values.Values) map[string]string {
	all := map[string]string{}
	for _, p := range v.Problems {
		if p.Kind == values.KeyReadAs {
			all[p.Path.String()] = ": " + p.Message
		}
	}
	return all
}

func (c *Chart) unknownKey(v *values.Values, violation schema.Violation, suggested []values.Path, otherwise string) finding.Finding {
	path := values.Path(violation.Path)
	parent, key := path[:len(path)-1], path[len(path)-1]
	message, fix := violation.Message+didYouMean(key, suggested)+otherwise, c.knownKeys(parent)
	if reason := notHere[strings.Join(path, ".")]; reason != "" {
		message, fix = violation.Message+": "+reason, "take it out"
	} else if len(suggested) > 0 {
		fix = "write " + either(texts(suggested))
	}
	at := v.Key(path)
	if slices.ContainsFunc(suggested, func(p values.Path) bool { return isSecret(v, p) }) {
		at = withoutText(at)
	}
	return unknownKey.At(at, parent.String(), message, fix)
}

func texts(paths []values.Path) []string {
	var all []string
	for _, p := range paths {
		all = append(all, p.String())
	}
	return all
}

// readings are the values that Helm reads otherwise than they are written, by
// their places.
func readings(v *values.Values) map[finding.Position]values.Scalar {
	all := map[finding.Position]values.Scalar{}
	for _, s := range v.Scalars() {
		all[s.Position] = s
	}
	return all
}

// valueFinding is the finding of a value that the schema refuses. Where Helm
// reads it as another one than is written, it says so.
func valueFinding(v *values.Values, violation schema.Violation, readings map[finding.Position]values.Scalar) finding.Finding {
	path := values.Path(violation.Path)
	message, fix := violation.Message, violation.Fix
	at := v.Value(path)
	reading, odd := readings[at]
	value, isText := v.At(path).(string)
	near := spelling.Nearest(value, violation.Allowed)
	switch {
	case odd && reading.Read != nil:
		message, fix = message+": "+readSentence(v, path, reading), "put quotes around the value"
	case violation.Kind != schema.WrongType && isSecret(v, path):
		message = "the value is not of the form that is asked for"
	case isText && len(near) > 0:
		message, fix = message+fmt.Sprintf("; did you mean %q?", near[0]), "write "+near[0]
	}
	return ruleOfKind[violation.Kind].At(at, path.String(), message, fix)
}

// readSentence says what Helm reads the value at the path as.
func readSentence(v *values.Values, path values.Path, s values.Scalar) string {
	if isSecret(v, path) {
		return "Helm reads it as another one than is written"
	}
	return fmt.Sprintf("Helm reads %s as %s", s.Written, s.ReadAs())
}

// fewKeys is how many keys a fix lists.
const fewKeys = 16

// knownKeys lists the keys that the schema has at a place.
func (c *Chart) knownKeys(parent values.Path) string {
	speller, err := c.speller()
	if err != nil {
		return ""
	}
	keys := speller.outline.Keys(parent)
	if len(keys) == 0 {
		return ""
	}
	if len(keys) > fewKeys {
		return `remove it, or correct it; "helm show values" prints the keys that there are`
	}
	return "remove it, or correct it; the keys here are " + strings.Join(keys, ", ")
}
