//go:build e2e || bench

package cluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gruntwork-io/terratest/modules/k8s"
	"github.com/gruntwork-io/terratest/modules/logger"
	"github.com/gruntwork-io/terratest/modules/random"
	"github.com/gruntwork-io/terratest/modules/shell"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// Release is one release of the chart, in a namespace of its own.
type Release struct {
	TB        testing.TB
	Name      string
	Namespace string
	Helm      string // helm3 or helm4
	Engine    Engine
	Values    map[string]any // of the last Install or Upgrade

	kubectl *k8s.KubectlOptions
	values  string
}

const (
	helmTimeout = "3m"
	chartPath   = "charts/valkey"
)

// New makes a namespace for a release, which is removed with the test, and
// leaves the release to be installed.
func New(tb testing.TB, name, helmBinary string, engine Engine) *Release {
	tb.Helper()
	Client(tb)
	// Not TempDir of the test: Helm takes a comma in its path for a separator.
	dir, err := os.MkdirTemp("", "hv-release-")
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	r := &Release{
		TB:        tb,
		Name:      name,
		Namespace: "e2e-" + strings.ToLower(random.UniqueId()),
		Helm:      helmBinary,
		Engine:    engine,
		values:    filepath.Join(dir, "values.yaml"),
	}
	r.kubectl = kubectlOptions(r.Namespace)
	require.NoError(tb, k8s.CreateNamespaceE(tb, r.kubectl, r.Namespace))
	tb.Cleanup(r.end)
	return r
}

// Install installs the chart with values over those that every test needs, and
// waits until the release is ready.
func (r *Release) Install(values map[string]any) {
	r.TB.Helper()
	r.write(values)
	r.run("install", append(r.flags(), r.Name, filepath.Join(Root(r.TB), chartPath))...)
	r.WaitReady()
}

// InstallInTheBackground is Install that waits for nothing, for several releases at
// once. WaitReady has to follow.
func (r *Release) InstallInTheBackground(values map[string]any) {
	r.TB.Helper()
	r.write(values)
	r.run("install", append(r.flags(), "--wait=false", r.Name, filepath.Join(Root(r.TB), chartPath))...)
}

// Upgrade gives the release other values, and waits until it is ready with them.
func (r *Release) Upgrade(values map[string]any) {
	r.TB.Helper()
	r.write(values)
	r.run("upgrade", append(r.flags(), r.Name, filepath.Join(Root(r.TB), chartPath))...)
	r.WaitReady()
}

// Uninstall removes the release.
func (r *Release) Uninstall() {
	r.TB.Helper()
	r.run("uninstall", "--wait", "--timeout", helmTimeout, r.Name)
}

// Test runs the chart's own test.
func (r *Release) Test() string {
	r.TB.Helper()
	return r.run("test", "--timeout", helmTimeout, r.Name)
}

func (r *Release) flags() []string {
	return append([]string{"--values", r.values, "--wait", "--timeout", helmTimeout}, postRenderer(r.TB, r.Helm)...)
}

func (r *Release) write(values map[string]any) {
	r.TB.Helper()
	r.Values = Merge(base(r.TB, r.Engine), values)
	content, err := yaml.Marshal(r.Values)
	require.NoError(r.TB, err)
	require.NoError(r.TB, os.WriteFile(r.values, content, 0o600))
}

// run runs a Helm command. Not through terratest's helm module, which takes the
// first helm in PATH: these tests are about two of them.
func (r *Release) run(command string, args ...string) string {
	r.TB.Helper()
	output, err := r.tryHelm(command, args...)
	require.NoError(r.TB, err, "%s %s %s", r.Helm, command, strings.Join(args, " "))
	return output
}

func (r *Release) tryHelm(command string, args ...string) (string, error) {
	path := helmPath(r.TB, r.Helm)
	return shell.RunCommandAndGetOutputE(r.TB, shell.Command{
		Command: path,
		Args:    append([]string{command, "--kubeconfig", kubeconfig, "--namespace", r.Namespace}, args...),
		Env:     map[string]string{"HELM_PLUGINS": pluginDirs(r.TB, r.Helm)},
		Logger:  logger.Discard,
	})
}

// HelmCommand is a Helm command that has nothing to do with a release, with the
// plugin installed.
func HelmCommand(tb testing.TB, helm string, args ...string) *exec.Cmd {
	tb.Helper()
	command := exec.Command(helmPath(tb, helm), args...)
	command.Env = append(os.Environ(), "HELM_PLUGINS="+pluginDirs(tb, helm))
	return command
}

// PluginCommand is a command of the plugin without a Helm before it.
func PluginCommand(tb testing.TB, args ...string) *exec.Cmd {
	tb.Helper()
	return exec.Command(filepath.Join(tools(tb), "plugins", "valkey", "bin", "helm-valkey"), args...)
}

// end removes everything, the claims included, after it has shown what a failed
// test has to be judged by. Pods get no time for a good end.
func (r *Release) end() {
	if r.TB.Failed() {
		r.describe()
	}
	if _, err := r.tryHelm("uninstall", "--ignore-not-found", r.Name); err != nil {
		r.TB.Errorf("uninstall %s: %v", r.Name, err)
	}
	ctx, cancel := request()
	defer cancel()
	if err := Client(r.TB).CoreV1().Pods(r.Namespace).DeleteCollection(ctx, *metav1.NewDeleteOptions(0), metav1.ListOptions{}); err != nil {
		r.TB.Errorf("delete the pods in %s: %v", r.Namespace, err)
	}
	if err := k8s.DeleteNamespaceE(r.TB, r.kubectl, r.Namespace); err != nil {
		r.TB.Errorf("delete namespace %s: %v", r.Namespace, err)
	}
	r.waitGone()
}

// Fullname is the base of the objects' names.
func (r *Release) Fullname() string {
	if strings.Contains(r.Name, "valkey") {
		return r.Name
	}
	return r.Name + "-valkey"
}

func helmPath(tb testing.TB, name string) string {
	tb.Helper()
	path, err := exec.LookPath(filepath.Join(release.Cache(), "bin", name))
	require.NoError(tb, err, "Helm is needed: go -C ci run ./tools helm")
	return path
}

// Merge lays values over others, as Helm does.
func Merge(below, above map[string]any) map[string]any {
	merged := map[string]any{}
	for name, value := range below {
		merged[name] = value
	}
	for name, value := range above {
		upper, ok := value.(map[string]any)
		if lower, both := merged[name].(map[string]any); ok && both {
			value = Merge(lower, upper)
		}
		merged[name] = value
	}
	return merged
}
