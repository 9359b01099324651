package migrate_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	helmyaml "sigs.k8s.io/yaml"

	"github.com/helm-valkey/helm-valkey/plugin/migrate"
)

// FuzzRun looks for panics, for results that are no values, and for comments
// that get lost.
func FuzzRun(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.yaml")
	require.NoError(f, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(f, err)
		if len(text) > 2000 {
			continue // fuzzing is about form, and small files have it all
		}
		f.Add(string(text), uint8(len(file)))
	}
	f.Add("auth: &a {password: x}\nmaster: {persistence: *a}\nreplica:\n  <<: *a\n", uint8(0))
	f.Add("x: &a {password: x} # c\n<<: {auth: *a}\n", uint8(0))
	var charts []*migrate.Chart
	for _, name := range migrate.Names() {
		c, err := migrate.Open(name)
		require.NoError(f, err)
		charts = append(charts, c)
	}
	f.Fuzz(func(t *testing.T, text string, which uint8) {
		c := charts[int(which)%len(charts)]
		results, err := c.Run([]migrate.File{{Name: "f", Text: []byte(text)}})
		if err != nil {
			return
		}
		var values map[string]any
		require.NoError(t, helmyaml.Unmarshal(results[0].Text, &values))
		for _, comment := range comments(t, text) {
			require.Contains(t, string(results[0].Text), comment)
		}
	})
}

// comments are the lines of all comments in a file.
func comments(t *testing.T, text string) []string {
	var document yaml.Node
	require.NoError(t, yaml.Unmarshal([]byte(text), &document))
	var all []string
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		for _, c := range []string{n.HeadComment, n.LineComment, n.FootComment} {
			all = append(all, strings.FieldsFunc(c, func(r rune) bool { return r <= 32 })...)
		}
		for _, child := range n.Content {
			walk(child)
		}
	}
	walk(&document)
	return all
}

func TestCommentsStay(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.yaml")
	require.NoError(t, err)
	for _, file := range files {
		chart := filepath.Base(filepath.Dir(file))
		if chart == "peers" || strings.HasSuffix(file, ".out.yaml") {
			continue
		}
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		r := run(t, chart, file, text)
		for _, comment := range comments(t, string(text)) {
			require.Contains(t, string(r.Text), comment, file)
		}
	}
}
