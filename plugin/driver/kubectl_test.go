package driver

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestKubectlTalksToHelmsCluster(t *testing.T) {
	tests := []struct {
		name      string
		environ   []string
		namespace string
		want      []string
	}{
		{"nothing said", []string{"HELM_KUBECONTEXT=", "HELM_KUBEINSECURE_SKIP_TLS_VERIFY=false", "PATH=/bin"}, "", []string{"exec", "p-0", "--container=c", "--", "run"}},
		{"a namespace and a context", []string{"HELM_KUBECONTEXT=prod"}, "shop", []string{"--context=prod", "--namespace=shop", "exec", "p-0", "--container=c", "--", "run"}},
		{
			"all of it",
			[]string{
				"HELM_KUBECONTEXT=prod", "HELM_KUBEAPISERVER=https://api", "HELM_KUBEASUSER=me", "HELM_KUBEASGROUPS=a,b",
				"HELM_KUBECAFILE=/ca", "HELM_KUBETLS_SERVER_NAME=name", "HELM_KUBEINSECURE_SKIP_TLS_VERIFY=true",
			},
			"",
			[]string{
				"--context=prod", "--server=https://api", "--as=me", "--certificate-authority=/ca", "--tls-server-name=name",
				"--as-group=a", "--as-group=b", "--insecure-skip-tls-verify", "exec", "p-0", "--container=c", "--", "run",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			flags, err := kubectlFlags(tt.environ)
			require.NoError(t, err)
			require.Equal(t, tt.want, Kubectl{flags: flags}.Exec(tt.namespace, "p-0", "c", "run"))
		})
	}
	_, err := kubectlFlags([]string{"HELM_KUBETOKEN=s3cret"})
	require.ErrorIs(t, err, errToken)
	require.NotContains(t, err.Error(), "s3cret")
}

func TestKubectlIsMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := FindKubectl(nil)
	require.ErrorContains(t, err, "add its folder to PATH")
}
