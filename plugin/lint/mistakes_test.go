package lint

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	mistakeHeader = regexp.MustCompile(`^# [\w.-]+/[\w.-]+#\d+: \S.*\n# finds: (VK\d{3})\n`)
	mistakeNames  = regexp.MustCompile(`/\d{2}-[a-z0-9-]+\.yaml$`)
)

// TestMistakes lints values files with one mistake each that people made with
// other charts. Each file names the issue in its tracker, and the rule that is to
// find it, at the line that is marked. Nothing else is found.
func TestMistakes(t *testing.T) {
	c := openChart(t)
	names := glob(t, "testdata/mistakes/*.yaml")
	require.GreaterOrEqual(t, len(names), 60)
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			require.Regexp(t, mistakeNames, name)
			data, err := os.ReadFile(name)
			require.NoError(t, err)
			header := mistakeHeader.FindStringSubmatch(string(data))
			require.NotNil(t, header, "the first two lines are \"# owner/repository#number: …\" and \"# finds: VK…\"")
			want := markedLine(t, string(data))

			found := check(t, c, string(data))
			require.Len(t, found, 1, "%v", found)
			require.Equal(t, header[1], found[0].RuleID, found[0].Message)
			require.Equal(t, want, found[0].Position.Line, found[0].Message)
		})
	}
}
