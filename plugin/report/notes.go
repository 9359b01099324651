package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/migrate"
)

// Notes prints what a migration has to say about the values of a file: what
// has no counterpart, and what means something else.
func Notes(w io.Writer, r migrate.Result) error {
	for _, n := range r.Notes {
		if n.Kind == migrate.Needless {
			continue
		}
		place := r.Name
		if n.Line > 0 {
			place = fmt.Sprintf("%s:%d", r.Name, n.Line)
		}
		if _, err := fmt.Fprintf(w, "%s: %s: %s%s\n", place, n.Path, kindOfNote[n.Kind], n.Text); err != nil {
			return fmt.Errorf("print notes: %w", err)
		}
	}
	return nil
}

var kindOfNote = map[migrate.Kind]string{
	migrate.Unknown: "unknown: ",
	migrate.Absent:  "no counterpart: ",
	migrate.Added:   "added: ",
}

// Differences prints what is different from another chart, whatever the values
// are, and where the rest of it is written.
func Differences(w io.Writer, c *migrate.Chart) error {
	if _, err := fmt.Fprintf(w, "\nWhatever the values, coming from %s:\n", c.Title); err != nil {
		return fmt.Errorf("print differences: %w", err)
	}
	for _, text := range c.Differs {
		if _, err := fmt.Fprintf(w, "- %s\n", strings.TrimSpace(strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  "))); err != nil {
			return fmt.Errorf("print differences: %w", err)
		}
	}
	return nil
}
