//go:build render

package render

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	network "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/helm-valkey/helm-valkey/entrypoint/settings"
)

const writeEndpointLabel = "helm-valkey.github.io/write-endpoint"

func portNames(c core.Container) []string {
	var names []string
	for _, p := range c.Ports {
		names = append(names, p.Name)
	}
	return names
}

// TestRouting: the write Service leads to the write endpoint of all pods, or to the
// master's server; and the pods have what it leads to.
func TestRouting(t *testing.T) {
	forEachHelm(t, func(t *testing.T, helm string) {
		for values, proxy := range map[string]bool{
			"{}":                                   true,
			"replica: {replicaCount: 0}":           true,
			"master: {service: {routing: null}}":   true,
			"master: {service: {routing: direct}}": false,
			"architecture: standalone":             false,
			"{architecture: standalone, master: {service: {routing: proxy}}}": false,
		} {
			t.Run(values, func(t *testing.T) {
				all := rendering{helm: helm, values: values}.objects(t)
				requireSound(t, all)
				target, ports := "valkey", []string{"valkey", "http", "control"}
				if proxy {
					target, ports = "proxy", []string{"valkey", "proxy", "http", "control"}
				}
				service := get[*core.Service](t, all, "rel-valkey-master")
				require.Equal(t, target, service.Spec.Ports[0].TargetPort.StrVal)
				require.EqualValues(t, 6379, service.Spec.Ports[0].Port)
				for _, o := range all {
					if set, ok := o.(*apps.StatefulSet); ok {
						require.Equal(t, ports, portNames(server(t, set)))
						require.Equal(t, proxy, set.Spec.Template.Labels[writeEndpointLabel] == "true")
						require.NotContains(t, set.Spec.Selector.MatchLabels, writeEndpointLabel, "selectors of StatefulSets cannot change")
						require.Equal(t, proxy, environment(server(t, set))["ENTRYPOINT_PROXY_ADDRESS"] == ":6380")
					}
				}
				require.Equal(t, proxy, len(get[*network.NetworkPolicy](t, all, "rel-valkey").Spec.Ingress[0].Ports) == 2, "clients may reach the write endpoint")
				if read, ok := find[*core.Service](all, "rel-valkey-replica"); ok {
					require.Equal(t, "valkey", read.Spec.Ports[0].TargetPort.StrVal)
				}
			})
		}
	})
}

// TestReads: the read Service leads to the pods of replicas, and where there are none to
// the masters' servers, all but one of which are replicas. `helm test` reads there.
func TestReads(t *testing.T) {
	for values, want := range map[string]struct {
		component string
		tested    bool
	}{
		"{}":                         {"replica", true},
		"replica: {replicaCount: 0}": {"replica", false},
		"hive: {enabled: true}":      {"replica", true},
		"{sentinel: {enabled: true}, master: {replicaCount: 3}}":                                                        {"replica", true},
		"{sentinel: {enabled: true}, master: {replicaCount: 3}, replica: {replicaCount: 0}}":                            {"master", true},
		"{sentinel: {enabled: true}, master: {replicaCount: 2}, replica: {replicaCount: 0, service: {type: NodePort}}}": {"master", true},
	} {
		t.Run(values, func(t *testing.T) {
			forEachHelm(t, func(t *testing.T, helm string) {
				all := rendering{helm: helm, values: values}.objects(t)
				requireSound(t, all)
				service := get[*core.Service](t, all, "rel-valkey-replica")
				require.Equal(t, want.component, service.Spec.Selector["app.kubernetes.io/component"])
				require.Equal(t, "valkey", service.Spec.Ports[0].TargetPort.StrVal)
				require.Equal(t, "replica", service.Labels["app.kubernetes.io/component"])
				headless := get[*core.Service](t, all, "rel-valkey-replica-headless")
				require.Equal(t, "replica", headless.Spec.Selector["app.kubernetes.io/component"], "names of pods are no choice")
				command := get[*core.Pod](t, all, "rel-valkey-test").Spec.Containers[0].Command
				require.Equal(t, want.tested, slices.Contains(command, "--read"))
			})
		})
	}
}

// TestUpgradeToTheWriteEndpoint: a pod from before the write endpoint gets no client
// that it cannot serve, and counts as ready where readiness is asked.
func TestUpgradeToTheWriteEndpoint(t *testing.T) {
	before := rendering{helm: "helm4", values: "master: {service: {routing: direct}}"}.objects(t)
	after := rendering{helm: "helm4", values: "hive: {enabled: true, policy: available}"}.objects(t)
	write := labels.SelectorFromSet(get[*core.Service](t, after, "rel-valkey-master").Spec.Selector)
	ready := labels.SelectorFromSet(get[*core.Service](t, after, "rel-valkey-ready").Spec.Selector)
	for _, role := range []string{"master", "replica"} {
		old, young := statefulSet(t, before, role), statefulSet(t, after, role)
		require.Equal(t, old.Spec.Selector, young.Spec.Selector)
		require.False(t, write.Matches(labels.Set(old.Spec.Template.Labels)))
		require.True(t, write.Matches(labels.Set(young.Spec.Template.Labels)))
		require.True(t, ready.Matches(labels.Set(old.Spec.Template.Labels)))
		require.True(t, ready.Matches(labels.Set(young.Spec.Template.Labels)))
	}
}

// TestReusedValues: with `--reuse-values` an upgrade has the values of the release
// before, in which all new ones are missing.
func TestReusedValues(t *testing.T) {
	const missing = `
proxy: null
handover: null
hive: null
durability: null
durabilityTimeout: null
containerPorts: {proxy: null, sentinel: null}
master: {failback: null, failbackAfter: null, terminationGracePeriodSeconds: 60, service: {routing: null}}
replica: {priority: null}
sentinel: {replicaCount: null, announceHostnames: null, service: null, persistence: null, pdb: null, serviceAccount: null, podSecurityContext: null}
`
	forEachHelm(t, func(t *testing.T, helm string) {
		requireText(t, normal(rendering{helm: helm}.manifests(t)), normal(rendering{helm: helm, values: missing}.manifests(t)), "not the defaults")
	})
}

// TestMastershipEnvironment: what the entrypoint is told, and nothing that has no
// effect. An empty value: the variable is not there.
func TestMastershipEnvironment(t *testing.T) {
	defaults := map[string]string{
		"PROXY_ADDRESS": ":6380", "PROXY_HOLD_TIMEOUT": "5s", "PROXY_MAX_CONNECTIONS": "10000", "PROXY_MAX_PENDING": "1048576",
		"DURABILITY": "async", "DURABILITY_TIMEOUT": "", "FAILBACK": "auto", "FAILBACK_AFTER": "60s", "UPDATE_WAIT": "10s",
		"HIVE_POLICY": "", "HIVE_SILENCE": "", "HIVE_HANG": "", "READY_SERVICES": "",
		"MIN_REPLICAS_TO_WRITE": "0", "MIN_REPLICAS_MAX_LAG": "10s", "GRACE_PERIOD": "60s",
	}
	without := map[string]string{
		"PROXY_ADDRESS": "", "PROXY_HOLD_TIMEOUT": "", "PROXY_MAX_CONNECTIONS": "", "PROXY_MAX_PENDING": "",
		"DURABILITY": "", "FAILBACK": "", "FAILBACK_AFTER": "", "UPDATE_WAIT": "",
	}
	for name, c := range map[string]struct {
		values string
		want   map[string]string // other than the defaults
	}{
		"defaults":   {"{}", nil},
		"direct":     {"{master: {service: {routing: direct}, failback: never}, durabilityTimeout: 9s}", without},
		"standalone": {"architecture: standalone", without},
		"the proxy": {"{containerPorts: {proxy: 7000}, proxy: {holdTimeout: 1m, maxConnections: 1000000, maxPendingBytes: 134217728}, handover: {waitForUpdatedReplica: 0s}}",
			map[string]string{"PROXY_ADDRESS": ":7000", "PROXY_HOLD_TIMEOUT": "1m", "PROXY_MAX_CONNECTIONS": "1000000", "PROXY_MAX_PENDING": "134217728", "UPDATE_WAIT": "0s", "GRACE_PERIOD": "100s"}},
		"failback": {"master: {failback: never}", map[string]string{"FAILBACK": "never", "FAILBACK_AFTER": ""}},
		"durability": {"{durability: replicated, durabilityTimeout: 1s, safety: {minReplicasToWrite: 2, minReplicasMaxLag: 3s}}",
			map[string]string{"DURABILITY": "replicated", "DURABILITY_TIMEOUT": "1s", "MIN_REPLICAS_TO_WRITE": "2", "MIN_REPLICAS_MAX_LAG": "3s"}},
		"hive": {"hive: {enabled: true}",
			map[string]string{"HIVE_POLICY": "safe", "HIVE_SILENCE": "1s", "HIVE_HANG": "3s", "MIN_REPLICAS_TO_WRITE": "1", "MIN_REPLICAS_MAX_LAG": "2s"}},
		"hive for many": {"{hive: {enabled: true}, safety: {minReplicasToWrite: 2}, replica: {replicaCount: 5}}",
			map[string]string{"HIVE_POLICY": "safe", "HIVE_SILENCE": "1s", "HIVE_HANG": "3s", "MIN_REPLICAS_TO_WRITE": "2", "MIN_REPLICAS_MAX_LAG": "2s"}},
		"hive without volumes": {"{hive: {enabled: true, policy: available, silenceTimeout: 2s, hangTimeout: 4s}, master: {persistence: {enabled: false}}, durability: replicated}",
			map[string]string{"HIVE_POLICY": "available", "HIVE_SILENCE": "2s", "HIVE_HANG": "4s", "READY_SERVICES": "rel-valkey-ready.space.svc.cluster.local", "FAILBACK": "never", "FAILBACK_AFTER": "",
				"MIN_REPLICAS_TO_WRITE": "1", "MIN_REPLICAS_MAX_LAG": "2s", "DURABILITY": "replicated", "DURABILITY_TIMEOUT": "2s"}},
		"no volume without hive": {"master: {persistence: {enabled: false}}", nil},
	} {
		t.Run(name, func(t *testing.T) {
			forEachHelm(t, func(t *testing.T, helm string) {
				all := rendering{helm: helm, values: c.values}.objects(t)
				requireSound(t, all)
				for _, o := range all {
					set, ok := o.(*apps.StatefulSet)
					if !ok {
						continue
					}
					env := environment(server(t, set))
					for variable, want := range defaults {
						if other, ok := c.want[variable]; ok {
							want = other
						}
						require.Equal(t, want, env["ENTRYPOINT_"+variable], "%s of %s", variable, set.Name)
					}
				}
				_, ready := find[*core.Service](all, "rel-valkey-ready")
				require.Equal(t, c.want["READY_SERVICES"] != "", ready)
			})
		})
	}
}

// TestPriority: replicas' pods are told that they are master only where nobody else can
// be, and only where somebody is elected.
func TestPriority(t *testing.T) {
	for values, want := range map[string]bool{
		"replica: {priority: 0}":                                                         false,
		"{replica: {priority: 0}, master: {failback: never}}":                            false,
		"{replica: {priority: 0}, hive: {enabled: true}}":                                true,
		"{replica: {priority: 0}, sentinel: {enabled: true}}":                            true,
		"{replica: {priority: 0}, sentinel: {enabled: true}, master: {replicaCount: 3}}": true,
		"{replica: {priority: 1}, sentinel: {enabled: true}}":                            false,
		"{replica: {priority: 1000000}, hive: {enabled: true}}":                          false,
		"{replica: {priority: null}, hive: {enabled: true}}":                             false,
		"hive: {enabled: true}":                                                          false,
	} {
		t.Run(values, func(t *testing.T) {
			forEachHelm(t, func(t *testing.T, helm string) {
				all := rendering{helm: helm, values: values}.objects(t)
				requireSound(t, all)
				for _, o := range all {
					if set, ok := o.(*apps.StatefulSet); ok {
						got, there := environment(server(t, set))["ENTRYPOINT_PRIORITY"]
						require.Equal(t, want && set.Name == "rel-valkey-replica", there, set.Name)
						require.Equal(t, there, got == "0", set.Name)
					}
				}
			})
		})
	}
}

func TestRevision(t *testing.T) {
	forEachHelm(t, func(t *testing.T, helm string) {
		all := rendering{helm: helm}.objects(t)
		for _, set := range []*apps.StatefulSet{master(t, all), replica(t, all)} {
			var field string
			for _, v := range server(t, set).Env {
				if v.Name == "ENTRYPOINT_REVISION" {
					field = v.ValueFrom.FieldRef.FieldPath
				}
			}
			require.Equal(t, "metadata.labels['controller-revision-hash']", field)
		}
	})
}

func TestReadyService(t *testing.T) {
	forEachHelm(t, func(t *testing.T, helm string) {
		all := rendering{helm: helm, values: "{hive: {enabled: true, policy: available}, master: {service: {ipFamilyPolicy: PreferDualStack}}}"}.objects(t)
		service := get[*core.Service](t, all, "rel-valkey-ready")
		require.Equal(t, core.ClusterIPNone, service.Spec.ClusterIP)
		require.False(t, service.Spec.PublishNotReadyAddresses)
		require.Equal(t, core.IPFamilyPolicyPreferDualStack, *service.Spec.IPFamilyPolicy)
	})
}

// TestGracePeriod: what a stop needs, in the pod and in what the entrypoint is told.
func TestGracePeriod(t *testing.T) {
	for values, want := range map[string]map[string]int64{
		"{}": {"master": 60, "replica": 60},
		"{master: {terminationGracePeriodSeconds: null}, replica: {terminationGracePeriodSeconds: ''}}":                        {"master": 60, "replica": 60},
		"{master: {terminationGracePeriodSeconds: 65}, replica: {terminationGracePeriodSeconds: 600}}":                         {"master": 65, "replica": 600},
		"handover: {waitForUpdatedReplica: 1m30s}":                                                                             {"master": 135, "replica": 135},
		"{handover: {waitForUpdatedReplica: 1m30s}, proxy: {holdTimeout: 4001ms}}":                                             {"master": 135, "replica": 135},
		"{handover: {waitForUpdatedReplica: 0.5h}, proxy: {holdTimeout: 1h1m1.5s}}":                                            {"master": 5502, "replica": 5502},
		"{handover: {waitForUpdatedReplica: 0s}, proxy: {holdTimeout: 100ms}}":                                                 {"master": 60, "replica": 60},
		"{handover: null, proxy: null}":                                                                                        {"master": 60, "replica": 60},
		"{handover: {waitForUpdatedReplica: 10m}, master: {service: {routing: direct}}}":                                       {"master": 60, "replica": 60},
		"{handover: {waitForUpdatedReplica: 10m}, architecture: standalone}":                                                   {"master": 60},
		"{architecture: standalone, master: {terminationGracePeriodSeconds: 20}, replica: {terminationGracePeriodSeconds: 1}}": {"master": 20},
		"{handover: {waitForUpdatedReplica: 10m}, replica: {replicaCount: 0}}":                                                 {"master": 645, "replica": 645},
		"{handover: {waitForUpdatedReplica: 10m}, replica: {replicaCount: 7}, master: {terminationGracePeriodSeconds: 3600}}":  {"master": 3600, "replica": 645},
	} {
		t.Run(values, func(t *testing.T) {
			forEachHelm(t, func(t *testing.T, helm string) {
				all := rendering{helm: helm, values: values}.objects(t)
				for role, seconds := range want {
					set := statefulSet(t, all, role)
					require.Equal(t, seconds, *set.Spec.Template.Spec.TerminationGracePeriodSeconds, role)
					read := settingsOf(t, set)
					require.Equal(t, float64(seconds), read.GracePeriod.Seconds(), role)
				}
			})
		})
	}
}

// TestGracePeriodSaysWhy: the message has the number and its parts.
func TestGracePeriodSaysWhy(t *testing.T) {
	for values, want := range map[string]string{
		"replica: {terminationGracePeriodSeconds: 54}":                            "replica.terminationGracePeriodSeconds: a stop needs 55 seconds, not 54: 10 to wait for an updated replica (handover.waitForUpdatedReplica), 18 for two attempts to hand over, 2 until clients find other pods, 5 for what they began (proxy.holdTimeout), 15 to save and 5 to spare (fix: ",
		"master: {terminationGracePeriodSeconds: 29, service: {routing: direct}}": "master.terminationGracePeriodSeconds: a stop needs 30 seconds, not 29: 10 for replicas to catch up, 15 to save and 5 to spare (fix: ",
		"{architecture: standalone, master: {terminationGracePeriodSeconds: 0}}":  "master.terminationGracePeriodSeconds: a stop needs 20 seconds, not 0: 15 to save and 5 to spare (fix: ",
	} {
		forEachHelm(t, func(t *testing.T, helm string) {
			_, err := rendering{helm: helm, values: values}.try(t)
			require.ErrorContains(t, err, want)
		})
	}
}

// TestEntrypointUnderstands gives what the example values render to the entrypoint:
// it knows every variable and takes every value.
func TestEntrypointUnderstands(t *testing.T) {
	for _, file := range valuesFiles(t) {
		t.Run(caseName(file), func(t *testing.T) {
			for _, o := range (rendering{helm: "helm4", files: []string{file}}).objects(t) {
				if set, ok := o.(*apps.StatefulSet); ok {
					s := settingsOf(t, set)
					require.Equal(t, set.Labels["app.kubernetes.io/component"], s.Role)
				}
			}
		})
	}
}

// TestLeastDurations: what rule VK127 lets pass, the entrypoint takes.
func TestLeastDurations(t *testing.T) {
	for _, values := range []string{
		"{safety: {maxLag: 1s, minReplicasMaxLag: 1s, bootstrapWait: 0s}, proxy: {holdTimeout: 100ms, maxConnections: 1, maxPendingBytes: 131072}, handover: {waitForUpdatedReplica: 0s}, master: {failbackAfter: 0s}}",
		"{hive: {enabled: true, silenceTimeout: 500ms, hangTimeout: 1s}, durability: replicated, durabilityTimeout: 10ms}",
	} {
		all := rendering{helm: "helm4", values: values}.objects(t)
		settingsOf(t, master(t, all))
		settingsOf(t, replica(t, all))
	}
}

// settingsOf reads the settings of a pod of the StatefulSet as its entrypoint does.
func settingsOf(t *testing.T, set *apps.StatefulSet) settings.Settings {
	t.Helper()
	source, err := os.ReadFile("../../entrypoint/settings/settings.go")
	require.NoError(t, err)
	// Not t.TempDir, which puts the test's name into the path: the entrypoint splits
	// lists of files at commas.
	dir, err := os.MkdirTemp("", "files")
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, []byte("secret\n"), 0o600))
	var environ []string
	for _, v := range server(t, set).Env {
		name, ours := strings.CutPrefix(v.Name, "ENTRYPOINT_")
		if !ours {
			continue
		}
		require.Contains(t, string(source), `"`+name+`"`, "the entrypoint does not know %s", v.Name)
		value := v.Value
		switch {
		case name == "POD_IP":
			value = "192.0.2.1"
		case v.ValueFrom != nil:
			value = set.Name + "-0"
		case name == "CONFIG_FILES" || name == "PASSWORD_FILE" || name == "EXTERNAL_PASSWORD_FILE":
			value = file
		}
		environ = append(environ, v.Name+"="+value)
	}
	s, err := settings.Read(environ)
	require.NoError(t, err)
	return s
}
