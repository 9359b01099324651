//go:build render

package render

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	network "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"

	"github.com/helm-valkey/helm-valkey/entrypoint/settings"
)

// variables are the names in a container's environment, without the prefix.
func variables(c core.Container) []string {
	var names []string
	for _, v := range c.Env {
		names = append(names, strings.TrimPrefix(v.Name, "ENTRYPOINT_"))
	}
	slices.Sort(names)
	return names
}

// TestNoSentinel: without it nothing is said of Sentinels, whatever their values are.
func TestNoSentinel(t *testing.T) {
	forEachHelm(t, func(t *testing.T, helm string) {
		out := rendering{helm: helm, values: "sentinel: {replicaCount: 2, quorum: 9, pdb: {maxUnavailable: 0}, serviceAccount: {create: true}}"}.manifests(t)
		require.NotContains(t, strings.ToLower(out), "sentinel")
		requireText(t, normal(rendering{helm: helm}.manifests(t)), normal(out), "not the defaults")
	})
}

// TestSentinelEnvironment: all pods are told the same of the Sentinels, and these
// nothing else than what they need.
func TestSentinelEnvironment(t *testing.T) {
	for name, c := range map[string]struct {
		values string
		want   map[string]string
	}{
		"defaults": {"sentinel: {enabled: true}", map[string]string{
			"SENTINELS_FILE": "/etc/valkey/topology/sentinels", "SENTINEL_PORT": "26379", "SENTINEL_NAME": "mymaster",
			"SENTINEL_DOWN_AFTER": "1500ms", "SENTINEL_FAILOVER_TIMEOUT": "15000ms",
		}},
		"without values": {"{containerPorts: {sentinel: null}, sentinel: {enabled: true, quorum: null, masterSet: null, downAfterMilliseconds: null, failoverTimeout: null}}", map[string]string{
			"SENTINELS_FILE": "/etc/valkey/topology/sentinels", "SENTINEL_PORT": "26379", "SENTINEL_NAME": "mymaster",
			"SENTINEL_DOWN_AFTER": "1500ms", "SENTINEL_FAILOVER_TIMEOUT": "15000ms",
		}},
		"others": {"{containerPorts: {sentinel: 5000}, sentinel: {enabled: true, replicaCount: 4, allowEvenCount: true, masterSet: \"1\", downAfterMilliseconds: 3600000, failoverTimeout: 1000000}}", map[string]string{
			"SENTINELS_FILE": "/etc/valkey/topology/sentinels", "SENTINEL_PORT": "5000", "SENTINEL_NAME": "1",
			"SENTINEL_DOWN_AFTER": "3600000ms", "SENTINEL_FAILOVER_TIMEOUT": "1000000ms",
		}},
		"a quorum of one's own": {"sentinel: {enabled: true, replicaCount: 5, quorum: 5}", map[string]string{"SENTINEL_QUORUM": "5"}},
	} {
		t.Run(name, func(t *testing.T) {
			forEachHelm(t, func(t *testing.T, helm string) {
				all := rendering{helm: helm, values: c.values}.objects(t)
				requireSound(t, all)
				requireRestricted(t, all)
				for _, role := range []string{"master", "replica", "sentinel"} {
					set := statefulSet(t, all, role)
					env := environment(server(t, set))
					for variable, want := range c.want {
						require.Equal(t, want, env["ENTRYPOINT_"+variable], "%s of %s", variable, role)
					}
					settingsOf(t, set)
				}
			})
		})
	}
}

// TestSentinelHostnames: all pods are told whether names or addresses are announced; the
// Sentinels, which wait for the DNS, do not wait long.
func TestSentinelHostnames(t *testing.T) {
	const name = "$(ENTRYPOINT_POD_NAME).rel-valkey-ROLE-headless.space.svc.cluster.local"
	for values, want := range map[string]string{
		"sentinel: {enabled: true}":                                                       "",
		"sentinel: {enabled: true, announceHostnames: null}":                              "",
		"sentinel: {enabled: true, announceHostnames: true}":                              name,
		"{sentinel: {enabled: true, announceHostnames: true}, master: {replicaCount: 2}}": name,
	} {
		t.Run(values, func(t *testing.T) {
			forEachHelm(t, func(t *testing.T, helm string) {
				all := rendering{helm: helm, values: values}.objects(t)
				requireSound(t, all)
				for _, role := range []string{"master", "replica", "sentinel"} {
					set := statefulSet(t, all, role)
					got, there := environment(server(t, set))["ENTRYPOINT_ANNOUNCE_HOST"]
					require.Equal(t, strings.ReplaceAll(want, "ROLE", role), got)
					require.Equal(t, want != "", there, role)
					dns := set.Spec.Template.Spec.DNSConfig
					if want == "" || role != "sentinel" {
						require.Nil(t, dns, role)
						continue
					}
					options := map[string]string{}
					for _, o := range dns.Options {
						options[o.Name] = *o.Value
					}
					require.Equal(t, map[string]string{"timeout": "1", "attempts": "2", "ndots": "1"}, options)
					require.Empty(t, dns.Nameservers)
				}
			})
		})
	}
}

func TestSentinelPods(t *testing.T) {
	forEachHelm(t, func(t *testing.T, helm string) {
		all := rendering{helm: helm, values: "{sentinel: {enabled: true}, engine: valkey, existingConfigSecret: own, commonConfiguration: maxmemory 1gb}"}.objects(t)
		requireSound(t, all)
		set := statefulSet(t, all, "sentinel")
		c := server(t, set)
		require.Equal(t, []string{"/opt/entrypoint/entrypoint", "sentinel"}, c.Command)
		require.Equal(t, []string{
			"BOOTSTRAP_WAIT", "CLUSTER_ID", "CONTROL_ADDRESS", "DATA_VOLUME", "GRACE_PERIOD", "HTTP_ADDRESS", "LOG_LEVEL", "MASTER", "PASSWORD_FILE",
			"PEERS_FILE", "PEER_SERVICES", "POD_IP", "POD_NAME", "PORT", "ROLE", "SENTINELS_FILE", "SENTINEL_DOWN_AFTER", "SENTINEL_FAILOVER_TIMEOUT",
			"SENTINEL_NAME", "SENTINEL_PORT", "SERVER",
		}, variables(c))
		require.Equal(t, []string{"sentinel", "http", "control"}, portNames(c))
		var mounts []string
		for _, m := range c.VolumeMounts {
			mounts = append(mounts, m.Name)
		}
		require.Equal(t, []string{"entrypoint", "data", "run", "topology", "password"}, mounts)
		require.Len(t, set.Spec.Template.Spec.Volumes, len(mounts), "a volume that nobody mounts")
		require.Equal(t, apps.ParallelPodManagement, set.Spec.PodManagementPolicy)
		require.NotContains(t, set.Spec.Template.Labels, writeEndpointLabel, "the write endpoint is not there")
		require.Equal(t, settings.Sentinel, settingsOf(t, set).Role)
		require.Equal(t, "30s", settingsOf(t, set).GracePeriod.String())
		for _, role := range []string{"master", "replica"} {
			require.Equal(t, []string{"valkey", "proxy", "http", "control"}, portNames(server(t, statefulSet(t, all, role))))
		}
		require.EqualValues(t, 1, get[*policy.PodDisruptionBudget](t, all, "rel-valkey-sentinel").Spec.MaxUnavailable.IntVal)
	})
}

// TestSentinelHosts: everybody finds the Sentinels, which are no peers of the servers.
func TestSentinelHosts(t *testing.T) {
	forEachHelm(t, func(t *testing.T, helm string) {
		all := rendering{helm: helm, values: "{clusterDomain: example.org, sentinel: {enabled: true}, master: {replicaCount: 2}, replica: {replicaCount: 1}}"}.objects(t)
		requireSound(t, all)
		require.Equal(t, map[string]string{
			"peers": `rel-valkey-master-0.rel-valkey-master-headless.space.svc.example.org
rel-valkey-master-1.rel-valkey-master-headless.space.svc.example.org
rel-valkey-replica-0.rel-valkey-replica-headless.space.svc.example.org
`,
			"sentinels": `rel-valkey-sentinel-0.rel-valkey-sentinel-headless.space.svc.example.org
rel-valkey-sentinel-1.rel-valkey-sentinel-headless.space.svc.example.org
rel-valkey-sentinel-2.rel-valkey-sentinel-headless.space.svc.example.org
`,
		}, get[*core.ConfigMap](t, all, "rel-valkey-topology").Data)
	})
}

// TestSentinelService: clients ask at the Service's port, whatever the container's is.
func TestSentinelService(t *testing.T) {
	forEachHelm(t, func(t *testing.T, helm string) {
		all := rendering{helm: helm, values: `
containerPorts: {sentinel: 5000}
sentinel:
  enabled: true
  service: {type: NodePort, ports: {sentinel: 80}, nodePorts: {sentinel: 30380}, externalTrafficPolicy: Local, labels: {a: 1}, annotations: {a: 1}}
`}.objects(t)
		requireSound(t, all)
		service := get[*core.Service](t, all, "rel-valkey-sentinel")
		require.Equal(t, "1", service.Labels["a"])
		require.Equal(t, "1", service.Annotations["a"])
		require.Equal(t, core.ServiceExternalTrafficPolicyLocal, service.Spec.ExternalTrafficPolicy)
		port := service.Spec.Ports[0]
		require.Equal(t, []any{"sentinel", int32(80), "sentinel", int32(30380)}, []any{port.Name, port.Port, port.TargetPort.StrVal, port.NodePort})
		require.EqualValues(t, 5000, get[*core.Service](t, all, "rel-valkey-sentinel-headless").Spec.Ports[0].Port)
	})
}

// TestSentinelTest: `helm test` asks the Sentinels, too, with the password of all.
func TestSentinelTest(t *testing.T) {
	for values, want := range map[string][]string{
		"{}":                           nil,
		"sentinel: {masterSet: other}": nil,
		"sentinel: {enabled: true}": {
			"--sentinel", "rel-valkey-sentinel.space.svc.cluster.local:26379", "--master-set", "mymaster",
		},
		"{clusterDomain: example.org, auth: {enabled: false}, containerPorts: {sentinel: 5000}, sentinel: {enabled: true, masterSet: \"1\", service: {ports: {sentinel: 80}}}}": {
			"--sentinel", "rel-valkey-sentinel.space.svc.example.org:80", "--master-set", "1",
		},
	} {
		t.Run(values, func(t *testing.T) {
			forEachHelm(t, func(t *testing.T, helm string) {
				all := rendering{helm: helm, values: values}.objects(t)
				requireSound(t, all)
				requireRestricted(t, all)
				pod := get[*core.Pod](t, all, "rel-valkey-test")
				command := pod.Spec.Containers[0].Command
				var got []string
				if i := slices.Index(command, "--sentinel"); i >= 0 {
					got = command[i : i+4]
				}
				require.Equal(t, want, got)
				require.Equal(t, !strings.Contains(values, "auth"), slices.Contains(command, "--password-file"))
				require.Equal(t, "true", pod.Labels["rel-valkey-client"], "the NetworkPolicy lets it in")
			})
		})
	}
}

// TestSentinelNetwork: clients and all pods of the release reach the Sentinels, and these
// reach the servers and each other.
func TestSentinelNetwork(t *testing.T) {
	forEachHelm(t, func(t *testing.T, helm string) {
		spec := get[*network.NetworkPolicy](t, rendering{helm: helm, values: "{sentinel: {enabled: true}, networkPolicy: {allowExternal: false, allowExternalEgress: false}}"}.objects(t), "rel-valkey").Spec
		ports := func(all []network.NetworkPolicyPort) []int32 {
			var numbers []int32
			for _, p := range all {
				numbers = append(numbers, p.Port.IntVal)
			}
			return numbers
		}
		require.Equal(t, []int32{6379, 6380, 26379}, ports(spec.Ingress[0].Ports))
		require.Len(t, spec.Ingress[0].From, 2)
		require.Equal(t, []int32{9122}, ports(spec.Ingress[1].Ports))
		require.Equal(t, []int32{6379, 9122, 26379}, ports(spec.Egress[1].Ports))
		for _, peer := range []network.NetworkPolicyPeer{spec.Ingress[0].From[0], spec.Ingress[1].From[0], spec.Egress[1].To[0]} {
			require.Equal(t, &spec.PodSelector, peer.PodSelector)
		}
	})
}

// TestMasters: with several of them none is better than the others, and each may hold the
// newest data on its volume.
func TestMasters(t *testing.T) {
	for name, c := range map[string]struct{ values, failback, volumes string }{
		"one":                    {"sentinel: {enabled: true}", "auto", "false"},
		"one, that never":        {"{sentinel: {enabled: true}, master: {failback: never}}", "never", "false"},
		"three":                  {"{sentinel: {enabled: true}, master: {replicaCount: 3}}", "never", "true"},
		"three without volumes":  {"{sentinel: {enabled: true}, master: {replicaCount: 3, persistence: {enabled: false}}}", "never", "false"},
		"replicas with volumes":  {"{sentinel: {enabled: true}, replica: {persistence: {enabled: true}}}", "auto", "true"},
		"three without replicas": {"{sentinel: {enabled: true}, master: {replicaCount: 3}, replica: {replicaCount: 0}, safety: {minReplicasToWrite: 1}}", "never", "true"},
	} {
		t.Run(name, func(t *testing.T) {
			forEachHelm(t, func(t *testing.T, helm string) {
				all := rendering{helm: helm, values: c.values}.objects(t)
				requireSound(t, all)
				for _, set := range []*apps.StatefulSet{master(t, all), replica(t, all)} {
					env := environment(server(t, set))
					require.Equal(t, c.failback, env["ENTRYPOINT_FAILBACK"], set.Name)
					require.Equal(t, c.volumes, env["ENTRYPOINT_REPLICA_VOLUMES"], set.Name)
				}
			})
		})
	}
}

func TestSentinelPersistence(t *testing.T) {
	for values, want := range map[string][2]string{
		"sentinel: {enabled: true}":                                            {"64Mi", "false"},
		"sentinel: {enabled: true, persistence: {enabled: true}}":              {"claim", "true"},
		"sentinel: {enabled: true, persistence: {sizeLimit: 1Mi}}":             {"1Mi", "false"},
		"{sentinel: {enabled: true}, replica: {persistence: {enabled: true}}}": {"64Mi", "false"},
		"{sentinel: {enabled: true}, master: {persistence: {enabled: false}}}": {"64Mi", "false"},
	} {
		t.Run(values, func(t *testing.T) {
			set := statefulSet(t, rendering{helm: "helm4", values: values}.objects(t), "sentinel")
			require.Equal(t, want[0], dataVolume(t, set))
			require.Equal(t, want[1], environment(server(t, set))["ENTRYPOINT_DATA_VOLUME"])
		})
	}
}

// TestWhatRollsSentinels changes one thing at a time, as TestWhatRollsPods does.
func TestWhatRollsSentinels(t *testing.T) {
	const base = "auth: {password: a}, sentinel: {enabled: true"
	for name, c := range map[string]struct {
		values         string
		sentinel, data bool
	}{
		"nothing":                      {base + "}", false, false},
		"another password":             {"auth: {password: b}, sentinel: {enabled: true}", true, true},
		"configuration of the servers": {base + "}, commonConfiguration: maxmemory 1gb", false, true},
		"another ConfigMap":            {base + "}, existingConfigmap: own", false, true},
		"more replicas":                {base + "}, replica: {replicaCount: 4}", false, false},
		"resources of the master":      {base + "}, master: {resources: {limits: {memory: 1Gi}}}", false, true},
		"the write endpoint":           {base + "}, proxy: {maxConnections: 5}", false, true},
		"resources of the Sentinels":   {base + ", resources: {limits: {memory: 1Gi}}}", true, false},
		"labels of their pods":         {base + ", podLabels: {a: b}}", true, false},
		"their Service":                {base + ", service: {type: NodePort}}", false, false},
		"the name of the master":       {base + ", masterSet: other}", true, true},
		"names of hosts":               {base + ", announceHostnames: true}", true, true},
		"more Sentinels":               {base + ", replicaCount: 5}", false, false},
		"another quorum":               {base + ", quorum: 3}", true, true},
	} {
		t.Run(name, func(t *testing.T) {
			forEachHelm(t, func(t *testing.T, helm string) {
				from := rendering{helm: helm, values: "{" + base + "}}"}.objects(t)
				to := rendering{helm: helm, values: "{" + c.values + "}"}.objects(t)
				replaced := func(role string) bool {
					return template(t, statefulSet(t, from, role)) != template(t, statefulSet(t, to, role))
				}
				require.Equal(t, c.sentinel, replaced("sentinel"), "the Sentinels' pods are replaced")
				require.Equal(t, c.data, replaced("master"), "the master's pods are replaced")
			})
		})
	}
}
