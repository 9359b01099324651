//go:build helm

package upgrade

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func helmTemplate(t *testing.T, helm, values string) string {
	t.Helper()
	cache := os.Getenv("HELM_VALKEY_CACHE")
	if cache == "" {
		user, err := os.UserCacheDir()
		require.NoError(t, err)
		cache = filepath.Join(user, "helm-valkey")
	}
	dir, err := os.MkdirTemp("", "values") // not the test's, in whose name Helm finds commas
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "values.yaml")
	require.NoError(t, os.WriteFile(file, []byte(values), 0o600))
	command := exec.Command(filepath.Join(cache, "bin", helm), "template", "rel", "../../charts/valkey", "--namespace", "space", "--values", file)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	require.NoError(t, err, stderr.String())
	return string(out)
}

// Changes of values, as they look from here when the real Helms render both.
func TestChangesOfValues(t *testing.T) {
	const (
		ofMaster   = "StatefulSet/rel-valkey-master "
		ofReplica  = "StatefulSet/rel-valkey-replica "
		ofSentinel = "StatefulSet/rel-valkey-sentinel "
		data       = "spec.template.spec.volumes[data]: "
		claim      = "spec.volumeClaimTemplates[data]"
		env        = "spec.template.spec.containers[valkey].env"
		image      = "spec.template.spec.containers[valkey].image: "
	)
	tests := []struct {
		name, old, new string
		want           []string
	}{
		{"more replicas", "{}", "{replica: {replicaCount: 4}}", nil},
		{"all pods anew", "{}", "{master: {podAnnotations: {a: b}}, replica: {podAnnotations: {a: b}}, commonConfiguration: maxmemory 1gb}", nil},
		{"another chart version's labels", "{}", "{commonLabels: {team: a}}", nil},
		{"hive on", "{}", "{hive: {enabled: true}}", nil},
		{"hive off", "{hive: {enabled: true}}", "{}", nil},
		{"Sentinel on", "{}", "{sentinel: {enabled: true}}", nil},
		{"Sentinel off", "{sentinel: {enabled: true}}", "{}",
			[]string{"warning VK312 " + ofSentinel + ": Sentinel is switched off: writes wait until a new replica is in sync, some seconds"}},
		{"another number of Sentinels", "{sentinel: {enabled: true}}", "{sentinel: {enabled: true, replicaCount: 5}}", nil},
		{"to routing direct", "{}", "{master: {service: {routing: direct}}}",
			[]string{"warning VK312 " + ofMaster + env + "[ENTRYPOINT_PROXY_ADDRESS]: the write endpoint goes: the write Service leads to rel-valkey-master-0 at once, whichever pod is master"}},
		{"larger volume", "{}", "{master: {persistence: {size: 20Gi}}}",
			[]string{"VK302 " + ofMaster + claim + ".spec.resources.requests.storage: 8Gi → 20Gi: Kubernetes refuses this change of the template"}},
		{"the same size in other words", "{}", "{master: {persistence: {size: 8192Mi}}}", nil},
		{"smaller volume", "{}", "{master: {persistence: {size: 4Gi}}}",
			[]string{"VK303 " + ofMaster + claim + ".spec.resources.requests.storage: 8Gi → 4Gi: volumes cannot shrink"}},
		{"another storage class", "{}", "{global: {defaultStorageClass: fast}}",
			[]string{"VK302 " + ofMaster + claim + `.spec.storageClassName: nothing → "fast": Kubernetes refuses this change`}},
		{"labels of the claims", "{}", "{master: {persistence: {labels: {a: b}}}}",
			[]string{"VK302 " + ofMaster + claim + `.metadata.labels: a: nothing → "b": Kubernetes refuses this change`}},
		{"one pod after the other", "{}", "{replica: {podManagementPolicy: OrderedReady}}",
			[]string{"VK301 " + ofReplica + `spec.podManagementPolicy: "Parallel" → "OrderedReady": Kubernetes refuses this change`}},
		{"volumes for replicas", "{}", "{replica: {persistence: {enabled: true}}}",
			[]string{"VK302 " + ofReplica + claim + ": claims are added: Kubernetes refuses this change"}},
		{"no volume for the master, with replicas", "{}", "{master: {persistence: {enabled: false}}}",
			[]string{"warning VK305 " + ofMaster + data + "a volume claim of each pod → no volume: pods that start get the data from the others",
				"VK302 " + ofMaster + claim + ": the claims are dropped: Kubernetes refuses this change"}},
		{"no volume for a master alone", "{architecture: standalone}", "{architecture: standalone, master: {persistence: {enabled: false}}}",
			[]string{"VK304 " + ofMaster + data + "a volume claim of each pod → no volume: the master starts without its data, and no replica holds them",
				"VK302 " + ofMaster + claim + ": the claims are dropped: Kubernetes refuses this change"}},
		{"another claim, alone", "{architecture: standalone, master: {persistence: {existingClaim: a}}}", "{architecture: standalone, master: {persistence: {existingClaim: b}}}",
			[]string{"VK304 " + ofMaster + data + "claim a → claim b: the master starts without its data, and no replica holds them"}},
		{"the last replica of a master in memory", "{master: {persistence: {enabled: false}}}", "{master: {persistence: {enabled: false}, podAnnotations: {a: b}}, replica: {replicaCount: 0}}",
			[]string{"VK304 " + ofMaster + data + "the last replica goes, and the master, which keeps nothing on disk, is restarted: all data are lost"}},
		{"the same, without a restart", "{master: {persistence: {enabled: false}}}", "{master: {persistence: {enabled: false}}, replica: {replicaCount: 0}}",
			[]string{"warning VK305 " + ofMaster + data + "the last replica goes: nothing outlives the master's pod from now on"}},
		{"standalone", "{}", "{architecture: standalone}",
			[]string{"VK304 " + ofMaster + env + "[ENTRYPOINT_PROXY_ADDRESS]: the master hands over to a replica that is removed: what is written in between is lost",
				"warning VK312 " + ofMaster + env + "[ENTRYPOINT_PROXY_ADDRESS]: the write endpoint goes: the write Service leads to rel-valkey-master-0 at once, whichever pod is master"}},
		{"from standalone", "{architecture: standalone}", "{}", nil},
		{"nothing on disk", "{}", "{persistenceMode: none}",
			[]string{"warning VK305 " + ofMaster + env + "[ENTRYPOINT_PERSISTENCE]: aof → none: with all pods at once, all data are lost from now on"}},
		{"more on disk", "{persistenceMode: rdb}", "{persistenceMode: aof}", nil},
		{"other names", "{}", "{fullnameOverride: cache}",
			[]string{"VK306 " + ofMaster + "metadata.name: rel-valkey-master → cache-master: the new pods start empty, and the old ones are removed"}},
		{"a name of another kind", "{}", "{nameOverride: cache}",
			[]string{"VK306 " + ofMaster + "metadata.name: rel-valkey-master → rel-cache-master: the new pods start empty, and the old ones are removed"}},
		{"another namespace", "{}", "{namespaceOverride: other}",
			[]string{"VK306 " + ofMaster + "metadata.namespace: space → other: the new pods start empty, and the old ones are removed"}},
		{"claims that go with pods", "{sentinel: {enabled: true}, master: {replicaCount: 3}}", "{sentinel: {enabled: true}, master: {replicaCount: 2, persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete, whenScaled: Delete}}}",
			[]string{"warning VK308 " + ofMaster + "spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Retain → Delete: helm uninstall deletes the data from now on",
				"warning VK308 " + ofMaster + "spec.replicas: 3 → 2: the claims of the pods that go are deleted, with what is on them"}},
		{"another password", "{auth: {password: a}}", "{auth: {password: b}}",
			[]string{"VK309 " + ofMaster + "spec.template: another password in Secret rel-valkey: old and new pods do not know each other"}},
		{"another password of a server alone", "{architecture: standalone, auth: {password: a}}", "{architecture: standalone, auth: {password: b}}", nil},
		{"no password any more", "{}", "{auth: {enabled: false}}",
			[]string{"VK309 " + ofMaster + `spec.template: Secret "rel-valkey" → "": old and new pods do not know each other`}},
		{"a Secret of one's own", "{}", "{auth: {existingSecret: mine}}",
			[]string{"VK309 " + ofMaster + `spec.template: Secret "rel-valkey" → "mine": old and new pods do not know each other`}},
		{"another key of the Secret", "{auth: {existingSecret: mine}}", "{auth: {existingSecret: mine, existingSecretPasswordKey: other}}",
			[]string{"VK309 " + ofMaster + "spec.template: another key of Secret mine: old and new pods do not know each other"}},
		{"a generated password", "{}", "{}", nil},
		{"other ports", "{}", "{containerPorts: {valkey: 7001, control: 7003}}",
			[]string{"VK309 " + ofMaster + `spec.template: ENTRYPOINT_PORT "6379" → "7001", ENTRYPOINT_CONTROL_ADDRESS ":9122" → ":7003": old and new pods do not know each other`}},
		{"a later server", "{image: {tag: '8.1'}}", "{image: {tag: '9.1'}}", nil},
		{"an earlier server", "{image: {tag: '9.1.2'}}", "{image: {tag: 8.1-alpine}}",
			[]string{"VK310 " + ofMaster + image + "Valkey 9.1 → Valkey 8.1: it cannot read the data, which are in format 80; it reads formats up to 11"}},
		{"from Redis 8", "{image: {repository: library/redis, tag: '8.0'}}", "{}",
			[]string{"VK310 " + ofMaster + image + "Redis 8.0 → Valkey 9.1: it cannot read the data, which are in format 12; it reads formats up to 11, and 80 to 80"}},
		{"from Redis 7.2", "{image: {repository: library/redis, tag: '7.2'}}", "{}", nil},
		{"a digest", "{}", "{image: {digest: 'sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'}}",
			[]string{"warning VK311 " + ofMaster + image + `"docker.io/valkey/valkey:9.1" → "docker.io/valkey/valkey@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef": whether the new server reads what the old one wrote cannot be told from this`}},
		{"another address of the Service", "{master: {service: {clusterIP: 10.96.0.7}}}", "{master: {service: {clusterIP: 10.96.0.8}}}",
			[]string{"VK313 Service/rel-valkey-master spec.clusterIP: 10.96.0.7 → 10.96.0.8: Kubernetes refuses this change"}},
		{"a Service on nodes", "{}", "{master: {service: {type: NodePort}}}", nil},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			helm := []string{"helm3", "helm4"}[i%2] // what they render is the same, says tests/render
			u := Upgrade{Old: read(t, helmTemplate(t, helm, tt.old)), New: read(t, helmTemplate(t, helm, tt.new))}
			require.Equal(t, append([]string{}, tt.want...), summary(u.Check()))
		})
	}
}
