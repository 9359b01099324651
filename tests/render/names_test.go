//go:build render

package render

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	core "k8s.io/api/core/v1"
)

// TestReleaseNames renders releases whose names are numbers, booleans or long.
func TestReleaseNames(t *testing.T) {
	long := strings.Repeat("a", 53)
	cases := map[string]string{ // release → base of the names
		"rel":                   "rel-valkey",
		"valkey":                "valkey",
		"my-valkey-01":          "my-valkey-01",
		"off":                   "off-valkey",
		"null":                  "null-valkey",
		"true":                  "true-valkey",
		"1234":                  "v1234-valkey",
		"0x1f":                  "v0x1f-valkey",
		"1e3":                   "v1e3-valkey",
		"a.b":                   "a-b-valkey",
		long:                    "",
		strings.Repeat("1", 53): "",
		strings.Repeat("a", 34) + "-" + strings.Repeat("b", 18): "",
	}
	forEachHelm(t, func(t *testing.T, helm string) {
		for release, want := range cases {
			t.Run(release, func(t *testing.T) {
				all := rendering{helm: helm, release: release, values: "{metrics: {enabled: true, serviceMonitor: {enabled: true}, podMonitor: {enabled: true}}, sentinel: {enabled: true}}"}.objects(t)
				requireSound(t, all)
				base := strings.TrimSuffix(master(t, all).Name, "-master")
				if want == "" {
					require.LessOrEqual(t, len(base), 42)
				} else {
					require.Equal(t, want, base)
				}
				require.Equal(t, release, master(t, all).Spec.Template.Labels["app.kubernetes.io/instance"])
			})
		}
	})
}

// TestNameOverrides renders names that YAML would take for something else.
func TestNameOverrides(t *testing.T) {
	forEachHelm(t, func(t *testing.T, helm string) {
		for values, want := range map[string]string{
			`nameOverride: "off"`:       "rel-off",
			`nameOverride: "1"`:         "rel-1",
			`fullnameOverride: "off"`:   "off",
			`fullnameOverride: "null"`:  "null",
			`namespaceOverride: "1234"`: "rel-valkey",
			`clusterDomain: "1"`:        "rel-valkey",
			`commonLabels: {a: 1, b: off, c: 1.50, d: "off", e: 12345678}`: "rel-valkey",
		} {
			t.Run(values, func(t *testing.T) {
				all := rendering{helm: helm, values: values}.objects(t)
				requireSound(t, all)
				require.Equal(t, want+"-master", master(t, all).Name)
				get[*core.Secret](t, all, want)
			})
		}
	})
}

// TestLongNamesStayDifferent: what is cut off a name still counts.
func TestLongNamesStayDifferent(t *testing.T) {
	a := rendering{helm: "helm3", release: strings.Repeat("a", 52) + "1"}.objects(t)
	b := rendering{helm: "helm3", release: strings.Repeat("a", 52) + "2"}.objects(t)
	require.NotEqual(t, master(t, a).Name, master(t, b).Name)
}
