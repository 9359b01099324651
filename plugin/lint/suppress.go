package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/values"
)

// mark begins a comment that speaks to the linter.
const mark = "valkey-lint:"

// directive is such a comment: which findings it suppresses.
type directive struct {
	comment values.Comment
	ids     []string
	file    bool // those of the whole file
	reason  string
}

// parseDirective reads "valkey-lint: ignore=VK012,VK015 because …".
func parseDirective(c values.Comment) (directive, error) {
	d := directive{comment: c}
	verb, rest, _ := strings.Cut(strings.TrimSpace(strings.TrimPrefix(c.Text, mark)), "=")
	switch verb = strings.TrimSpace(verb); verb {
	case "ignore":
	case "ignore-file":
		d.file = true
	default:
		return d, fmt.Errorf("%q is neither ignore= nor ignore-file=", verb)
	}
	ids, reason, _ := strings.Cut(rest, "because")
	d.reason = strings.TrimSpace(reason)
	for id := range strings.SplitSeq(ids, ",") {
		if words := strings.Fields(id); len(words) > 0 {
			d.ids = append(d.ids, words[0])
		}
	}
	if len(d.ids) == 0 {
		return d, fmt.Errorf("%s= names no rule", verb)
	}
	return d, nil
}

// covers says whether the finding is one of those that are to be suppressed.
func (d directive) covers(f finding.Finding, id string) bool {
	return f.RuleID == id && f.Position.Name == d.comment.Position.Name && (d.file || f.Position.Line == d.comment.Line)
}

// suppress takes out the warnings that comments in the files suppress, and adds
// what is wrong with these comments.
func (c *Chart) suppress(v *values.Values, found []finding.Finding) []finding.Finding {
	var wrong []finding.Finding
	for _, file := range v.Files {
		for _, comment := range file.Comments(mark) {
			d, err := parseDirective(comment)
			if err != nil {
				wrong = append(wrong, suppression.At(comment.Position, "", err.Error(), "write "+mark+" ignore=RULE because …"))
				continue
			}
			var left []finding.Finding
			left, messages := c.apply(d, v, found)
			found = left
			for _, message := range messages {
				wrong = append(wrong, suppression.At(comment.Position, "", message, ""))
			}
		}
	}
	return append(found, wrong...)
}

// apply takes out what the directive suppresses, and says what is wrong with it.
func (c *Chart) apply(d directive, v *values.Values, found []finding.Finding) ([]finding.Finding, []string) {
	var messages []string
	if d.reason == "" {
		messages = append(messages, "the reason is missing: because …")
	}
	for _, id := range d.ids {
		known := slices.ContainsFunc(c.Rules(), func(r finding.Rule) bool { return r.ID == id })
		covered := func(f finding.Finding) bool { return d.covers(f, id) }
		isError := slices.ContainsFunc(found, func(f finding.Finding) bool { return covered(f) && f.Severity == finding.Error })
		left := slices.DeleteFunc(slices.Clone(found), func(f finding.Finding) bool { return covered(f) && f.Severity == finding.Warning })
		switch {
		case !known:
			messages = append(messages, fmt.Sprintf("there is no rule %s for values", id))
		case isError:
			messages = append(messages, fmt.Sprintf("%s is an error here, and cannot be suppressed: Helm refuses it, too", id))
		case len(left) == len(found) && v.Alone():
			messages = append(messages, fmt.Sprintf("there is no %s here to suppress", id))
		}
		found = left
	}
	return found, messages
}
