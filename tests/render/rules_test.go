//go:build render

package render

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
	"sigs.k8s.io/yaml"
)

type rule struct {
	ID       string   `json:"id"`
	Severity string   `json:"severity"`
	Title    string   `json:"title"`
	Check    string   `json:"check"`
	Fix      string   `json:"fix"`
	Doc      string   `json:"doc"`
	Bad      []string `json:"bad"`
	Good     []string `json:"good"`
}

func rules(t *testing.T) []rule {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(chartDir, "rules", "VK1*.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var all []rule
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		var r rule
		require.NoError(t, yaml.UnmarshalStrict(data, &r), file)
		require.True(t, strings.HasPrefix(filepath.Base(file), r.ID+"-"), file)
		all = append(all, r)
	}
	return all
}

// TestRules runs the examples of every rule through Helm: the bad ones are
// refused with the rule's sentence, the good ones render.
func TestRules(t *testing.T) {
	forEachHelm(t, func(t *testing.T, helm string) {
		for _, r := range rules(t) {
			t.Run(r.ID, func(t *testing.T) {
				require.Regexp(t, `^(error|warning)$`, r.Severity)
				require.NotEmpty(t, r.Bad)
				require.NotEmpty(t, r.Good)
				require.NotEmpty(t, r.Title)
				require.NotEmpty(t, r.Doc)
				for _, values := range r.Bad {
					require.Contains(t, values, "# <- here")
					if r.Severity == "error" {
						requireRefused(t, helm, r, values)
					} else {
						rendering{helm: helm, values: values}.objects(t)
						require.Contains(t, notes(t, values), "["+r.ID+"]", values)
					}
				}
				for _, values := range r.Good {
					requireSound(t, rendering{helm: helm, values: values}.objects(t))
					require.NotContains(t, notes(t, values), "["+r.ID+"]", values)
				}
			})
		}
	})
}

// requireRefused fails unless Helm refuses the values with the rule's sentence,
// be it by the template or, in the same words, by the schema.
func requireRefused(t *testing.T, helm string, r rule, values string) {
	t.Helper()
	_, err := rendering{helm: helm, values: values}.try(t)
	require.Error(t, err, values)
	if strings.Contains(err.Error(), "["+r.ID+"]") {
		require.Contains(t, err.Error(), "(fix: "+strings.TrimSpace(r.Fix)+")")
		return
	}
	_, byTemplate := rendering{helm: helm, values: values, args: []string{"--skip-schema-validation"}}.try(t)
	require.Error(t, byTemplate, values)
	sentence := regexp.MustCompile(`(?m)^ +\S+: (.*) \(fix: .*\[` + r.ID + `\]$`).FindStringSubmatch(byTemplate.Error())
	require.NotNil(t, sentence, "%s: %v", values, byTemplate)
	require.ErrorContains(t, err, sentence[1], values)
}

// TestAllProblemsAtOnce mixes what many rules refuse.
func TestAllProblemsAtOnce(t *testing.T) {
	values := `
master:
  replicaCount: 2
  terminationGracePeriodSeconds: 5
  pdb: {minAvailable: 2}
replica: {pdb: {maxUnavailable: 0}}
auth: {password: a, existingSecret: b}
safety: {minReplicasToWrite: 9}
containerPorts: {http: 6379}
sentinel: {enabled: true, replicaCount: 2}
commonConfiguration: |
  port 1
  replicaof a 1
`
	forEachHelm(t, func(t *testing.T, helm string) {
		_, err := rendering{helm: helm, values: values, args: []string{"--skip-schema-validation"}}.try(t)
		for _, want := range []string{"(9 to mend)", "[VK129]", "[VK103]", "[VK104]", "[VK105]", "[VK107]", "commonConfiguration[0]: port", "commonConfiguration[1]: replicaof", "[VK111]"} {
			require.ErrorContains(t, err, want)
		}
	})
}

// notes renders NOTES.txt, which `helm template` does not show and `helm install`
// shows only with a cluster: with Helm 3's engine.
func notes(t *testing.T, values string) string {
	t.Helper()
	chart, err := loader.LoadDir(chartDir)
	require.NoError(t, err)
	given, err := chartutil.ReadValues([]byte(values))
	require.NoError(t, err)
	release := chartutil.ReleaseOptions{Name: "rel", Namespace: namespace, Revision: 1, IsInstall: true}
	input, err := chartutil.ToRenderValues(chart, given, release, chartutil.DefaultCapabilities)
	require.NoError(t, err, values)
	out, err := engine.Render(chart, input)
	require.NoError(t, err, values)
	return out["valkey/templates/NOTES.txt"]
}

func TestNotes(t *testing.T) {
	for name, c := range map[string]struct {
		values    string
		want, not []string
	}{
		"defaults": {
			want: []string{
				"(the master, whichever pod that is: every pod forwards to it):", "a replica takes over; commands wait for that, up to 5s", "hive.enabled is off",
				"one master and 2 replicas", "rel-valkey-master.space.svc.cluster.local:6379", "rel-valkey-replica.space.svc.cluster.local:6379",
				"generated at the first installation", `jsonpath='{.data.valkey-password}'`, "helm test rel --namespace space",
			},
			not: []string{"WARNING", "NetworkPolicy", "A write is answered", "Nobody takes over"},
		},
		"standalone": {
			values: "{architecture: standalone, auth: {password: abc}, master: {service: {ports: {valkey: 6380}}}}",
			want:   []string{"one master, no replica", "(the master):", "Nobody takes over from the master", "rel-valkey-master.space.svc.cluster.local:6380", "6379:6380"},
			not:    []string{"rel-valkey-replica", "generated", "abc"},
		},
		"direct": {
			values: "{master: {service: {routing: direct}}}",
			want:   []string{"(the master: always pod rel-valkey-master-0):", "Nobody takes over from the master: while its pod restarts, there are no writes.", "one master and 2 replicas"},
			not:    []string{"forwards", "hive"},
		},
		"nobody to move to": {
			values: "{replica: {replicaCount: 0}}",
			want:   []string{"whichever pod that is", "Nobody takes over from the master"},
			not:    []string{"hive"},
		},
		"hive, and writes that wait": {
			values: "{hive: {enabled: true}, durability: replicated, proxy: {holdTimeout: 7s}}",
			want:   []string{"up to 7s.", "the replicas elect another one (hive, policy safe)", "A write is answered when 1 replica has it too; if that takes over 2s, with an error."},
			not:    []string{"hive.enabled is off", "Nobody"},
		},
		"Sentinel": {
			values: "{sentinel: {enabled: true}}",
			want: []string{
				"one master and 2 replicas; 3 Sentinels.", "    rel-valkey-sentinel.space.svc.cluster.local:26379, master name mymaster",
				"When 2 Sentinels have missed the master for 1500 ms, they elect another one.", "The password, for servers and Sentinels alike, is in the Secret rel-valkey (generated",
				"    rel-valkey-master.space.svc.cluster.local:6379", "Write a key and read it back, from a replica; ask the Sentinels for the master:",
			},
			not: []string{"hive", "WARNING"},
		},
		"many masters": {
			values: "{master: {replicaCount: 3}, replica: {replicaCount: 1}, sentinel: {enabled: true, masterSet: shop, replicaCount: 5, quorum: 4, service: {ports: {sentinel: 80}}}, auth: {enabled: false}}",
			want:   []string{"3 masters, one of which takes the writes, and 1 replica; 5 Sentinels.", "rel-valkey-sentinel.space.svc.cluster.local:80, master name shop", "When 4 Sentinels have"},
		},
		"many masters, no replica": {
			values: "{master: {replicaCount: 2}, replica: {replicaCount: 0}, sentinel: {enabled: true}}",
			want: []string{
				"2 masters, one of which takes the writes, no other replica; 3 Sentinels.", "a replica takes over",
				"Read (the masters, all but one of which are replicas):\n    rel-valkey-replica.space.svc.cluster.local:6379\nOver Sentinel",
			},
			not: []string{"Nobody takes over", "Read only", "from a replica"},
		},
		"one replica, no password, closed": {
			values: "{replica: {replicaCount: 1}, auth: {enabled: false}, networkPolicy: {allowExternal: false}}",
			want:   []string{"one master and 1 replica.", "There is no password", `rel-valkey-client: "true"`},
			not:    []string{"get secret"},
		},
		"own Secret, Redis, node port": {
			values: `{image: {repository: redis, tag: "8.0"}, engine: redis, auth: {existingSecret: "{{ .Release.Name }}-own", existingSecretPasswordKey: a.b}, master: {service: {type: NodePort}}}`,
			want:   []string{"Secret rel-own:", `{.data.a\.b}`, "redis-cli -p", ".nodePort"},
			not:    []string{"generated", "valkey-cli"},
		},
		"load balancer": {
			values: "{master: {service: {type: LoadBalancer}}}",
			want:   []string{".status.loadBalancer.ingress"},
		},
		"a warning": {
			values: "{architecture: standalone, persistenceMode: none}",
			want:   []string{"WARNING: persistenceMode: with nothing on disk"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := notes(t, c.values)
			for _, want := range c.want {
				require.Contains(t, got, want)
			}
			for _, not := range c.not {
				require.NotContains(t, got, not)
			}
			for i, line := range strings.Split(got, "\n") {
				require.Equal(t, strings.TrimRight(line, " "), line, fmt.Sprint("line ", i+1))
			}
		})
	}
}
