package report

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

// GitHub prints findings as commands that GitHub's runner turns into
// annotations of the lines.
func GitHub(w io.Writer, findings []finding.Finding) error {
	for _, f := range findings {
		if _, err := io.WriteString(w, annotation(f)); err != nil {
			return fmt.Errorf("print findings: %w", err)
		}
	}
	return nil
}

// What the runner unescapes: in messages, and, in properties, what ends one of
// them besides.
var (
	inMessage  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	inProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func annotation(f finding.Finding) string {
	var b strings.Builder
	fmt.Fprintf(&b, "::%s ", f.Severity)
	message := sentence(f)
	if p := f.Position; p.InFile() {
		fmt.Fprintf(&b, "file=%s,line=%d,col=%d,", inProperty.Replace(filepath.ToSlash(filepath.Clean(p.Name))), p.Line, p.Column)
		if p.Width > 0 {
			fmt.Fprintf(&b, "endColumn=%d,", p.Column+p.Width)
		}
	} else if at := place(p); at != "" {
		message = at + ": " + message
	}
	if f.Fix != "" {
		message += "\nfix: " + f.Fix
	}
	message += "\nsee: " + finding.Address(f.RuleID)
	fmt.Fprintf(&b, "title=%s::%s\n", inProperty.Replace(f.RuleID), inMessage.Replace(message))
	return b.String()
}
