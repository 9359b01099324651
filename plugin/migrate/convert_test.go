package migrate

import (
	"testing"

	"github.com/stretchr/testify/require"
	helmyaml "sigs.k8s.io/yaml"
)

// migrated are the values that come out of a file.
func migrated(t *testing.T, chart, text string) (map[string]any, string) {
	t.Helper()
	c, err := Open(chart)
	require.NoError(t, err)
	results, err := c.Run([]File{{Name: "f", Text: []byte(text)}})
	require.NoError(t, err)
	var out map[string]any
	require.NoError(t, helmyaml.Unmarshal(results[0].Text, &out))
	return out, string(results[0].Text)
}

func TestConversions(t *testing.T) {
	tests := []struct {
		name, chart, text string
		path              string
		want              any // nil: not set
	}{
		{"append-only by default", "bitnami-redis", "auth: {}", "persistenceMode", nil},
		{"a configuration that says nothing", "bitnami-redis", "commonConfiguration: maxmemory 1gb", "persistenceMode", "rdb"},
		{"appendonly", "bitnami-redis", "commonConfiguration: \"save ''\\nAPPENDONLY 'yes'\"", "persistenceMode", "aof"},
		{"appendonly no", "bitnami-redis", "commonConfiguration: appendonly no", "persistenceMode", "rdb"},
		{"no snapshots", "bitnami-redis", "commonConfiguration: save \"\"", "persistenceMode", "none"},
		{"snapshots after none", "bitnami-redis", "commonConfiguration: \"save ''\\nsave 1 1\"", "persistenceMode", "rdb"},
		{"of one role, over the default", "bitnami-redis", "master: {configuration: save 1 1}", "master.persistenceMode", "aof"},
		{"of one role, over the common one", "bitnami-redis", "{commonConfiguration: appendonly no, master: {configuration: save ''}}", "master.persistenceMode", "none"},
		{"of one role that says nothing", "bitnami-redis", "master: {configuration: timeout 1}", "master.persistenceMode", nil},
		{"of a list after snapshots", "cloudpirates", "config: {save: 1 1, extraConfig: [appendonly yes]}", "persistenceMode", "aof"},
		{"snapshots by default", "cloudpirates", "architecture: replication", "commonConfiguration", "save 900 1 300 10 60 10000\n"},
		{"a policy without a limit", "cloudpirates", "config: {maxMemoryPolicy: noeviction, save: 1 1}", "commonConfiguration", "save 1 1\n"},
		{"a password in the configuration", "bitnami-redis", "commonConfiguration: requirepass s3cret", "auth.password", "s3cret"},
		{"a password there too", "bitnami-redis", "{commonConfiguration: requirepass s3cret, auth: {existingSecret: s, password: p}}", "auth.existingSecret", "s"},
		{"a directive that is a value", "bitnami-redis", "commonConfiguration: min-slaves-max-lag 7", "safety.minReplicasMaxLag", "7s"},
		{"the number of pods", "cloudpirates", "{architecture: replication, replicaCount: 5}", "replica.replicaCount", 4.0},
		{"the number of pods, alone", "cloudpirates", "replicaCount: 5", "replica.replicaCount", nil},
		{"the number of Sentinels", "redis-ha", "replicas: 5", "sentinel.replicaCount", 5.0},
		{"too few Sentinels", "redis-ha", "replicas: 2", "sentinel.replicaCount", nil},
		{"a registry in the repository", "redis-ha", "image: {repository: 'r.example.org:5000/a/redis'}", "image.registry", "r.example.org:5000"},
		{"a repository without one", "redis-ha", "image: {repository: a/redis}", "image.repository", "a/redis"},
		{"a tag of Bitnami's", "bitnami-valkey", "image: {tag: 8.1.3-debian-12-r3}", "image.tag", "8.1.3"},
		{"a tag that says nothing", "bitnami-valkey", "image: {tag: latest}", "image.tag", "8.1.3"},
		{"a tag of another image", "bitnami-valkey", "image: {repository: mine/valkey, tag: 8.1.3-debian-12-r3}", "image.tag", "8.1.3-debian-12-r3"},
		{"a digest in the tag", "valkey-helm", "image: {tag: '9.1@sha256:x'}", "image.digest", "sha256:x"},
		{"limits without requests", "valkey-helm", "resources: {limits: {memory: 1Gi}}", "replica.resources.requests.memory", "1Gi"},
		{"limits and requests", "valkey-helm", "resources: {limits: {memory: 1Gi}, requests: {memory: 1Mi}}", "replica.resources.requests.memory", "1Mi"},
		{"a preset", "bitnami-redis", "master: {resourcesPreset: micro}", "master.resources.limits.memory", "384Mi"},
		{"a preset beside resources", "bitnami-redis", "master: {resourcesPreset: micro, resources: {limits: {memory: 1Gi}}}", "master.resources.limits.memory", "1Gi"},
		{"a short grace period", "bitnami-redis", "master: {terminationGracePeriodSeconds: 30}", "master.terminationGracePeriodSeconds", nil},
		{"a long one", "bitnami-redis", "master: {terminationGracePeriodSeconds: 90}", "master.terminationGracePeriodSeconds", 90.0},
		{"of two passwords", "bitnami-redis", "{auth: {password: a}, global: {redis: {password: b}}}", "auth.password", "b"},
		{"an empty one first", "bitnami-redis", "{global: {redis: {password: ''}}, auth: {password: a}}", "auth.password", "a"},
		{"a node port inside of the cluster", "bitnami-redis", "master: {service: {nodePorts: {redis: 30000}}}", "master.service.nodePorts", nil},
		{"a node port", "bitnami-redis", "master: {service: {type: NodePort, nodePorts: {redis: 30000}}}", "master.service.nodePorts.valkey", 30000.0},
		{"the default user's password", "valkey-helm", "auth: {aclUsers: {default: {password: p}}}", "auth.password", "p"},
		{"the default user's key", "valkey-helm", "auth: {usersExistingSecret: s, aclUsers: {default: {permissions: x}}}", "auth.existingSecretPasswordKey", "default"},
		{"storage of replicas is the master's", "valkey-helm", "replica: {enabled: true, persistence: {size: 9Gi}}", "master.persistence.size", "9Gi"},
		{"a master outside", "cloudpirates", "externalReplica: {enabled: true, host: h, auth: {enabled: true, existingSecret: s}}", "externalMaster", map[string]any{"host": "h", "existingSecret": "s"}},
		{"a master outside that is off", "bitnami-redis", "replica: {externalMaster: {enabled: false, host: h}}", "externalMaster", nil},
		{"readiness stays", "valkey-helm", "readinessProbe: {enabled: false}", "master.readinessProbe", nil},
		{"a mapping as a template", "redis-ha", "affinity: '{{ x }}'", "master.affinity", nil},
		{"a merge key at the top", "bitnami-redis", "x: &d {architecture: standalone}\n<<: *d\n", "architecture", "standalone"},
		{"flags with a number and without a word", "bitnami-redis", "master: {extraFlags: [--maxmemory, 1000000, --save, '']}", "master.configuration", "maxmemory 1000000\nsave \"\"\n"},
		{"variables without a word", "valkey-helm", "env: {A: '', B: null, C: 1000000}", "master.extraEnvVars", []any{
			map[string]any{"name": "A", "value": ""}, map[string]any{"name": "B", "value": ""}, map[string]any{"name": "C", "value": "1000000"}}},
		{"no snapshots in a mapping", "redis-ha", "redis: {config: {save: ''}, disableCommands: [X]}", "commonConfiguration", "save \"\"\nrename-command X \"\"\n"},
		{"a directive that is null", "redis-ha", "redis: {config: {hz: null, save: 1 1}, disableCommands: [X]}", "commonConfiguration", "# hz: null: the server's default\nsave 1 1\nrename-command X \"\"\n"},
		{"no commands that are taken away", "redis-ha", "redis: {config: {save: 1 1}, disableCommands: []}", "commonConfiguration", "save 1 1\n"},
		{"commands that the pods need", "redis-ha", "redis: {disableCommands: [CONFIG], config: {save: 1 1}}", "commonConfiguration", "# rename-command CONFIG \"\" (not for the configuration: pods need the command)\nsave 1 1\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, text := migrated(t, tt.chart, tt.text)
			require.Equal(t, tt.want, find(out, split(tt.path)), text)
		})
	}
}

// Neither notes nor the configuration, which is in a ConfigMap, tell a secret.
func TestSecretsStayWhereTheyAre(t *testing.T) {
	c, err := Open("bitnami-redis")
	require.NoError(t, err)
	text := "commonConfiguration: |\n  requirepass s3cret\n  masterauth s3cret\nauth: {pasword: s3cret}\ntls: s3cret\n"
	results, err := c.Run([]File{{Name: "f", Text: []byte(text)}})
	require.NoError(t, err)
	for _, n := range results[0].Notes {
		require.NotContains(t, n.Text+n.Path, "s3cret")
	}
	out, _ := migrated(t, "bitnami-redis", text)
	require.NotContains(t, out["commonConfiguration"], "s3cret")
}

func TestLayers(t *testing.T) {
	c, err := Open("cloudpirates")
	require.NoError(t, err)
	results, err := c.Run([]File{
		{Name: "base", Text: []byte("replicaCount: 4\nauth: {existingSecret: s}\n")},
		{Name: "prod", Text: []byte("architecture: replication # three\n")},
	})
	require.NoError(t, err)
	require.Contains(t, string(results[0].Text), "replicaCount: 3\n", "the other layer says that there are replicas")
	require.Contains(t, string(results[0].Text), "existingSecretPasswordKey: password\n")
	require.NotContains(t, string(results[0].Text), "architecture")
	require.Equal(t, "architecture: replication # three\n", string(results[1].Text))
}

// Lines are those of the file, also where it has to be written anew to be divided.
func TestLinesOfNotes(t *testing.T) {
	c, err := Open("bitnami-redis")
	require.NoError(t, err)
	for _, top := range []string{"x: &d\n  z: 1\n\n<<: *d\n", "x: {\n\n  z: 1}\n\n"} {
		results, err := c.Run([]File{{Name: "f", Text: []byte(top + "auth: {\n  pasword: s}\n")}})
		require.NoError(t, err)
		lines := map[string]int{}
		for _, n := range results[0].Notes {
			lines[n.Path] = n.Line
		}
		require.Equal(t, 1, lines["x"])
		require.Equal(t, 6, lines["auth.pasword"])
	}
}

func TestLineBreaksStay(t *testing.T) {
	_, text := migrated(t, "bitnami-valkey", "\ufeff# a\r\nprimary:\r\n  configuration: |\r\n    timeout 1\r\n")
	require.Contains(t, text, "# a\r\nmaster:\r\n  configuration: |\r\n    timeout 1\r\n")
	require.NotContains(t, text, "\n\n")
}
