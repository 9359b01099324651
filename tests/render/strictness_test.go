//go:build render

package render

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// schemaNode is what these tests look at in values.schema.json.
type schemaNode struct {
	Properties map[string]schemaNode `json:"properties"`
}

func chartSchema(t *testing.T) schemaNode {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(chartDir, "values.schema.json"))
	require.NoError(t, err)
	var root schemaNode
	require.NoError(t, json.Unmarshal(data, &root))
	return root
}

// open are the objects with properties of ours that others may add to.
var open = map[string]bool{"global": true, "global.compatibility": true, "global.compatibility.openshift": true}

// ownObjects returns the paths of all objects of ours: those with properties.
func ownObjects(node schemaNode, path string) []string {
	if node.Properties == nil {
		return nil
	}
	paths := []string{path}
	for key, child := range node.Properties {
		paths = append(paths, ownObjects(child, strings.TrimPrefix(path+"."+key, "."))...)
	}
	return paths
}

// setPath sets a value at a path of keys with dots between.
func setPath(values map[string]any, path string, value any) {
	keys := strings.Split(path, ".")
	for _, key := range keys[:len(keys)-1] {
		below, ok := values[key].(map[string]any)
		if !ok {
			below = map[string]any{}
			values[key] = below
		}
		values = below
	}
	values[keys[len(keys)-1]] = value
}

func text(t *testing.T, values map[string]any) string {
	t.Helper()
	data, err := yaml.Marshal(values)
	require.NoError(t, err)
	return string(data)
}

// TestMisspeltKeys puts a key that does not exist into every object of ours at
// once: each is named.
func TestMisspeltKeys(t *testing.T) {
	paths := ownObjects(chartSchema(t), "")
	require.Greater(t, len(paths), 40)
	values := map[string]any{}
	for _, path := range paths {
		if !open[path] {
			setPath(values, strings.TrimPrefix(path+".replicaCuont", "."), 1)
		}
	}
	forEachHelm(t, func(t *testing.T, helm string) {
		_, err := rendering{helm: helm, values: text(t, values)}.try(t)
		for _, path := range paths {
			if open[path] {
				continue
			}
			pointer := "/" + strings.ReplaceAll(path, ".", "/")
			if path == "" {
				pointer = ""
			}
			require.ErrorContains(t, err, fmt.Sprintf("at '%s': additional properties 'replicaCuont' not allowed", pointer))
		}
	})
}

// TestOpenObjects puts fields that only Kubernetes knows where they belong.
func TestOpenObjects(t *testing.T) {
	values := `
global: {storageClass: x, other: {deep: 1}, compatibility: {else: 1}}
master:
  resources: {limits: {example.org/device: 1}, claims: [{name: x}]}
  podSecurityContext: {supplementalGroups: [1]}
  containerSecurityContext: {procMount: Default}
  affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: []}}
  customLivenessProbe: {grpc: {port: 1}}
  updateStrategy: {rollingUpdate: {maxUnavailable: 1}}
  tolerations: [{key: a, operator: Exists}]
  extraVolumes: [{name: x, csi: {driver: example.org}}]
  lifecycleHooks: {preStop: {sleep: {seconds: 1}}}
`
	forEachHelm(t, func(t *testing.T, helm string) {
		requireSound(t, rendering{helm: helm, values: values}.objects(t))
	})
}

// TestWrongValues are refused by the schema, with their place.
func TestWrongValues(t *testing.T) {
	for values, place := range map[string]string{
		`architecture: cluster`:                                 "/architecture",
		`replica: {replicaCount: "2"}`:                          "/replica/replicaCount",
		`replica: {replicaCount: -1}`:                           "/replica/replicaCount",
		`replica: {priority: -1}`:                               "/replica/priority",
		`replica: {priority: low}`:                              "/replica/priority",
		`master: {replicaCount: 0}`:                             "/master/replicaCount",
		`image: {tag: 9.1}`:                                     "/image/tag",
		`image: {digest: abc}`:                                  "/image/digest",
		`image: {pullPolicy: always}`:                           "/image/pullPolicy",
		`auth: {enabled: "yes"}`:                                "/auth/enabled",
		`auth: {password: 1234}`:                                "/auth/password",
		`auth: {password: "a\nb"}`:                              "/auth/password",
		`commonConfiguration: {maxmemory: 1gb}`:                 "/commonConfiguration",
		`persistenceMode: AOF`:                                  "/persistenceMode",
		`safety: {maxLag: 10}`:                                  "/safety/maxLag",
		`safety: {bootstrapWait: 10 s}`:                         "/safety/bootstrapWait",
		`containerPorts: {valkey: 65536}`:                       "/containerPorts/valkey",
		`containerPorts: {proxy: "6380"}`:                       "/containerPorts/proxy",
		`durability: sync`:                                      "/durability",
		`durabilityTimeout: 2`:                                  "/durabilityTimeout",
		`proxy: {maxConnections: 0}`:                            "/proxy/maxConnections",
		`proxy: {maxPendingBytes: 1000}`:                        "/proxy/maxPendingBytes",
		`handover: {waitForUpdatedReplica: 10}`:                 "/handover/waitForUpdatedReplica",
		`hive: {policy: brave}`:                                 "/hive/policy",
		`hive: {silenceTimeout: 1.3 s}`:                         "/hive/silenceTimeout",
		`sentinel: {replicaCount: 0}`:                           "/sentinel/replicaCount",
		`sentinel: {quorum: -1}`:                                "/sentinel/quorum",
		`sentinel: {masterSet: my master}`:                      "/sentinel/masterSet",
		`sentinel: {announceHostnames: "yes"}`:                  "/sentinel/announceHostnames",
		`sentinel: {downAfterMilliseconds: 100}`:                "/sentinel/downAfterMilliseconds",
		`sentinel: {failoverTimeout: 15s}`:                      "/sentinel/failoverTimeout",
		`sentinel: {persistence: {existingClaim: a}}`:           "/sentinel/persistence",
		`sentinel: {service: {ports: {valkey: 1}}}`:             "/sentinel/service/ports",
		`containerPorts: {sentinel: 0}`:                         "/containerPorts/sentinel",
		`master: {failback: always}`:                            "/master/failback",
		`master: {service: {routing: none}}`:                    "/master/service/routing",
		`replica: {service: {routing: direct}}`:                 "/replica/service",
		`master: {terminationGracePeriodSeconds: "60"}`:         "/master/terminationGracePeriodSeconds",
		`master: {persistence: {size: 8GB}}`:                    "/master/persistence/size",
		`master: {persistence: {accessModes: [RWO]}}`:           "/master/persistence/accessModes/0",
		`master: {service: {type: ExternalName}}`:               "/master/service/type",
		`master: {service: {trafficDistribution: PreferClose}}`: "/master/service",
		`replica: {service: {trafficDistribution: Close}}`:      "/replica/service/trafficDistribution",
		`replica: {pdb: {maxUnavailable: 1.5}}`:                 "/replica/pdb/maxUnavailable",
		`replica: {pdb: {maxUnavailable: some}}`:                "/replica/pdb/maxUnavailable",
		`master: {extraEnvVars: {A: b}}`:                        "/master/extraEnvVars",
		`master: {extraEnvVars: [{value: b}]}`:                  "/master/extraEnvVars/0",
		`master: {nodeSelector: [a]}`:                           "/master/nodeSelector",
		`fullnameOverride: Upper`:                               "/fullnameOverride",
		`fullnameOverride: "1a"`:                                "/fullnameOverride",
		`extraDeploy: [1]`:                                      "/extraDeploy/0",
		`metrics: {serviceMonitor: {interval: 30}}`:             "/metrics/serviceMonitor/interval",
	} {
		t.Run(values, func(t *testing.T) {
			t.Parallel()
			_, err := rendering{helm: "helm4", values: values}.try(t)
			require.ErrorContains(t, err, "at '"+place+"'")
		})
	}
}

// TestSchemaForm holds the schema to what both libraries that read it can do.
func TestSchemaForm(t *testing.T) {
	data, err := os.ReadFile("../../schema/values.schema.json")
	require.NoError(t, err)
	var check func(node any, path string)
	check = func(node any, path string) {
		switch node := node.(type) {
		case map[string]any:
			for key, child := range node {
				require.NotContains(t, []string{"oneOf", "$id", "format", "dependencies"}, key, path)
				if reference, ok := child.(string); ok && key == "$ref" {
					require.True(t, strings.HasPrefix(reference, "#/definitions/"), "%s: %s", path, reference)
				}
				if pattern, ok := child.(string); ok && key == "pattern" {
					require.True(t, strings.HasPrefix(pattern, "^") && strings.HasSuffix(pattern, "$"), "%s: %s", path, pattern)
				}
				check(child, path+"/"+key)
			}
			properties, isObject := node["properties"]
			if _, conditional := node["required"]; isObject && properties != nil && !conditional && strings.Contains(path, "/properties/") && !strings.Contains(path, "/allOf/") {
				name := strings.ReplaceAll(strings.TrimPrefix(path, "/properties/"), "/properties/", ".")
				require.Equal(t, !open[name], node["additionalProperties"] == false, "%s is open", path)
			}
		case []any:
			for i, child := range node {
				check(child, fmt.Sprint(path, "/", i))
			}
		}
	}
	var root map[string]any
	require.NoError(t, json.Unmarshal(data, &root))
	check(root, "")
	for name := range root["definitions"].(map[string]any) {
		require.Contains(t, string(data), `"$ref": "#/definitions/`+name+`"`, "nothing refers to it")
	}
}

// TestNull sets values to null: the chart renders sound objects without them, or
// says that it cannot. The values of one object go together; one by one only where
// the chart refuses some of them.
func TestNull(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(chartDir, "values.yaml"))
	require.NoError(t, err)
	var defaults map[string]any
	require.NoError(t, yaml.Unmarshal(data, &defaults))
	groups := map[string][]string{}
	for _, path := range allPaths(defaults, "") {
		parent := path[:max(0, strings.LastIndex(path, "."))]
		groups[parent] = append(groups[parent], path)
	}
	require.Greater(t, len(groups), 40)
	forEachHelm(t, func(t *testing.T, helm string) {
		for parent, paths := range groups {
			t.Run(parent, func(t *testing.T) {
				t.Parallel()
				if renderedWithout(t, helm, paths...) {
					return
				}
				for _, path := range paths {
					renderedWithout(t, helm, path)
				}
			})
		}
	})
}

// renderedWithout says whether the chart renders with null at the paths.
func renderedWithout(t *testing.T, helm string, paths ...string) bool {
	t.Helper()
	values := map[string]any{}
	for _, path := range []string{"metrics.enabled", "metrics.serviceMonitor.enabled", "metrics.podMonitor.enabled", "sentinel.enabled"} {
		setPath(values, path, true)
	}
	for _, path := range paths {
		setPath(values, path, nil)
	}
	out, err := rendering{helm: helm, values: text(t, values)}.try(t)
	if err != nil {
		require.ErrorContains(t, err, "[VK1", paths)
		return false
	}
	requireSound(t, decode(t, out))
	return true
}

func allPaths(values map[string]any, path string) []string {
	var paths []string
	for key, value := range values {
		at := strings.TrimPrefix(path+"."+key, ".")
		if strings.Contains(key, "/") || strings.Contains(key, ".") {
			continue
		}
		paths = append(paths, at)
		if below, ok := value.(map[string]any); ok {
			paths = append(paths, allPaths(below, at)...)
		}
	}
	return paths
}
