//go:build helm

package lint

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/values"
)

// corpus is values files of all kinds, by name: written ones, the examples of
// all rules, and mutations of the chart's own values.
func corpus(t *testing.T, c *Chart) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, pattern := range []string{"testdata/corpus/*.yaml", "testdata/ok/*.yaml", "testdata/err/*.yaml", "testdata/mistakes/*.yaml", "../migrate/testdata/*/*.yaml", chartFolder + "/ci/*.yaml"} {
		for _, name := range glob(t, pattern) {
			data, err := os.ReadFile(name)
			require.NoError(t, err)
			files[filepath.Base(filepath.Dir(name))+"/"+filepath.Base(name)] = string(data)
		}
	}
	for _, r := range c.Rules() {
		for i, text := range r.Bad {
			files[fmt.Sprintf("%s/bad/%d", r.ID, i)] = text
		}
		for i, text := range r.Good {
			files[fmt.Sprintf("%s/good/%d", r.ID, i)] = text
		}
	}
	const mutants = 160
	for seed := range uint64(mutants) {
		text, err := yaml.Marshal(mutant(seed, c.Defaults.Values))
		require.NoError(t, err)
		files[fmt.Sprintf("mutant/%d", seed)] = string(text)
	}
	const combinations = 120
	for seed := range uint64(combinations) {
		text, err := yaml.Marshal(combination(seed))
		require.NoError(t, err)
		files[fmt.Sprintf("combination/%d", seed)] = string(text)
	}
	for _, text := range odd {
		files[fmt.Sprintf("odd/value %.20q", text)] = everywhere(t, c, text, map[string]any{"key": text})
		files[fmt.Sprintf("odd/key %.20q", text)] = everywhere(t, c, "", map[string]any{text: "value"})
	}
	return files
}

func sortedNames(files map[string]string) []string { return slices.Sorted(maps.Keys(files)) }

// words are what values of this chart are made of, and what is close to it.
var words = []any{
	"aof", "rdb", "none", "AOF", "standalone", "replication", "proxy", "direct", "safe", "available", "hold", "start", "async", "replicated",
	"auto", "never", "soft", "hard", "valkey", "redis", "LoadBalancer", "NodePort", "ClusterIP", "Retain", "Delete", "OnDelete",
	"10s", "250ms", "0s", "1h", "-1s", "10", "8Gi", "64Mi", "8GB", "latest", "9.0", "{{ .Release.Name }}", "Not A Name", "a,b",
	true, false, 0, 1, 2, 3, 5, 6379, 9121, 65536, 1000000,
}

// settings are those that have to do with each other.
var settings = []struct {
	path   string
	values []any
}{
	{"architecture", []any{"standalone", "replication"}},
	{"engine", []any{"redis", "valkey", "auto"}},
	{"image.tag", []any{"7.2", "8.1.3", "9.1.2", "6.2-alpine", "latest"}},
	{"auth.enabled", []any{true, false}},
	{"auth.password", []any{"secret", ""}},
	{"auth.existingSecret", []any{"own", "{{ .Release.Name }}-own"}},
	{"commonConfiguration", []any{"maxmemory 1gb\n", "save 60 1\nappendonly yes\n", "port 1\n", "user app on nopass ~* +@all\n"}},
	{"existingConfigmap", []any{"own"}},
	{"externalMaster.host", []any{"old.example.org", "10.0.0.1"}},
	{"externalMaster.existingSecret", []any{"old", "{{ .Release.Name }}-old", "{{ nothing }}"}},
	{"externalMaster.password", []any{"secret", ""}},
	{"persistenceMode", []any{"aof", "rdb", "none"}},
	{"durability", []any{"async", "replicated"}},
	{"safety.minReplicasToWrite", []any{0, 1, 2, 3}},
	{"safety.maxLag", []any{"1s", "10s", "100s"}},
	{"safety.minReplicasMaxLag", []any{"1s", "2s", "30s"}},
	{"proxy.holdTimeout", []any{"100ms", "5s", "1m"}},
	{"handover.waitForUpdatedReplica", []any{"0s", "10s", "5m"}},
	{"hive.enabled", []any{true, false}},
	{"hive.policy", []any{"safe", "available"}},
	{"hive.silenceTimeout", []any{"100ms", "1s", "5s"}},
	{"sentinel.enabled", []any{true, true, false}},
	{"sentinel.replicaCount", []any{1, 2, 3, 5}},
	{"sentinel.quorum", []any{0, 1, 2, 3, 4}},
	{"master.replicaCount", []any{0, 1, 2, 3}},
	{"master.failback", []any{"auto", "never", "always"}},
	{"master.service.routing", []any{"proxy", "direct"}},
	{"master.service.type", []any{"LoadBalancer", "NodePort", "ClusterIP"}},
	{"master.service.nodePorts.valkey", []any{30000, "31000", 80}},
	{"master.persistence.enabled", []any{true, false}},
	{"master.persistence.existingClaim", []any{"old"}},
	{"master.terminationGracePeriodSeconds", []any{0, 10, 60, 600, ""}},
	{"master.pdb", []any{map[string]any{"minAvailable": 1, "maxUnavailable": ""}, map[string]any{"maxUnavailable": 0}, map[string]any{"create": false}}},
	{"replica.replicaCount", []any{0, 1, 2, 5}},
	{"replica.priority", []any{0, 50, 100}},
	{"replica.persistence.enabled", []any{true, false}},
	{"replica.pdb", []any{map[string]any{"minAvailable": "50%", "maxUnavailable": ""}, map[string]any{"maxUnavailable": "0%"}}},
	{"metrics.enabled", []any{true, false}},
	{"metrics.serviceMonitor.enabled", []any{true}},
	{"containerPorts.http", []any{6379, 9000}},
	{"networkPolicy.allowExternal", []any{false}},
	{"global.compatibility.openshift.adaptSecurityContext", []any{"force", "auto", "disabled"}},
}

// combination is a file with three to eight of the settings.
func combination(seed uint64) map[string]any {
	random := rand.New(rand.NewPCG(seed, 6))
	out := map[string]any{}
	for range 3 + random.IntN(6) {
		s := settings[random.IntN(len(settings))]
		write(out, values.ParsePath(s.path), s.values[random.IntN(len(s.values))])
	}
	return out
}

// odd are texts that break YAML which is put together carelessly.
var odd = []string{
	"a\nb", "a: b", "{{", "{{ nothing }}", "{{ .Values.no.thing }}", "*a", "'", `"`, "a #b", "\t", "é", "- a", "%a", "@a", `a\`, "null", "yes", "1e3", "0x1f", " a ",
	"---", "?", "|", "!a", "[", "}", "a,b", "$(A)", "\u2028", "\r\n", strings.Repeat("a", 300),
}

// everywhere is a file with a text at every place for one at which lint has
// nothing against it, and with a mapping at every place for any keys.
func everywhere(t *testing.T, c *Chart, text string, table map[string]any) string {
	t.Helper()
	places := map[string]any{}
	for _, path := range allPaths(c.Defaults.Values, nil) {
		switch standard := valueAt(c.Defaults.Values, path.String()).(type) {
		case string:
			places[path.String()] = text
		case map[string]any:
			if len(standard) == 0 {
				places[path.String()] = table
			}
		case []any:
			places[path.String()] = []any{text}
		}
	}
	for {
		out := map[string]any{}
		for path, value := range places {
			write(out, values.ParsePath(path), value)
		}
		data, err := yaml.Marshal(out)
		require.NoError(t, err)
		before := len(places)
		for _, f := range check(t, c, string(data)) {
			if f.Severity == finding.Error {
				at, wrong := values.ParsePath(f.Path), map[string]bool{f.Path: true}
				maps.DeleteFunc(places, func(path string, _ any) bool {
					return within(map[string]bool{path: true}, at) || within(wrong, values.ParsePath(path))
				})
			}
		}
		if len(places) == before {
			return string(data)
		}
	}
}

// mutant is a file that writes one to three of the chart's values, changed by
// chance. The same seed gives the same file.
func mutant(seed uint64, defaults map[string]any) map[string]any {
	random := rand.New(rand.NewPCG(seed, 5))
	paths := allPaths(defaults, nil)
	out := map[string]any{}
	for range 1 + random.IntN(3) {
		path := slices.Clone(paths[random.IntN(len(paths))])
		switch random.IntN(8) {
		case 0:
			path[len(path)-1] = misspelt(random, path[len(path)-1])
			write(out, path, words[random.IntN(len(words))])
		case 1:
			write(out, append(path, "unknown"), "x")
		case 2:
			write(out, path, nil)
		case 3, 4:
			write(out, path, wrongs[random.IntN(len(wrongs))])
		default:
			write(out, path, words[random.IntN(len(words))])
		}
	}
	return out
}

func misspelt(random *rand.Rand, key string) string {
	i := random.IntN(len(key))
	return key[:i] + key[i+1:] + key[i:i+1]
}

// write sets a value, through whatever stands in its way.
func write(at map[string]any, path values.Path, value any) {
	for _, step := range path[:len(path)-1] {
		next, ok := at[step].(map[string]any)
		if !ok {
			next = map[string]any{}
			at[step] = next
		}
		at = next
	}
	at[path[len(path)-1]] = value
}

func allPaths(at map[string]any, above values.Path) []values.Path {
	var all []values.Path
	for _, key := range slices.Sorted(maps.Keys(at)) {
		path := append(slices.Clone(above), key)
		all = append(all, path)
		if table, ok := at[key].(map[string]any); ok {
			all = append(all, allPaths(table, path)...)
		}
	}
	return all
}
