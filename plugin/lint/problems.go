package lint

import (
	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/values"
)

// ruleOfProblem are the rules on files as YAML, and what to do about each.
var ruleOfProblem = map[values.ProblemKind]struct {
	rule finding.Rule
	fix  string
}{
	values.Syntax:           {syntax, ""},
	values.SeveralDocuments: {severalDocuments, "make one document of them, or one file of each"},
	values.DuplicateKey:     {duplicateKey, "keep one of them"},
	values.TopLevel:         {topLevel, `write keys and values: "key: value"`},
	values.BehindEnd:        {behindEnd, "take it out, or the end above it"},
	values.KeyReadAs:        {keyReadAs, "put quotes around the key, or correct it"},
	values.MergeOverwrites:  {mergeOverwrites, "write << before the other keys"},
	values.SignOfYAML:       {signOfYAML, "put quotes around the value"},
	values.WrongQuotes:      {wrongQuotes, "use straight quotation marks"},
}

// problemFindings are what is wrong with the files whatever the chart. Where a
// value is wrong anyway, that it is also written oddly is left out; that it is
// there twice is not.
func problemFindings(v *values.Values, wrong map[string]bool) []finding.Finding {
	var found []finding.Finding
	for _, p := range v.Problems {
		odd := p.Kind != values.DuplicateKey && p.Path != nil
		if odd && (wrong[p.Path.String()] || foreign(p.Path)) {
			continue
		}
		r, message := ruleOfProblem[p.Kind], p.Message
		if p.Kind == values.SignOfYAML && isSecret(v, p.Path) {
			message = "it begins with a sign of YAML's own, and Helm drops that"
		}
		found = append(found, r.rule.At(p.Position, p.Path.String(), message, r.fix))
	}
	return found
}
