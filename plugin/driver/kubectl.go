package driver

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
)

// Manifest is what the last revision of a release has sent to the cluster.
func (b Binary) Manifest(ctx context.Context, release string) ([]byte, error) {
	return b.output(ctx, nil, nil, []string{"get", "manifest", "--", release})
}

// Kubectl is a kubectl that talks to the cluster that Helm talks to.
type Kubectl struct {
	Binary
	flags []string
}

// FindKubectl returns the kubectl in PATH. The environment, in the form of os.Environ, is
// what Helm tells its plugins of the cluster; the rest kubectl reads where Helm does.
func FindKubectl(environ []string) (Kubectl, error) {
	path, err := exec.LookPath("kubectl")
	if err != nil {
		return Kubectl{}, fmt.Errorf("find kubectl, which runs commands in pods: %w: install it, or add its folder to PATH", err)
	}
	flags, err := kubectlFlags(environ)
	return Kubectl{Binary{Path: path}, flags}, err
}

// Exec are the arguments that run a command in a container of a pod.
func (k Kubectl) Exec(namespace, pod, container string, command ...string) []string {
	args := slices.Clone(k.flags)
	if namespace != "" {
		args = append(args, "--namespace="+namespace)
	}
	return slices.Concat(args, []string{"exec", pod, "--container=" + container, "--"}, command)
}

// clusterVariables are Helm's variables, and the flags of kubectl that say the same.
var clusterVariables = []struct{ variable, flag string }{
	{"HELM_KUBECONTEXT", "context"},
	{"HELM_KUBEAPISERVER", "server"},
	{"HELM_KUBEASUSER", "as"},
	{"HELM_KUBECAFILE", "certificate-authority"},
	{"HELM_KUBETLS_SERVER_NAME", "tls-server-name"},
}

var errToken = errors.New("--kube-token would be readable by every user of this machine on kubectl's command line: put it into a kubeconfig")

func kubectlFlags(environ []string) ([]string, error) {
	told := map[string]string{}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		told[name] = value
	}
	if told["HELM_KUBETOKEN"] != "" {
		return nil, errToken
	}
	var flags []string
	for _, v := range clusterVariables {
		if value := told[v.variable]; value != "" {
			flags = append(flags, "--"+v.flag+"="+value)
		}
	}
	if groups := told["HELM_KUBEASGROUPS"]; groups != "" {
		for group := range strings.SplitSeq(groups, ",") {
			flags = append(flags, "--as-group="+group)
		}
	}
	if told["HELM_KUBEINSECURE_SKIP_TLS_VERIFY"] == "true" {
		flags = append(flags, "--insecure-skip-tls-verify")
	}
	return flags, nil
}
