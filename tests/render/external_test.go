//go:build render

package render

import (
	"testing"

	"github.com/stretchr/testify/require"
	core "k8s.io/api/core/v1"
	network "k8s.io/api/networking/v1"
)

// The pod that follows a server outside is told of it, and no other; passwords are in
// Secrets only.
func TestExternalMaster(t *testing.T) {
	const outside = "ENTRYPOINT_EXTERNAL_MASTER"
	file := func(t *testing.T, values string) string {
		return environment(server(t, master(t, rendering{helm: "helm4", values: values}.objects(t))))["ENTRYPOINT_EXTERNAL_PASSWORD_FILE"]
	}
	t.Run("none", func(t *testing.T) {
		all := rendering{helm: "helm4", values: "externalMaster: {port: 7000}"}.objects(t)
		require.NotContains(t, environment(server(t, master(t, all))), outside)
		_, found := find[*core.Secret](all, "rel-valkey-external")
		require.False(t, found)
	})
	t.Run("without a password", func(t *testing.T) {
		all := rendering{helm: "helm4", values: "externalMaster: {host: old}"}.objects(t)
		require.Equal(t, "old:6379", environment(server(t, master(t, all)))[outside])
		require.NotContains(t, environment(server(t, replica(t, all))), outside)
		require.Empty(t, file(t, "externalMaster: {host: old}"))
	})
	t.Run("at an address", func(t *testing.T) {
		all := rendering{helm: "helm4", values: `externalMaster: {host: "fd00::1", port: 7000}`}.objects(t)
		require.Equal(t, "[fd00::1]:7000", environment(server(t, master(t, all)))[outside])
	})
	t.Run("with a password", func(t *testing.T) {
		const values = `externalMaster: {host: old, password: "p: \"ä"}`
		secret := get[*core.Secret](t, rendering{helm: "helm4", values: values}.objects(t), "rel-valkey-external")
		require.Equal(t, `p: "ä`, string(secret.Data["password"]))
		require.NotEmpty(t, file(t, values))
	})
	t.Run("with a Secret", func(t *testing.T) {
		const values = "externalMaster: {host: old, existingSecret: '{{ .Release.Name }}-old', existingSecretPasswordKey: redis-password}"
		all := rendering{helm: "helm4", values: values}.objects(t)
		_, found := find[*core.Secret](all, "rel-valkey-external")
		require.False(t, found)
		for _, volume := range master(t, all).Spec.Template.Spec.Volumes {
			if volume.Name == "external-password" {
				require.Equal(t, "rel-old", volume.Secret.SecretName)
				require.Equal(t, "redis-password", volume.Secret.Items[0].Key)
				return
			}
		}
		require.FailNow(t, "no volume")
	})
	t.Run("let out by the network policy", func(t *testing.T) {
		egress := get[*network.NetworkPolicy](t, rendering{helm: "helm4", values: "{externalMaster: {host: old, port: 7000}, networkPolicy: {allowExternalEgress: false}}"}.objects(t), "rel-valkey").Spec.Egress
		require.Len(t, egress, 3)
		require.EqualValues(t, 7000, egress[2].Ports[0].Port.IntVal)
		require.Empty(t, egress[2].To)
	})
}
