package values

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestComments(t *testing.T) {
	tests := []struct {
		name string
		text string
		want string // line:column of the comment > line that it is about
	}{
		{"none", "a: 1 # else\n", ""},
		{"above", "# mark: x\na: 1\n", "1:1>2"},
		{"above, with other comments", "# mark: x\n# why\n  # why\na: 1\n", "1:1>4"},
		{"above nothing", "# mark: x\n\na: 1\n", "1:1>0"},
		{"at the end", "a: 1\n# mark: x\n", "2:1>0"},
		{"behind", "a: 1\nb: 2 # mark: x\n", "2:6>2"},
		{"behind wide characters", "ä: ü # mark: x\n", "1:6>1"},
		{"indented", "a:\n  # mark: x\n  b: 1\n", "2:3>3"},
		{"Windows", "a:\r\n  # mark: x\r\n  b: 1\r\n", "2:3>3"},
		{"a mark at the beginning", "\ufeff# mark: x\na: 1\n", "1:1>2"},
		{"second document", "a: 1\n---\nb: 1 # mark: x\n", "3:6>3"},
		{"no space", "a: 1# mark: x\n", ""},
		{"in quotation marks", "a: \"1 # mark: x\"\nb: 'it''s # mark: x'\nc: \"\\\" # mark: x\"\n", ""},
		{"behind quotation marks", "a: \"1\" # mark: x\nb: it's # mark: y\n", "1:8>1, 2:9>2"},
		{"in quotation marks over several lines", "a: \"x\n  # mark: x\"\nb: ['x\n\n  # mark: ''x', 1]\nc: 1 # mark: y\n", "6:6>6"},
		{"in a block of text", "a: |\n  b\n  # mark: x\nc: >-\n\n    # mark: x\n", ""},
		{"behind the beginning of a block", "a: | # mark: x\n  b\n", "1:6>1"},
		{"below a block", "a:\n  b: |\n    c\n  # mark: x\n  d: 1\n", "4:3>5"},
		{"in other words", "# see mark: x\na: 1\n", ""},
		{"in a file that is not YAML", "a: [ # mark: x\n", "1:6>1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, c := range Parse("f", []byte(tt.text)).Comments("mark:") {
				require.True(t, strings.HasPrefix(c.Text, "mark: "), c.Text)
				got = append(got, fmt.Sprintf("%d:%d>%d", c.Position.Line, c.Position.Column, c.Line))
			}
			require.Equal(t, tt.want, strings.Join(got, ", "))
		})
	}
}

// FuzzComments holds the lines taken for comments to the library's idea of
// them: no value may change when a comment that was found is taken out.
func FuzzComments(f *testing.F) {
	for _, text := range []string{"a: 1 # mark: x\n", "a: |\n  # mark: x\n", "a: 'x # mark: y'\n", "a: x'y # mark: z\n", "# mark: x\na: [1, # mark: y\n 2]\n", "a: \"x\n  # mark: y\"\n", "a: 'x\n\n  # mark: y'\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		d := Parse("f", []byte(text))
		if d.Values == nil || len(d.Problems) > 0 {
			return
		}
		lines := append([]string{}, d.lines...)
		for _, c := range d.Comments("mark:") {
			runes := []rune(lines[c.Position.Line-1])
			lines[c.Position.Line-1] = string(runes[:c.Position.Column-1])
		}
		without := Parse("f", []byte(strings.Join(lines, "\n")))
		require.Equal(t, d.Values, without.Values)
	})
}
