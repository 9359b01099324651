//go:build helm

package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const chartFolder = "../../charts/valkey"

// forEachHelm runs a test with the plugin installed in each Helm. There is no
// cluster here; tests/e2e has one.
func forEachHelm(t *testing.T, test func(t *testing.T, h helm)) {
	t.Helper()
	folder := pluginFolder(t)
	for _, name := range []string{"helm3", "helm4"} {
		t.Run(name, func(t *testing.T) {
			h := newHelm(t, name)
			h.must(t, "plugin", "install", folder)
			test(t, h)
		})
	}
}

// wrongChart is the chart with a mistake in its templates: two masters, whatever
// the values say.
func wrongChart(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "valkey")
	require.NoError(t, os.CopyFS(folder, os.DirFS(chartFolder)))
	name := filepath.Join(folder, "templates", "_statefulset.tpl")
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	wrong := strings.Replace(string(text), "replicas: {{ int .values.replicaCount }}", "replicas: 2", 1)
	require.NotEqual(t, string(text), wrong)
	require.NoError(t, os.WriteFile(name, []byte(wrong), 0o644))
	return folder
}

// masked hides a generated password, which is another one each time.
func masked(manifests string) string {
	return regexp.MustCompile(`("valkey-password": )"[A-Za-z0-9+/]{43}="`).ReplaceAllString(manifests, "$1")
}

func TestTemplateIsHelms(t *testing.T) {
	names, err := filepath.Glob(chartFolder + "/ci/*-values.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	forEachHelm(t, func(t *testing.T, h helm) {
		for _, name := range names {
			args := []string{"template", "demo", chartFolder, "-f", name, "--namespace", "shop"}
			require.Equal(t, masked(h.must(t, args...)), masked(h.must(t, with([]string{"valkey"}, args...)...)), name)
		}
		packed := t.TempDir()
		h.must(t, "package", chartFolder, "--destination", packed)
		archives, err := filepath.Glob(packed + "/*.tgz")
		require.NoError(t, err)
		require.Len(t, archives, 1)
		args := []string{"template", "--set=auth.password=x", archives[0], "--show-only", "templates/master-statefulset.yaml"}
		require.Equal(t, h.must(t, args...), h.must(t, with([]string{"valkey"}, args...)...))
	})
}

func TestWrapperRefusesValues(t *testing.T) {
	bad := write(t, filepath.Join(t.TempDir(), "prod.yaml"), "master:\n  replicaCount: 2\n", 0o644)
	forEachHelm(t, func(t *testing.T, h helm) {
		for _, args := range [][]string{{"install", "demo"}, {"upgrade", "--reset-values", "demo"}, {"template"}} {
			stdout, stderr, code := h.run(t, with(with([]string{"valkey"}, args...), chartFolder, "-f", bad)...)
			require.Equal(t, Findings, code, stderr)
			require.Empty(t, stdout)
			require.Contains(t, stderr, bad+":2:17: error: master.replicaCount: more than one master needs Sentinel")
		}
		_, stderr, code := h.run(t, "valkey", "template", chartFolder, "--set", "replica.replicCount=3", "--skip-schema-validation")
		require.Zero(t, code, stderr)
		require.Contains(t, stderr, "[VK001]", "told, and left to Helm")
	})
}

func TestWrapperRefusesWhatIsRendered(t *testing.T) {
	wrong := wrongChart(t)
	const refused = "error: StatefulSet demo-valkey-master in namespace shop: spec.replicas: more than one master needs Sentinel"
	forEachHelm(t, func(t *testing.T, h helm) {
		stdout, stderr, code := h.run(t, "valkey", "template", "demo", wrong, "-n", "shop")
		require.Equal(t, Findings, code)
		require.Empty(t, stdout)
		require.Contains(t, stderr, refused)

		out := filepath.Join(t.TempDir(), "out")
		_, stderr, code = h.run(t, "valkey", "template", "demo", wrong, "-n", "shop", "--output-dir", out)
		require.Equal(t, Findings, code)
		require.Equal(t, 1, strings.Count(stderr, refused), stderr)
		require.NoDirExists(t, out)
		h.must(t, "valkey", "template", "demo", chartFolder, "--output-dir", out)
		require.FileExists(t, filepath.Join(out, "valkey", "templates", "master-statefulset.yaml"))
	})
}

// Helm 4 hides what a post-renderer says, and Helm 3 its warnings.
func TestWrapperTellsWhatHelmHides(t *testing.T) {
	h := newHelm(t, "helm4")
	h.must(t, "plugin", "install", pluginFolder(t))
	_, stderr, code := h.run(t, "valkey", "install", "demo", wrongChart(t), "-n", "shop", "--dry-run=client")
	require.NotZero(t, code)
	require.Contains(t, stderr, "error: StatefulSet demo-valkey-master in namespace shop: spec.replicas: more than one master needs Sentinel")
	require.Contains(t, stderr, "\n  fix: set spec.replicas to 1")

	stdout, stderr, code := h.run(t, "valkey", "install", "demo", chartFolder, "-n", "shop", "--dry-run=client", "--set", "master.livenessProbe.enabled=false")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "STATUS: pending-install")
	require.Contains(t, stderr, "warning: StatefulSet demo-valkey-master in namespace shop")
}

// Without a cluster Helm says so, with its own code.
func TestWrapperPassesHelmsErrors(t *testing.T) {
	forEachHelm(t, func(t *testing.T, h helm) {
		for _, args := range [][]string{
			{"install", "demo", chartFolder},
			{"upgrade", "demo", chartFolder},
			{"upgrade", "--install", "demo", chartFolder, "--set", "replica.replicaCount=3"},
		} {
			_, stderr, code := h.run(t, with([]string{"valkey"}, args...)...)
			require.Equal(t, 1, code, args)
			require.Contains(t, strings.ToLower(stderr), "kubernetes cluster unreachable")
		}
		_, stderr, code := h.run(t, "valkey", "template", chartFolder, "--no-such-flag")
		require.Equal(t, 1, code)
		require.Contains(t, stderr, "unknown flag: --no-such-flag")
		_, stderr, code = h.run(t, "valkey", "template", chartFolder, "--no-such-flag", "value", "demo")
		require.Equal(t, Usage, code)
		require.Contains(t, stderr, "write the value behind a =")
		_, stderr, code = h.run(t, "valkey", "install", "demo", "nowhere/valkey")
		require.Equal(t, 1, code)
		require.Contains(t, stderr, "nowhere")
		_, stderr, code = h.run(t, "valkey", "install", "demo", "--allow", "VK001", chartFolder)
		require.Equal(t, Usage, code)
		require.Contains(t, stderr, "VK301")
	})
}

func TestWrapperIsForThisChart(t *testing.T) {
	forEachHelm(t, func(t *testing.T, h helm) {
		folder := t.TempDir()
		create := exec.Command(h.binary, "create", "other")
		create.Env, create.Dir = h.env, folder
		require.NoError(t, create.Run())
		_, stderr, code := h.run(t, "valkey", "template", filepath.Join(folder, "other"))
		require.Equal(t, Failure, code)
		require.Contains(t, stderr, "it is not the valkey chart of helm-valkey")

		stdout, _, code := h.run(t, "valkey", "upgrade", "--help")
		require.Zero(t, code)
		require.Contains(t, stdout, "Usage: helm valkey upgrade RELEASE CHART")
	})
}

// A post-renderer of the user's own stays; what it renders is checked behind it.
func TestWrapperWithAnotherPostRenderer(t *testing.T) {
	script := write(t, filepath.Join(t.TempDir(), "patch.sh"), "#!/bin/sh\n"+twoMasters+"\n", 0o755)
	h := newHelm(t, "helm3")
	h.must(t, "plugin", "install", pluginFolder(t))
	_, stderr, code := h.run(t, with([]string{"valkey"}, with(template, "--post-renderer", script)...)...)
	require.Equal(t, Findings, code)
	require.Contains(t, stderr, "[VK201]")
	_, stderr, code = h.run(t, "valkey", "install", "demo", chartFolder, "--post-renderer", "cat", "--patches", "x")
	require.Equal(t, Usage, code)
	require.Contains(t, stderr, "Helm takes one post-renderer")
}

// Values come from the standard input, also for a Helm that calls nobody: the
// plugin finds it in PATH.
func TestWrapperFindsHelm(t *testing.T) {
	h := newHelm(t, "helm4")
	folder := pluginFolder(t)
	path := t.TempDir()
	require.NoError(t, os.Symlink(h.binary, filepath.Join(path, "helm")))
	command := exec.Command(filepath.Join(folder, "bin", "helm-valkey"), "template", "demo", chartFolder, "-f", "-", "-n", "shop", "--output-dir", t.TempDir())
	command.Env = append(h.env, "PATH="+path, "HELM_BIN=", "HELM_PLUGINS=")
	command.Stdin = strings.NewReader("replica: {replicaCount: 5}\n")
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, err := command.Output()
	require.NoError(t, err, stderr.String())
	require.Contains(t, string(out), "wrote ")
}
