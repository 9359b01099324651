//go:build render

package render

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
)

// template is a StatefulSet's pod template as bytes: pods are replaced when it
// changes.
func template(t *testing.T, set *apps.StatefulSet) string {
	t.Helper()
	data, err := json.Marshal(set.Spec.Template)
	require.NoError(t, err)
	return string(data)
}

// TestWhatRollsPods changes one thing at a time: the pods that read it are
// replaced, and only these.
func TestWhatRollsPods(t *testing.T) {
	const base = "{auth: {existingSecret: own}}"
	for name, c := range map[string]struct {
		from, to        string
		master, replica bool
	}{
		"nothing":                         {from: base, to: base},
		"common configuration":            {from: base, to: "{auth: {existingSecret: own}, commonConfiguration: maxmemory 1gb}", master: true, replica: true},
		"the master's configuration":      {from: base, to: "{auth: {existingSecret: own}, master: {configuration: maxmemory 1gb}}", master: true},
		"the replicas' configuration":     {from: base, to: "{auth: {existingSecret: own}, replica: {configuration: maxmemory 1gb}}", replica: true},
		"another common ConfigMap":        {from: base, to: "{auth: {existingSecret: own}, existingConfigmap: other}", master: true, replica: true},
		"another ConfigMap of the master": {from: base, to: "{auth: {existingSecret: own}, master: {existingConfigmap: other}}", master: true},
		"another ConfigMap of replicas":   {from: base, to: "{auth: {existingSecret: own}, replica: {existingConfigmap: other}}", replica: true},
		"another configuration Secret":    {from: base, to: "{auth: {existingSecret: own}, existingConfigSecret: other}", master: true, replica: true},
		"another Secret":                  {from: base, to: "{auth: {existingSecret: other}}", master: true, replica: true},
		"another password":                {from: "{auth: {password: a}}", to: "{auth: {password: b}}", master: true, replica: true},
		"the same password":               {from: "{auth: {password: a}}", to: "{auth: {password: a}}"},
		"a generated password":            {from: "{}", to: "{}"},
		"resources of the master":         {from: base, to: "{auth: {existingSecret: own}, master: {resources: {limits: {memory: 1Gi}}}}", master: true},
		"resources of the replicas":       {from: base, to: "{auth: {existingSecret: own}, replica: {resources: {limits: {memory: 1Gi}}}}", replica: true},
		"grace period of the replicas":    {from: base, to: "{auth: {existingSecret: own}, replica: {terminationGracePeriodSeconds: 90}}", replica: true},
		"the other way to the master":     {from: base, to: "{auth: {existingSecret: own}, master: {service: {routing: direct}}}", master: true, replica: true},
		"the write endpoint":              {from: base, to: "{auth: {existingSecret: own}, proxy: {maxConnections: 5}}", master: true, replica: true},
		"failback":                        {from: base, to: "{auth: {existingSecret: own}, master: {failback: never}}", master: true, replica: true},
		"hive":                            {from: base, to: "{auth: {existingSecret: own}, hive: {enabled: true}}", master: true, replica: true},
		"an external master":              {from: base, to: "{auth: {existingSecret: own}, externalMaster: {host: old}}", master: true},
		"an external master's password":   {from: "{externalMaster: {host: old, password: a}, auth: {existingSecret: own}}", to: "{externalMaster: {host: old, password: b}, auth: {existingSecret: own}}", master: true},
		"hive's values without hive":      {from: base, to: "{auth: {existingSecret: own}, hive: {policy: available, hangTimeout: 9s}}"},
		"priority":                        {from: "{hive: {enabled: true}}", to: "{hive: {enabled: true}, replica: {priority: 0}}", replica: true},
		"priority without an election":    {from: base, to: "{auth: {existingSecret: own}, replica: {priority: 0}}"},
		"a timeout that nobody waits for": {from: base, to: "{auth: {existingSecret: own}, durabilityTimeout: 9s}"},
		"the image":                       {from: base, to: `{auth: {existingSecret: own}, image: {tag: "9.0"}}`, master: true, replica: true},
		"more replicas":                   {from: base, to: "{auth: {existingSecret: own}, replica: {replicaCount: 4}}"},
		"no replica":                      {from: base, to: "{auth: {existingSecret: own}, replica: {replicaCount: 0}}"},
		"Services":                        {from: base, to: "{auth: {existingSecret: own}, master: {service: {ports: {valkey: 1}, annotations: {a: b}}}, replica: {service: {type: NodePort}}}"},
		"metrics":                         {from: base, to: "{auth: {existingSecret: own}, metrics: {enabled: true, serviceMonitor: {enabled: true}}}"},
		"network policy":                  {from: base, to: "{auth: {existingSecret: own}, networkPolicy: {allowExternal: false}}"},
		"disruption budgets":              {from: base, to: "{auth: {existingSecret: own}, replica: {pdb: {create: false}}}"},
		"common annotations":              {from: base, to: "{auth: {existingSecret: own}, commonAnnotations: {a: b}}"},
		"StatefulSets' labels":            {from: base, to: "{auth: {existingSecret: own}, master: {labels: {a: b}}, replica: {annotations: {a: b}}}"},
		"size of the claims":              {from: base, to: "{auth: {existingSecret: own}, master: {persistence: {size: 9Gi}}}"},
		"pods' labels of the master":      {from: base, to: "{auth: {existingSecret: own}, master: {podLabels: {a: b}}}", master: true},
	} {
		t.Run(name, func(t *testing.T) {
			forEachHelm(t, func(t *testing.T, helm string) {
				from := rendering{helm: helm, values: c.from}.objects(t)
				to := rendering{helm: helm, values: c.to}.objects(t)
				require.Equal(t, c.master, template(t, master(t, from)) != template(t, master(t, to)), "the master's pods are replaced")
				require.Equal(t, c.replica, template(t, replica(t, from)) != template(t, replica(t, to)), "the replicas' pods are replaced")
			})
		})
	}
}

// TestScaling: the list of expected pods follows, and nothing else does.
func TestScaling(t *testing.T) {
	forEachHelm(t, func(t *testing.T, helm string) {
		four := rendering{helm: helm, values: "{replica: {replicaCount: 4}, clusterDomain: example.org}"}.objects(t)
		require.Equal(t, `rel-valkey-master-0.rel-valkey-master-headless.space.svc.example.org
rel-valkey-replica-0.rel-valkey-replica-headless.space.svc.example.org
rel-valkey-replica-1.rel-valkey-replica-headless.space.svc.example.org
rel-valkey-replica-2.rel-valkey-replica-headless.space.svc.example.org
rel-valkey-replica-3.rel-valkey-replica-headless.space.svc.example.org
`, get[*core.ConfigMap](t, four, "rel-valkey-topology").Data["peers"])
		require.EqualValues(t, 4, *replica(t, four).Spec.Replicas)
		require.EqualValues(t, 1, *master(t, four).Spec.Replicas)
	})
}

// TestClaimTemplatesStay: Kubernetes refuses an upgrade that changes them.
func TestClaimTemplatesStay(t *testing.T) {
	forEachHelm(t, func(t *testing.T, helm string) {
		from := master(t, rendering{helm: helm}.objects(t)).Spec.VolumeClaimTemplates
		to := master(t, rendering{helm: helm, values: `{commonLabels: {a: b}, commonAnnotations: {a: b}, image: {tag: "9.0"}, master: {podLabels: {a: b}, labels: {a: b}}}`}.objects(t)).Spec.VolumeClaimTemplates
		require.Equal(t, from, to)
		for _, label := range []string{"helm.sh/chart", "app.kubernetes.io/version", "app.kubernetes.io/managed-by"} {
			require.NotContains(t, from[0].Labels, label)
		}
	})
}
