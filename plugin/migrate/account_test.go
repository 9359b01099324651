package migrate

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	helmyaml "sigs.k8s.io/yaml"
)

// marked replaces every text and number below a value by one that occurs
// nowhere else, and returns the paths of these. Switches stay.
func marked(value any, path []string, marks map[string]string) any {
	switch value := value.(type) {
	case map[string]any:
		out := map[string]any{}
		for _, key := range slices.Sorted(maps.Keys(value)) {
			out[key] = marked(value[key], append(slices.Clone(path), key), marks)
		}
		return out
	case []any:
		out := []any{}
		for i, item := range value {
			out = append(out, marked(item, append(slices.Clone(path), fmt.Sprint(i)), marks))
		}
		return out
	case string:
		mark := fmt.Sprintf("mark%dx", len(marks))
		marks[mark] = dotted(path)
		return mark
	case float64:
		mark := 4700000 + len(marks)
		marks[fmt.Sprint(mark)] = dotted(path)
		return mark
	}
	return value
}

// some keeps a part of a mapping, at random.
func some(random *rand.Rand, value any) any {
	table, ok := value.(map[string]any)
	if !ok {
		return value
	}
	out := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(table)) {
		if random.Intn(3) > 0 {
			out[key] = some(random, table[key])
		}
	}
	return out
}

func accounted(t *testing.T, c *Chart, text string, marks map[string]string) {
	t.Helper()
	results, err := c.Run([]File{{Name: "f", Text: []byte(text)}})
	require.NoError(t, err, text)
	out := string(results[0].Text)
	for mark, path := range marks {
		noted := slices.ContainsFunc(results[0].Notes, func(n Note) bool { return n.Path == path && n.Kind != Needless })
		require.True(t, noted || strings.Contains(out, mark), "%s is neither in the result nor in a note:\n%s\n=>\n%s", path, text, out)
	}
}

// Every value of every chart, and of random parts of them, is in the result, as
// a value or as a comment, or is spoken of; whatever the layout.
func TestEveryValueIsAccountedFor(t *testing.T) {
	files, err := filepath.Glob("testdata/peers/*.yaml")
	require.NoError(t, err)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		chart, _, _ := strings.Cut(name, "-example-")
		chart, _, _ = strings.Cut(chart, "-ci-")
		t.Run(name, func(t *testing.T) {
			c, err := Open(chart)
			require.NoError(t, err)
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			var whole map[string]any
			require.NoError(t, helmyaml.Unmarshal(data, &whole))
			random := rand.New(rand.NewSource(1))
			for i := range 6 {
				marks := map[string]string{}
				part := any(whole)
				if i > 0 {
					part = some(random, whole)
				}
				values := marked(part, nil, marks)
				block, err := yaml.Marshal(values)
				require.NoError(t, err)
				accounted(t, c, string(block), marks)
				flow, err := json.Marshal(values)
				require.NoError(t, err)
				accounted(t, c, string(flow), marks)
			}
		})
	}
}

// Switches are no marks: each is where its rule puts it, or in a comment.
func TestEverySwitchIsAccountedFor(t *testing.T) {
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			c, err := Open(name)
			require.NoError(t, err)
			data, err := os.ReadFile("testdata/peers/" + name + ".yaml")
			require.NoError(t, err)
			results, err := c.Run([]File{{Name: "f", Text: data}})
			require.NoError(t, err)
			var before, after map[string]any
			require.NoError(t, helmyaml.Unmarshal(data, &before))
			require.NoError(t, helmyaml.Unmarshal(results[0].Text, &after))
			switches(before, nil, c.root, func(path []string, r *rule) {
				if r.kind == Differs && slices.ContainsFunc(r.to, func(to []string) bool { return find(after, to) != nil }) {
					return
				}
				text := string(results[0].Text)
				require.True(t, strings.Contains(text, "# "+dotted(path)+": ") || strings.Contains(text, "# "+path[len(path)-1]+": false\n"), dotted(path))
			})
		})
	}
}

func switches(top map[string]any, path []string, at *step, visit func([]string, *rule)) {
	for key, value := range top {
		next := at.below[key]
		if next == nil {
			continue
		}
		here := append(slices.Clone(path), key)
		switch value := value.(type) {
		case map[string]any:
			switches(value, here, next, visit)
		case bool:
			if next.rule != nil {
				visit(here, next.rule)
			}
		}
	}
}
