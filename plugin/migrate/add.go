package migrate

import (
	"fmt"
	"strings"
)

// add writes out what the other chart does by default and this one does not.
func (m *migration) add() error {
	for _, a := range m.added {
		path := split(a.Key)
		isText := strings.HasSuffix(a.Key, "onfiguration")
		if !m.applies(a) || !isText && (find(m.want, path) != nil || m.out.taken(path)) {
			continue
		}
		var value any
		if err := a.Value.Decode(&value); err != nil {
			return fmt.Errorf("the value of %s in the table: %w", a.Key, err)
		}
		why := "the default of " + m.chart.Title + ": " + strings.TrimSpace(a.Why)
		m.notes = append(m.notes, Note{Kind: Added, Path: a.Key, Text: why})
		f := &frame{home: m.out.top}
		if lines, ok := value.([]any); ok && isText {
			var text []string
			for _, line := range lines {
				text = append(text, fmt.Sprint(line))
			}
			m.configure(path, text, wrap("added: "+why), f)
			continue
		}
		rest, body := written(value, m.out.indent)
		m.put(path, &branch{above: wrap("added: " + why), rest: rest, body: body}, value, f)
	}
	return nil
}

// applies says whether an addition's conditions hold.
func (m *migration) applies(a addition) bool {
	for _, key := range a.Unless {
		if !isOff(find(m.given, split(key))) {
			return false
		}
	}
	for _, condition := range a.If {
		if !m.holds(condition) {
			return false
		}
	}
	return true
}

// holds reads a condition: "key" (is given), "key=value" or "key!=value".
func (m *migration) holds(condition string) bool {
	key, value, compared := strings.Cut(condition, "=")
	given := find(m.given, split(strings.TrimSuffix(key, "!")))
	switch {
	case !compared:
		return !isOff(given)
	case strings.HasSuffix(key, "!"):
		return fmt.Sprint(given) != value
	}
	return fmt.Sprint(given) == value
}
