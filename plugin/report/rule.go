package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

// Rules lists rules for people, one a line.
func Rules(w io.Writer, rules []finding.Rule) error {
	var b strings.Builder
	for _, r := range rules {
		fmt.Fprintf(&b, "%s  %-7s  %s\n", r.ID, r.Severity, r.Title)
	}
	return writeText(w, b.String())
}

type jsonRule struct {
	ID       string           `json:"id"`
	Severity finding.Severity `json:"severity"`
	Title    string           `json:"title"`
	Doc      string           `json:"doc"`
	Bad      []string         `json:"bad,omitempty"`
	Good     []string         `json:"good,omitempty"`
	See      string           `json:"see"`
}

// RulesJSON lists rules for programs.
func RulesJSON(w io.Writer, rules []finding.Rule) error {
	all := make([]jsonRule, len(rules))
	for i, r := range rules {
		all[i] = jsonRule{r.ID, r.Severity, r.Title, strings.TrimSpace(r.Doc), r.Bad, r.Good, finding.Address(r.ID)}
	}
	return writeJSON(w, all)
}

// Explanation says for people what a rule is about, with an example of what is
// wrong, what is said about it, and an example of what is right.
func Explanation(w io.Writer, e finding.Explained) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s): %s\n\n%s\n", e.ID, e.Severity, e.Title, strings.TrimSpace(e.Doc))
	if len(e.Bad) > 0 {
		fmt.Fprintf(&b, "\nWrong:\n\n%s\n%s", indented(e.Bad[0]), indented(said(e.Found[0])))
	}
	if len(e.Good) > 0 {
		fmt.Fprintf(&b, "\nRight:\n\n%s", indented(e.Good[0]))
	}
	return writeText(w, b.String())
}

// Markdown documents rules: a table, and a section of each whose heading is its
// id, so that links to it last when its title changes.
func Markdown(w io.Writer, rules []finding.Explained) error {
	var b strings.Builder
	b.WriteString("| rule | | |\n|---|---|---|\n")
	for _, r := range rules {
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s |\n", r.ID, strings.ToLower(r.ID), r.Severity, strings.ReplaceAll(r.Title, "|", `\|`))
	}
	for _, r := range rules {
		fmt.Fprintf(&b, "\n## %s\n\n**%s** (%s)\n\n%s\n", r.ID, r.Title, r.Severity, strings.TrimSpace(r.Doc))
		if len(r.Bad) > 0 {
			fmt.Fprintf(&b, "\nWrong:\n\n%s\n%s", fenced("yaml", r.Bad[0]), fenced("text", said(r.Found[0])))
		}
		if len(r.Good) > 0 {
			fmt.Fprintf(&b, "\nRight:\n\n%s", fenced("yaml", r.Good[0]))
		}
	}
	return writeText(w, b.String())
}

// said is what is printed about an example. Where to read more of it is left
// out: this is the place.
func said(found []finding.Finding) string {
	var b strings.Builder
	for _, f := range found {
		b.WriteString(strings.TrimSuffix(text(f, plain), seeLine(f)))
	}
	return b.String()
}

func indented(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) != "" {
			b.WriteString("    ")
		}
		b.WriteString(line)
	}
	return b.String()
}

func fenced(language, text string) string {
	return "```" + language + "\n" + strings.TrimSuffix(text, "\n") + "\n```\n"
}

func writeText(w io.Writer, text string) error {
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("print rules: %w", err)
	}
	return nil
}
