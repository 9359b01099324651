// Package report prints findings.
package report

import (
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

// Text prints findings for people: place, sentence, rule, the line itself, and
// what to do.
func Text(w io.Writer, findings []finding.Finding) error {
	for _, f := range findings {
		if _, err := io.WriteString(w, text(f)); err != nil {
			return fmt.Errorf("print findings: %w", err)
		}
	}
	return nil
}

func text(f finding.Finding) string {
	var b strings.Builder
	b.WriteString(hideSecrets(place(f.Position)))
	fmt.Fprintf(&b, "%s: ", f.Severity)
	if f.Object.Kind != "" {
		b.WriteString(object(f.Object) + ": ")
	}
	if f.Path != "" {
		b.WriteString(f.Path + ": ")
	}
	fmt.Fprintf(&b, "%s [%s]\n", f.Message, f.RuleID)
	b.WriteString(snippet(f.Position))
	if f.Fix != "" {
		fmt.Fprintf(&b, "  fix: %s\n", f.Fix)
	}
	return b.String()
}

func place(p finding.Position) string {
	switch {
	case p.Name == "":
		return ""
	case p.Line == 0:
		return p.Name + ": "
	}
	return fmt.Sprintf("%s:%d:%d: ", p.Name, p.Line, p.Column)
}

func object(o finding.Object) string {
	if o.Namespace == "" {
		return fmt.Sprintf("%s %s", o.Kind, o.Name)
	}
	return fmt.Sprintf("%s %s in namespace %s", o.Kind, o.Name, o.Namespace)
}

// longestLine ends a source line that would fill the screen.
const longestLine = 160

func snippet(p finding.Position) string {
	line := []rune(hideSecrets(p.Text))
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
	mark := "^" + strings.Repeat("~", width-1)
	return fmt.Sprintf("%s |\n%s | %s\n%s | %s%s\n", margin, number, string(line), margin, string(indent), mark)
}

// secrets match what stands behind a key, or a directive of the server's
// configuration, that names a secret, and the rules of an ACL user with a
// password. Findings end up in the logs of CI.
var secrets = []*regexp.Regexp{
	regexp.MustCompile(`(?i)(?:password|passwd|passphrase|token)["']?\s*[:=]\s*("[^"]*"|'[^']*'|[^\s"',}#]+)`),
	regexp.MustCompile(`(?i)(?:requirepass|masterauth|primaryauth|key-file-pass)\s+(\S.*)`),
	regexp.MustCompile(`(?i)(?:^|[\s"'])user\s+\S+\s+((?:on|off|reset\w*|[-~&+(%]\S*)\s.*[<>].*|[<>]\S.*)`),
}

func hideSecrets(line string) string {
	for _, secret := range secrets {
		line = hide(line, secret)
	}
	return line
}

func hide(line string, secret *regexp.Regexp) string {
	var b strings.Builder
	end := 0
	for _, m := range secret.FindAllStringSubmatchIndex(line, -1) {
		b.WriteString(line[end:m[2]])
		b.WriteString(strings.Repeat("*", len([]rune(line[m[2]:m[3]]))))
		end = m[3]
	}
	return b.String() + line[end:]
}
