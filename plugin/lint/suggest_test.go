package lint

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/plugin/values"
)

func TestSuggestions(t *testing.T) {
	tests := []struct {
		name string
		text string
		want string // message
		fix  string
	}{
		{"a slip", "replica:\n  persistance: {}\n", `unknown key "persistance"; did you mean "persistence"?`, "write replica.persistence"},
		{"letters swapped", "auth:\n  apssword: x\n", `unknown key "apssword"; did you mean "password"?`, "write auth.password"},
		{"capitals", "Master: {}\n", `unknown key "Master"; did you mean "master"?`, "write master"},
		{"hyphens", "replica:\n  replica-count: 3\n", `unknown key "replica-count"; did you mean "replicaCount"?`, "write replica.replicaCount"},
		{"underscores", "persistence_mode: aof\n", `unknown key "persistence_mode"; did you mean "persistenceMode"?`, "write persistenceMode"},
		{"plural", "master:\n  toleration: []\n", `unknown key "toleration"; did you mean "tolerations"?`, "write master.tolerations"},
		{"a mapping is not meant where a number is", "replicas: {}\n", `unknown key "replicas"; did you mean "replicaCount"?`, "write replica.replicaCount"},
		{"another level", "persistence: {}\n", `unknown key "persistence"; did you mean master.persistence, replica.persistence or sentinel.persistence?`, "write master.persistence, replica.persistence or sentinel.persistence"},
		{"another level, misspelt", "persistance: {}\n", `unknown key "persistance"; did you mean "persistence"?`, "write master.persistence, replica.persistence or sentinel.persistence"},
		{"one level too low", "master:\n  auth: {password: x}\n", `unknown key "auth"; did you mean auth at the top level?`, "write auth"},
		{"in an item of a list", "master:\n  extraEnvVars:\n    - {name: A}\n    - {nme: B}\n", `unknown key "nme"; did you mean "name"?`, "write master.extraEnvVars[1].name"},
		{"another chart's", "primary: {}\n", `unknown key "primary"; did you mean "master"?`, "write master"},
		{"another chart's number of replicas", "replica:\n  replicas: 3\n", `unknown key "replicas"; did you mean "replicaCount"?`, "write replica.replicaCount"},
		{"not in this chart", "tls: {enabled: true}\n", `unknown key "tls": TLS is not in this release of the chart`, "take it out"},
		{"a name that is everywhere", "master:\n  enabled: true\n", `unknown key "enabled"`, `remove it, or correct it; "helm show values" prints the keys that there are`},
		{"another role's", "sentinel:\n  persistence:\n    existingClaim: x\n", `unknown key "existingClaim"`, "remove it, or correct it; the keys here are accessModes, annotations, enabled, labels, medium, selector, size, sizeLimit, storageClass"},
		{"nothing like it", "auth:\n  colour: red\n", `unknown key "colour"`, "remove it, or correct it; the keys here are enabled, existingSecret, existingSecretPasswordKey, password"},
		{"YAML 1.1", "on: 1\n", `unknown key "true": Helm reads the key on as "true"`, `remove it, or correct it; "helm show values" prints the keys that there are`},
		{"a value", "persistenceMode: AOF\n", `"AOF" is not one of the values allowed here: aof, rdb or none; did you mean "aof"?`, "write aof"},
		{"a value cut off", "architecture: standalon\n", `"standalon" is not one of the values allowed here: replication or standalone; did you mean "standalone"?`, "write standalone"},
		{"a value unlike any", "architecture: cluster\n", `"cluster" is not one of the values allowed here: replication or standalone`, ""},
		{"a value that is true to Helm", "persistenceMode: off\n", `expected string, found boolean: Helm reads off as false`, "put quotes around the value"},
	}
	c := openChart(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found := check(t, c, tt.text)
			require.Len(t, found, 1, "%+v", found)
			require.Equal(t, tt.want, found[0].Message)
			require.Equal(t, tt.fix, found[0].Fix)
		})
	}
}

// Names lead to keys that there are, and from keys that there are not.
func TestOtherNames(t *testing.T) {
	speller, err := openChart(t).speller()
	require.NoError(t, err)
	known := func(name string) bool {
		return slices.ContainsFunc(speller.paths, func(p values.Path) bool { return strings.Join(p, ".") == name })
	}
	for _, old := range slices.Sorted(maps.Keys(otherNames)) {
		require.False(t, known(old), old)
		for _, name := range otherNames[old] {
			require.True(t, known(name), name)
		}
	}
	for old := range notHere {
		require.False(t, known(old), old)
	}
}

// One mistake gives one finding.
func TestNoFollowUps(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"a number in quotes", "replica:\n  replicaCount: \"0\"\nsentinel:\n  enabled: \"true\"\nmaster:\n  replicaCount: 3\n", "replica.replicaCount VK003, sentinel.enabled VK003"},
		{"a mapping that is none", "sentinel: true\nmaster: 3\n", "master VK003, sentinel VK003"},
		{"a list that is none", "master:\n  extraEnvVars: {A: b}\n", "master.extraEnvVars VK003"},
		{"an item that is none", "master:\n  extraEnvVars: [A=b]\n", "master.extraEnvVars[0] VK003"},
		{"a misspelt key that is missing", "master:\n  extraEnvVars: [{Name: A}]\n", "master.extraEnvVars[0] VK001"},
		{"a key that is missing", "master:\n  extraEnvVars: [{value: A}]\n", "master.extraEnvVars[0] VK002"},
		{"null where none may be", "image:\n", "image VK100"},
		{"a key that is another and unknown", "auth:\n  on: true\n", "auth VK001"},
		{"a duplicate that is wrong", "auth:\n  enabled: true\n  enabled: 3\n", "auth.enabled VK012, auth.enabled VK003"},
	}
	c := openChart(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, f := range check(t, c, tt.text) {
				got = append(got, f.Path+" "+f.RuleID)
			}
			wanted := strings.Split(tt.want, ", ")
			require.ElementsMatch(t, wanted, got)
		})
	}
}
