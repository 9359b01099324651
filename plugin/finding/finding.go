// Package finding holds what the checks find, as data. Nothing is printed
// here.
package finding

import (
	"cmp"
	"slices"
	"strings"
)

// Severity says how bad a finding is.
type Severity string

// Errors stop what is being done; warnings do not.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Reaches says whether the severity is that one, or worse.
func (s Severity) Reaches(least Severity) bool { return s == Error || least == Warning }

// Rule describes one check. Its ID is never given to another.
type Rule struct {
	ID       string
	Severity Severity
	Title    string
	Doc      string   // why, in Markdown
	Bad      []string // examples that the rule finds something in, and
	Good     []string // examples that it does not
}

// Explained is a rule with what it finds in each of its bad examples.
type Explained struct {
	Rule
	Found [][]Finding
}

// rulesAddress is where docs/rules.md, which has a section of each rule, is read.
const rulesAddress = "https://github.com/helm-valkey/helm-valkey/blob/main/docs/rules.md#"

// Address is where a rule's documentation is read.
func Address(id string) string { return rulesAddress + strings.ToLower(id) }

// Finding is one thing that is wrong.
type Finding struct {
	RuleID   string
	Severity Severity
	Message  string
	Fix      string   // what to do about it; may be empty
	Path     string   // of the value or the object's field that is wrong
	Position Position // of values; empty for rendered objects
	Object   Object   // of rendered objects; empty for values
}

// Position is a place in a file. Sources without lines, a flag for one, have a
// Name only.
type Position struct {
	Name   string
	Line   int // from 1; 0 = the source has no lines
	Column int // from 1, in characters
	Width  int // characters to underline; 0 = unknown
	Text   string
}

// InFile says whether the place is in a file of the user's: not in a flag, the
// standard input or the chart's own defaults.
func (p Position) InFile() bool { return p.Line > 0 && !strings.HasPrefix(p.Name, "<") }

// Object names a rendered object.
type Object struct {
	Kind, Namespace, Name string
}

// At makes a finding of the rule at a place.
func (r Rule) At(p Position, path, message, fix string) Finding {
	return Finding{RuleID: r.ID, Severity: r.Severity, Message: message, Fix: fix, Path: path, Position: p}
}

// On makes a finding of the rule about a field of a rendered object.
func (r Rule) On(o Object, field, message, fix string) Finding {
	return Finding{RuleID: r.ID, Severity: r.Severity, Message: message, Fix: fix, Path: field, Object: o}
}

// Sort puts findings in the order in which they are shown and drops those that
// say the same twice.
func Sort(findings []Finding) []Finding {
	sorted := slices.Clone(findings)
	slices.SortFunc(sorted, compare)
	return slices.CompactFunc(sorted, func(a, b Finding) bool { return compare(a, b) == 0 })
}

func compare(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(a.Position.Name, b.Position.Name),
		cmp.Compare(a.Position.Line, b.Position.Line),
		cmp.Compare(a.Position.Column, b.Position.Column),
		cmp.Compare(a.Object.Kind, b.Object.Kind),
		cmp.Compare(a.Object.Namespace, b.Object.Namespace),
		cmp.Compare(a.Object.Name, b.Object.Name),
		cmp.Compare(a.Path, b.Path),
		cmp.Compare(a.RuleID, b.RuleID),
		cmp.Compare(a.Message, b.Message),
	)
}

// Count returns how many findings have the severity.
func Count(findings []Finding, s Severity) int {
	n := 0
	for _, f := range findings {
		if f.Severity == s {
			n++
		}
	}
	return n
}
