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

// place is where a finding of a rule is; line 0 is anywhere in the file.
type place struct {
	file, rule string
	line       int
}

// places are those of the findings of a severity, and their files.
func places(found []finding.Finding, s finding.Severity) map[place]bool {
	all := map[place]bool{}
	for _, f := range found {
		if f.Severity == s {
			all[place{f.Position.Name, f.RuleID, f.Position.Line}] = true
			all[place{f.Position.Name, f.RuleID, 0}] = true
		}
	}
	return all
}

// suppress takes out the warnings that comments in the files suppress, and adds
// what is wrong with these comments.
func (c *Chart) suppress(v *values.Values, found []finding.Finding) []finding.Finding {
	var wrong []finding.Finding
	suppressed := map[place]bool{}
	for _, d := range v.Files {
		comments := d.Comments(mark)
		if len(comments) == 0 {
			continue
		}
		check := suppressor{errors: places(found, finding.Error), warnings: places(found, finding.Warning), alone: v.Alone(), suppressed: suppressed, taken: map[place]finding.Severity{}}
		for _, r := range c.Rules() {
			check.known = append(check.known, r.ID)
		}
		for _, comment := range comments {
			for _, message := range check.apply(comment) {
				wrong = append(wrong, suppression.At(comment.Position, "", message, "write "+mark+" ignore=RULE because …, or take the comment out"))
			}
		}
	}
	left := slices.DeleteFunc(found, func(f finding.Finding) bool {
		return f.Severity == finding.Warning && (suppressed[place{f.Position.Name, f.RuleID, f.Position.Line}] || suppressed[place{f.Position.Name, f.RuleID, 0}])
	})
	return append(left, wrong...)
}

// suppressor holds comments against the findings.
type suppressor struct {
	known            []string // ids of rules
	errors, warnings map[place]bool
	alone            bool // all findings of the file are there
	suppressed       map[place]bool
	taken            map[place]finding.Severity // what take found, by the first of its places
}

// apply notes what the comment suppresses, and says what is wrong with it.
func (s *suppressor) apply(c values.Comment) []string {
	d, err := parseDirective(c)
	if err != nil {
		return []string{err.Error()}
	}
	var messages []string
	if d.reason == "" {
		messages = append(messages, "the reason is missing: because …")
	}
	for _, id := range d.ids {
		if !slices.Contains(s.known, id) {
			messages = append(messages, fmt.Sprintf("there is no rule %s for values", id))
			continue
		}
		switch found := s.take(d, id); {
		case found == finding.Error:
			messages = append(messages, fmt.Sprintf("%s is an error here, and cannot be suppressed: Helm refuses it, too", id))
		case found == "" && s.alone:
			messages = append(messages, fmt.Sprintf("there is no %s here to suppress", id))
		}
	}
	return messages
}

// take suppresses a rule's warnings in the places that a comment is about, and
// returns the worst that the rule finds there. Many comments may be about the
// same thousands of lines, which are looked at once.
func (s *suppressor) take(d directive, id string) finding.Severity {
	at := place{d.comment.Position.Name, id, d.comment.Line}
	if d.file {
		at.line = -1
	}
	if found, ok := s.taken[at]; ok {
		return found
	}
	all := s.places(d, id)
	switch {
	case slices.ContainsFunc(all, func(p place) bool { return s.errors[p] }):
		s.taken[at] = finding.Error
	case slices.ContainsFunc(all, func(p place) bool { return s.warnings[p] }):
		s.taken[at] = finding.Warning
		for _, p := range all {
			s.suppressed[p] = true
		}
	default:
		s.taken[at] = ""
	}
	return s.taken[at]
}

// places are those that a comment is about: the file, a line, or the lines of
// the text that begins in it.
func (s *suppressor) places(d directive, id string) []place {
	c := d.comment
	if d.file {
		return []place{{c.Position.Name, id, 0}}
	}
	var all []place
	for line := c.Line; line > 0 && line <= c.End; line++ {
		all = append(all, place{c.Position.Name, id, line})
	}
	return all
}
