//go:build render

package render

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	network "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
)

func TestStandalone(t *testing.T) {
	forEachHelm(t, func(t *testing.T, helm string) {
		all := rendering{helm: helm, values: "{architecture: standalone, replica: {serviceAccount: {create: true}}}"}.objects(t)
		requireSound(t, all)
		for _, name := range names(all) {
			require.NotContains(t, name, "replica")
			require.NotContains(t, name, "topology")
		}
		env := environment(server(t, master(t, all)))
		for _, name := range []string{"ENTRYPOINT_MASTER", "ENTRYPOINT_PEERS_FILE", "ENTRYPOINT_PEER_SERVICES", "ENTRYPOINT_PROXY_ADDRESS"} {
			require.NotContains(t, env, name)
		}
		pod := get[*core.Pod](t, all, "rel-valkey-test")
		require.NotContains(t, pod.Spec.Containers[0].Command, "--read")
	})
}

func TestPersistence(t *testing.T) {
	for name, c := range map[string]struct {
		values                          string
		masterMode, replicaMode         string
		masterVolume, replicaVolume     string
		masterSurvives, replicaSurvives string
	}{
		"defaults":          {"{}", "aof", "none", "claim", "8Gi", "true", "false"},
		"rdb":               {"persistenceMode: rdb", "rdb", "none", "claim", "8Gi", "true", "false"},
		"none":              {"persistenceMode: none", "none", "none", "claim", "8Gi", "true", "false"},
		"replicas too":      {"replica: {persistence: {enabled: true}}", "aof", "aof", "claim", "claim", "true", "true"},
		"each its own":      {"{master: {persistenceMode: rdb}, replica: {persistenceMode: aof}}", "rdb", "aof", "claim", "8Gi", "true", "false"},
		"no volume":         {"master: {persistence: {enabled: false, sizeLimit: 1Gi}}", "aof", "none", "1Gi", "8Gi", "false", "false"},
		"an existing claim": {"master: {persistence: {existingClaim: x}}", "aof", "none", "x", "8Gi", "true", "false"},
	} {
		t.Run(name, func(t *testing.T) {
			all := rendering{helm: "helm4", values: c.values}.objects(t)
			for set, want := range map[*apps.StatefulSet][3]string{
				master(t, all):  {c.masterMode, c.masterVolume, c.masterSurvives},
				replica(t, all): {c.replicaMode, c.replicaVolume, c.replicaSurvives},
			} {
				env := environment(server(t, set))
				require.Equal(t, want[0], env["ENTRYPOINT_PERSISTENCE"])
				require.Equal(t, want[2], env["ENTRYPOINT_DATA_VOLUME"])
				require.Equal(t, want[1], dataVolume(t, set))
			}
		})
	}
}

func dataVolume(t *testing.T, set *apps.StatefulSet) string {
	t.Helper()
	if len(set.Spec.VolumeClaimTemplates) > 0 {
		return "claim"
	}
	for _, v := range set.Spec.Template.Spec.Volumes {
		if v.Name == "data" && v.EmptyDir != nil {
			return v.EmptyDir.SizeLimit.String()
		}
		if v.Name == "data" {
			return v.PersistentVolumeClaim.ClaimName
		}
	}
	require.Fail(t, "no volume for the data")
	return ""
}

// TestPorts changes every port: what hangs together still does.
func TestPorts(t *testing.T) {
	forEachHelm(t, func(t *testing.T, helm string) {
		all := rendering{helm: helm, values: `
containerPorts: {valkey: 7000, http: 7001, control: 7002, proxy: 7003}
master: {service: {ports: {valkey: 80}}}
replica: {service: {ports: {valkey: 81}}}
metrics: {enabled: true, service: {ports: {http: 82}}}
`}.objects(t)
		requireSound(t, all)
		require.EqualValues(t, 80, get[*core.Service](t, all, "rel-valkey-master").Spec.Ports[0].Port)
		require.EqualValues(t, 81, get[*core.Service](t, all, "rel-valkey-replica").Spec.Ports[0].Port)
		require.EqualValues(t, 82, get[*core.Service](t, all, "rel-valkey-metrics").Spec.Ports[0].Port)
		env := environment(server(t, master(t, all)))
		require.Equal(t, []string{"7000", ":7001", ":7002", ":7003"}, []string{env["ENTRYPOINT_PORT"], env["ENTRYPOINT_HTTP_ADDRESS"], env["ENTRYPOINT_CONTROL_ADDRESS"], env["ENTRYPOINT_PROXY_ADDRESS"]})
		command := strings.Join(get[*core.Pod](t, all, "rel-valkey-test").Spec.Containers[0].Command, " ")
		require.Contains(t, command, "--write rel-valkey-master.space.svc.cluster.local:80 --read rel-valkey-replica.space.svc.cluster.local:81")
		var ports []int32
		for _, rule := range get[*network.NetworkPolicy](t, all, "rel-valkey").Spec.Ingress {
			for _, p := range rule.Ports {
				ports = append(ports, p.Port.IntVal)
			}
		}
		require.Equal(t, []int32{7000, 7003, 7002, 7001}, ports)
	})
}

func TestImages(t *testing.T) {
	const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	for values, want := range map[string]string{
		"{}":                  "docker.io/valkey/valkey:9.1",
		`image: {tag: "8.0"}`: "docker.io/valkey/valkey:8.0",
		`image: {tag: "8.0", digest: "` + digest + `"}`: "docker.io/valkey/valkey@" + digest,
		`image: {registry: ""}`:                         "valkey/valkey:9.1",
		`image: {registry: "localhost:5000/"}`:          "localhost:5000/valkey/valkey:9.1",
		`global: {imageRegistry: mirror.example.org}`:   "mirror.example.org/valkey/valkey:9.1",
		`image: {repository: redis, tag: 8.0-alpine}`:   "docker.io/redis:8.0-alpine",
	} {
		t.Run(values, func(t *testing.T) {
			set := master(t, rendering{helm: "helm4", values: values}.objects(t))
			require.Equal(t, want, server(t, set).Image)
			if strings.Contains(values, "mirror") {
				require.True(t, strings.HasPrefix(set.Spec.Template.Spec.InitContainers[0].Image, "mirror.example.org/"))
			}
		})
	}
}

func TestTrafficDistribution(t *testing.T) {
	for _, c := range []struct{ value, version, want string }{
		{"PreferClose", "1.30.4", ""},
		{"PreferClose", "1.31.0", "PreferClose"},
		{"PreferSameNode", "1.33.9", ""},
		{"PreferSameNode", "1.34.0-eks-1", "PreferSameNode"},
		{"PreferSameZone", "1.34.2+k3s1", "PreferSameZone"},
	} {
		t.Run(c.value+" on "+c.version, func(t *testing.T) {
			forEachHelm(t, func(t *testing.T, helm string) {
				all := rendering{helm: helm, values: "replica: {service: {trafficDistribution: " + c.value + "}}", args: []string{"--kube-version", c.version}}.objects(t)
				got := get[*core.Service](t, all, "rel-valkey-replica").Spec.TrafficDistribution
				if c.want == "" {
					require.Nil(t, got)
				} else {
					require.Equal(t, c.want, *got)
				}
			})
		})
	}
}

// TestOldKubernetes: what is older than 1.28 is refused.
func TestOldKubernetes(t *testing.T) {
	forEachHelm(t, func(t *testing.T, helm string) {
		requireSound(t, rendering{helm: helm, args: []string{"--kube-version", "1.28.0"}}.objects(t))
		_, err := rendering{helm: helm, args: []string{"--kube-version", "1.27.16"}}.try(t)
		require.ErrorContains(t, err, "kubeVersion")
	})
}

func TestOpenShift(t *testing.T) {
	for name, c := range map[string]struct {
		values  string
		args    []string
		adapted bool
	}{
		"elsewhere":         {"{}", nil, false},
		"on OpenShift":      {"{}", []string{"--api-versions", "security.openshift.io/v1"}, true},
		"disabled there":    {"global: {compatibility: {openshift: {adaptSecurityContext: disabled}}}", []string{"--api-versions", "security.openshift.io/v1"}, false},
		"forced everywhere": {"global: {compatibility: {openshift: {adaptSecurityContext: force}}}", nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			all := rendering{helm: "helm3", values: c.values, args: c.args}.objects(t)
			requireRestricted(t, all)
			pod := master(t, all).Spec.Template.Spec
			require.Equal(t, c.adapted, pod.SecurityContext.RunAsUser == nil && pod.SecurityContext.FSGroup == nil)
			require.Equal(t, c.adapted, pod.Containers[0].SecurityContext.RunAsUser == nil)
		})
	}
}

func TestPassword(t *testing.T) {
	secret := func(t *testing.T, values string) *core.Secret {
		s, _ := find[*core.Secret](rendering{helm: "helm4", values: values}.objects(t), "rel-valkey")
		return s
	}
	t.Run("given", func(t *testing.T) {
		require.Equal(t, `p: "ä`, string(secret(t, `auth: {password: "p: \"ä"}`).Data["valkey-password"]))
	})
	t.Run("generated", func(t *testing.T) {
		require.Len(t, secret(t, "").Data["valkey-password"], 32)
	})
	t.Run("in a Secret of one's own", func(t *testing.T) {
		require.Nil(t, secret(t, "auth: {existingSecret: own}"))
	})
	t.Run("none", func(t *testing.T) {
		all := rendering{helm: "helm4", values: "auth: {enabled: false}"}.objects(t)
		for _, o := range all {
			_, isSecret := o.(*core.Secret)
			require.False(t, isSecret, o.GetName())
		}
		require.NotContains(t, environment(server(t, replica(t, all))), "ENTRYPOINT_PASSWORD_FILE")
		requireSound(t, all)
	})
	t.Run("nowhere but in the Secret", func(t *testing.T) {
		const password = "NowhereElse"
		out := rendering{helm: "helm4", values: "auth: {password: " + password + "}"}.manifests(t)
		require.NotContains(t, out, password)
		require.Equal(t, 1, strings.Count(out, base64.StdEncoding.EncodeToString([]byte(password))))
	})
}

func TestDisruptionBudgets(t *testing.T) {
	for values, want := range map[string]string{
		"{}":                                      "max 1",
		"replica: {pdb: {minAvailable: 1}}":       "min 1",
		`replica: {pdb: {minAvailable: "1"}}`:     "min 1",
		"replica: {pdb: {minAvailable: 50%}}":     "min 50%",
		`replica: {pdb: {maxUnavailable: 50%}}`:   "max 50%",
		"replica: {pdb: {maxUnavailable: \"2\"}}": "max 2",
		"replica: {pdb: {minAvailable: 0}}":       "min 0",
	} {
		t.Run(values, func(t *testing.T) {
			budget := get[*policy.PodDisruptionBudget](t, rendering{helm: "helm3", values: values}.objects(t), "rel-valkey-replica").Spec
			got := "max " + budget.MaxUnavailable.String()
			if budget.MinAvailable != nil {
				require.Nil(t, budget.MaxUnavailable)
				got = "min " + budget.MinAvailable.String()
			}
			require.Equal(t, want, got)
		})
	}
}
