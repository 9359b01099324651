// Package report prints findings.
package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

// Text prints findings for people: place, sentence, rule, the line itself, what
// to do, and where to read why.
func Text(w io.Writer, findings []finding.Finding) error { return printText(w, findings, plain) }

// ColoredText prints the same for a terminal.
func ColoredText(w io.Writer, findings []finding.Finding) error {
	return printText(w, findings, colored)
}

// palette starts and ends the colours of a terminal.
type palette struct{ error, warning, mark, end string }

var (
	plain   = palette{}
	colored = palette{error: "\x1b[1;31m", warning: "\x1b[1;33m", mark: "\x1b[1;32m", end: "\x1b[0m"}
)

func (p palette) severity(s finding.Severity) string {
	if s == finding.Error {
		return p.error + string(s) + p.end
	}
	return p.warning + string(s) + p.end
}

func printText(w io.Writer, findings []finding.Finding, p palette) error {
	for _, f := range findings {
		if _, err := io.WriteString(w, text(f, p)); err != nil {
			return fmt.Errorf("print findings: %w", err)
		}
	}
	return nil
}

func text(f finding.Finding, p palette) string {
	var b strings.Builder
	if at := place(f.Position); at != "" {
		b.WriteString(visible(at) + ": ")
	}
	fmt.Fprintf(&b, "%s: %s [%s]\n", p.severity(f.Severity), visible(sentence(f)), f.RuleID)
	b.WriteString(snippet(f, p))
	if f.Fix != "" {
		fmt.Fprintf(&b, "  fix: %s\n", visible(f.Fix))
	}
	return b.String() + seeLine(f)
}

// visible takes away what a terminal would obey: files may be anybody's.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\t' && r != '\n' {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

func seeLine(f finding.Finding) string { return "  see: " + finding.Address(f.RuleID) + "\n" }

// place is where a finding is, "" for that of a rendered object.
func place(p finding.Position) string {
	if p.Line == 0 {
		return source(p)
	}
	return fmt.Sprintf("%s:%d:%d", source(p), p.Line, p.Column)
}

// source is the file or the flag, without the secrets that a flag may hold.
func source(p finding.Position) string { return printable(hideSecrets(p.Name)) }

// sentence says what is wrong with what.
func sentence(f finding.Finding) string {
	var b strings.Builder
	if f.Object.Kind != "" {
		b.WriteString(object(f.Object) + ": ")
	}
	if f.Path != "" {
		b.WriteString(f.Path + ": ")
	}
	return printable(b.String() + f.Message)
}

// printable has no characters that do things to a terminal. It is as long as the
// text: columns point into it.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\t' && r != '\n' {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

func object(o finding.Object) string {
	if o.Namespace == "" {
		return fmt.Sprintf("%s %s", o.Kind, o.Name)
	}
	return fmt.Sprintf("%s %s in namespace %s", o.Kind, o.Name, o.Namespace)
}

// longestLine ends a source line that would fill the screen.
const longestLine = 160

func snippet(f finding.Finding, c palette) string {
	p, line := f.Position, []rune(sourceLine(f))
	if p.Line == 0 || len(line) == 0 || len(line) > longestLine || p.Column < 1 || p.Column > len(line) {
		return ""
	}
	number := strconv.Itoa(p.Line)
	margin := strings.Repeat(" ", len(number))
	indent := make([]rune, p.Column-1)
	for i := range indent {
		indent[i] = ' '
		if line[i] == '\t' {
			indent[i] = '\t'
		}
	}
	width := max(1, min(p.Width, len(line)-p.Column+1))
	mark := c.mark + "^" + strings.Repeat("~", width-1) + c.end
	return fmt.Sprintf("%s |\n%s | %s\n%s | %s%s\n", margin, number, visible(string(line)), margin, string(indent), mark)
}
