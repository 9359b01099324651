package migrate

import (
	"bytes"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	helmyaml "sigs.k8s.io/yaml"
)

func walkRules(s *step, path []string, visit func([]string, *rule)) {
	if s.rule != nil {
		visit(path, s.rule)
	}
	for key, below := range s.below {
		walkRules(below, append(slices.Clone(path), key), visit)
	}
}

// What tables lead to is there in the chart.
func TestTargetsAreKeysOfTheChart(t *testing.T) {
	data, err := os.ReadFile("../../charts/valkey/values.yaml")
	require.NoError(t, err)
	var chart map[string]any
	require.NoError(t, helmyaml.Unmarshal(data, &chart))
	known := func(path []string) bool {
		parent, ok := find(chart, path[:len(path)-1]).(map[string]any)
		_, has := parent[path[len(path)-1]]
		return ok && (has || len(parent) == 0 || path[len(path)-1] == "*") || slices.Contains(path, "resources")
	}
	for _, name := range names {
		c, err := Open(name)
		require.NoError(t, err)
		walkRules(c.root, nil, func(path []string, r *rule) {
			for _, to := range r.to {
				require.True(t, known(to), "%s: %s leads to %s", name, dotted(path), dotted(to))
			}
			require.Equal(t, r.kind == Differs, len(r.to) > 0)
		})
		for _, a := range c.added {
			require.True(t, known(split(a.Key)), "%s: %s", name, a.Key)
		}
	}
}

// What additions ask for are keys of the other chart.
func TestConditionsAreKeysOfTheOtherChart(t *testing.T) {
	for _, name := range names {
		c, err := Open(name)
		require.NoError(t, err)
		knows := func(path string) bool {
			at := c.root
			for _, key := range split(path) {
				if at.rule != nil && at.below == nil {
					return true
				}
				if at = at.below[key]; at == nil {
					return false
				}
			}
			return true
		}
		for _, a := range c.added {
			for _, key := range a.Unless {
				require.True(t, knows(key), "%s: %s", name, key)
			}
			for _, condition := range a.If {
				key, _, _ := strings.Cut(condition, "=")
				require.True(t, knows(strings.TrimSuffix(key, "!")), "%s: %s", name, condition)
			}
		}
		walkRules(c.root, nil, func(_ []string, r *rule) {
			for _, key := range append(slices.Clone(r.yields), r.needs) {
				require.True(t, key == "" || knows(key), "%s: %s", name, key)
			}
		})
	}
}

// Rule VK109 refuses what is taken out here, and no more.
func TestOwnedDirectivesAreThoseOfTheRule(t *testing.T) {
	data, err := os.ReadFile("../../charts/valkey/rules/VK109-owned-directive.yaml")
	require.NoError(t, err)
	text, _, found := strings.Cut(string(data), "{{- $master")
	require.True(t, found)
	var refused []string
	for _, m := range regexp.MustCompile(`(?m)^    "([a-z-]+)" "|set \$owned "([a-z-]+)"`).FindAllStringSubmatch(text, -1) {
		refused = append(refused, m[1]+m[2])
	}
	require.Greater(t, len(refused), 30)
	for _, name := range refused {
		require.Contains(t, owned, name)
	}
	for name := range owned {
		require.True(t, slices.Contains(refused, name) || strings.HasPrefix(name, "tls-"), name)
	}
	m := regexp.MustCompile(`\$spoken := list (.*?) }}`).FindStringSubmatch(text)
	require.NotNil(t, m)
	for _, name := range regexp.MustCompile(`"([a-z]+)"`).FindAllStringSubmatch(m[1], -1) {
		require.Contains(t, spoken, name[1])
	}
}

func TestSpread(t *testing.T) {
	require.Equal(t, []string{"a"}, spread("a"))
	require.Equal(t, []string{"a.b.x", "a.b.y", "a.c.x", "a.c.y"}, spread("a.{b,c}.{x, y}"))
}

func detected(t *testing.T, given map[string]any) []string {
	t.Helper()
	all, err := OpenAll()
	require.NoError(t, err)
	charts, _ := Detect(all, given)
	var found []string
	for _, c := range charts {
		found = append(found, c.Name)
	}
	return found
}

func TestDetect(t *testing.T) {
	for _, name := range names {
		data, err := os.ReadFile("testdata/peers/" + name + ".yaml")
		require.NoError(t, err)
		layers, err := Read([]File{{Name: name, Text: data}})
		require.NoError(t, err)
		require.Equal(t, []string{name}, detected(t, layers[0].Values))
	}
	for text, want := range map[string][]string{
		"{auth: {enabled: true}}":                           names,
		"{primary: {replicaCount: 1}}":                      {"bitnami-valkey"},
		"{master: {count: 1}, replica: {replicaCount: 2}}":  {"bitnami-redis"},
		"{dataStorage: {enabled: true}}":                    {"valkey-helm"},
		"{haproxy: {enabled: true}}":                        {"redis-ha"},
		"{replicaCount: 3, architecture: replication}":      {"cloudpirates", "cloudpirates-redis"},
		"{replicaCount: 3, config: {maxMemory: 1gb}}":       {"cloudpirates"},
		"{persistence: {accessMode: ReadWriteOnce}, x: {}}": {"cloudpirates-redis"},
	} {
		var given map[string]any
		require.NoError(t, helmyaml.Unmarshal([]byte(text), &given))
		require.Equal(t, want, detected(t, given), text)
	}
}

// A comma ends a value between braces, and what follows it is another key.
func TestTablesHaveNoOtherKeys(t *testing.T) {
	for _, name := range names {
		data, err := tables.ReadFile("tables/" + name + ".yaml")
		require.NoError(t, err)
		var file struct {
			Moved map[string]any `yaml:"moved"`
		}
		require.NoError(t, yaml.Unmarshal(data, &file))
		for pattern, value := range file.Moved {
			more, _ := value.(map[string]any)
			for key := range more {
				require.Contains(t, []string{"to", "as", "note", "doc", "yields", "needs"}, key, pattern)
			}
		}
		decoder := yaml.NewDecoder(bytes.NewReader(data))
		decoder.KnownFields(true)
		require.NoError(t, decoder.Decode(&tableFile{}), name)
	}
}
