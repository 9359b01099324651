package values

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

// textLine finds a line of a text, which a path may lead to by its number, from
// 0: the configuration of a server has lines that are right or wrong.
// Of a text whose lines are others in the file, it is the place of the text. Its
// second result is false when that is no number.
func (d *Document) textLine(here entry, step string) (finding.Position, bool) {
	i, err := strconv.Atoi(step)
	if err != nil || i < 0 {
		return finding.Position{}, false
	}
	n := resolve(here.value)
	line := n.Line + 1 + i
	text := strings.TrimSpace(d.line(line))
	if n.Style&yaml.LiteralStyle == 0 || text == "" {
		return d.entryPosition(here, valuePart), true
	}
	before, _, _ := strings.Cut(d.line(line), text)
	return finding.Position{Name: d.Name, Line: line, Column: utf8.RuneCountInString(before) + 1, Width: utf8.RuneCountInString(text), Text: d.line(line)}, true
}
