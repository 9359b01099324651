//go:build helm

package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// These tests run the plugin as users do: installed from a directory, by the
// real Helm 3 and Helm 4 of the cache.

// helm is one Helm with directories of its own.
type helm struct {
	binary string
	env    []string
}

func newHelm(t *testing.T, name string, env ...string) helm {
	t.Helper()
	cache := os.Getenv("HELM_VALKEY_CACHE")
	if cache == "" {
		user, err := os.UserCacheDir()
		require.NoError(t, err)
		cache = filepath.Join(user, "helm-valkey")
	}
	h := helm{binary: filepath.Join(cache, "bin", name)}
	require.FileExists(t, h.binary, "build it with: go -C ci run ./tools helm")
	home := t.TempDir()
	h.env = append(os.Environ(),
		"HOME="+home, "HELM_DATA_HOME="+filepath.Join(home, "data"), "HELM_CONFIG_HOME="+filepath.Join(home, "config"),
		"HELM_CACHE_HOME="+filepath.Join(home, "cache"), "KUBECONFIG="+filepath.Join(home, "none"))
	h.env = append(h.env, env...)
	return h
}

func (h helm) run(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, err bytes.Buffer
	command := exec.Command(h.binary, args...)
	command.Env, command.Stdout, command.Stderr = h.env, &out, &err
	if failure := command.Run(); failure != nil {
		require.IsType(t, &exec.ExitError{}, failure)
	}
	return out.String(), err.String(), command.ProcessState.ExitCode()
}

func (h helm) must(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, code := h.run(t, args...)
	require.Zero(t, code, stderr)
	return stdout
}

// pluginFolder is the plugin's folder with the binary built.
func pluginFolder(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "plugin")
	for _, name := range []string{"plugin.yaml", "helm4/valkey-post-renderer/plugin.yaml"} {
		data, err := os.ReadFile(filepath.Join("..", name))
		require.NoError(t, err)
		write(t, filepath.Join(folder, name), string(data), 0o644)
	}
	build := exec.Command("go", "build", "-o", filepath.Join(folder, "bin", "helm-valkey"), "../cmd/helm-valkey")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	return folder
}

func write(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
	require.NoError(t, os.WriteFile(name, []byte(text), mode))
	return name
}

// twoMasters is a shell command that patches the stream as a careless
// kustomization would.
const twoMasters = `sed '/name: "\{0,1\}demo-valkey-master"\{0,1\}$/,/^---/ s/^  replicas: 1$/  replicas: 2/'`

var template = []string{"template", "demo", "../../charts/valkey", "--namespace", "shop", "--set", "auth.password=x"}

func with(args []string, more ...string) []string {
	return append(append([]string{}, args...), more...)
}

func TestLintThroughHelm(t *testing.T) {
	folder := pluginFolder(t)
	bad := write(t, filepath.Join(t.TempDir(), "prod.yaml"), "master:\n  replicaCount: 2\n", 0o644)
	for _, name := range []string{"helm3", "helm4"} {
		t.Run(name, func(t *testing.T) {
			h := newHelm(t, name)
			h.must(t, "plugin", "install", folder)
			require.Contains(t, h.must(t, "plugin", "list"), "valkey")

			stdout, stderr, code := h.run(t, "valkey", "lint", "-f", bad)
			require.Equal(t, Findings, code)
			require.Contains(t, stdout, bad+":2:17: error: master.replicaCount: more than one master needs Sentinel")
			require.Contains(t, stderr, "1 error, 0 warnings in 1 file")

			_, _, code = h.run(t, "valkey", "lint", "--set", "replica.replicaCount=3")
			require.Equal(t, Clean, code)
			_, _, code = h.run(t, "valkey", "lint")
			require.Equal(t, Usage, code)
			_, _, code = h.run(t, "valkey", "lint", "-f", "/nowhere.yaml")
			require.Equal(t, Failure, code)
			require.Contains(t, h.must(t, "valkey", "version"), "valkey")
		})
	}
}

func TestPostRenderThroughHelm3(t *testing.T) {
	folder, h := pluginFolder(t), newHelm(t, "helm3")
	h.must(t, "plugin", "install", folder)
	binary := filepath.Join(folder, "bin", "helm-valkey")

	plain := h.must(t, template...)
	checked := h.must(t, with(template, "--post-renderer", binary, "--post-renderer-args", "post-render")...)
	require.Equal(t, plain, checked)
	byName := h.must(t, with(template, "--post-renderer", h.binary, "--post-renderer-args", "valkey", "--post-renderer-args", "post-render")...)
	require.Equal(t, plain, byName, "as the help says")

	script := write(t, filepath.Join(t.TempDir(), "patch.sh"), "#!/bin/sh\n"+twoMasters+" | "+binary+" post-render\n", 0o755)
	_, stderr, code := h.run(t, with(template, "--post-renderer", script)...)
	require.NotZero(t, code)
	require.Contains(t, stderr, "error: StatefulSet demo-valkey-master in namespace shop: spec.replicas: more than one master needs Sentinel")
	require.Contains(t, stderr, "[VK201]")
}

func TestPostRenderThroughHelm4(t *testing.T) {
	folder := pluginFolder(t)
	others := t.TempDir()
	plugin := func(name, command string) {
		write(t, filepath.Join(others, name, "plugin.yaml"), "apiVersion: v1\ntype: postrenderer/v1\nname: "+name+"\nversion: 0.1.0\nruntime: subprocess\nruntimeConfig:\n  platformCommand:\n    - command: ${HELM_PLUGIN_DIR}/run.sh\n", 0o644)
		write(t, filepath.Join(others, name, "run.sh"), "#!/bin/sh\n"+command+"\n", 0o755)
	}
	plugin("nothing", "cat")
	plugin("patch", twoMasters+" | "+filepath.Join(folder, "bin", "helm-valkey")+" post-render --errors-as-manifest")
	plugin("patch-exit", twoMasters+" | "+filepath.Join(folder, "bin", "helm-valkey")+" post-render")
	h := newHelm(t, "helm4", "HELM_PLUGINS="+filepath.Join(folder, "helm4")+string(os.PathListSeparator)+others)

	passed := h.must(t, with(template, "--post-renderer", "nothing")...)
	require.Contains(t, passed, "kind: StatefulSet")
	require.Equal(t, passed, h.must(t, with(template, "--post-renderer", "valkey-post-renderer")...))

	stdout, stderr, code := h.run(t, with(template, "--post-renderer", "patch")...)
	require.NotZero(t, code)
	require.NotContains(t, stdout, "StatefulSet\n")
	require.Contains(t, stderr, "error: StatefulSet demo-valkey-master in namespace shop: spec.replicas: more than one master needs Sentinel")
	require.Contains(t, stderr, "\n  fix: set spec.replicas to 1")

	// Why --errors-as-manifest is there. When this fails, Helm shows the message
	// of a post-renderer that fails, and the detour can go.
	_, stderr, code = h.run(t, with(template, "--post-renderer", "patch-exit")...)
	require.NotZero(t, code)
	require.NotContains(t, stderr, "VK201")
}

// The post-renderer alone, for those who have Helm 4 only. Helm installs a
// directory as a link, through which the binary is found.
func TestPostRendererInstalledByHelm4(t *testing.T) {
	folder, h := pluginFolder(t), newHelm(t, "helm4")
	h.must(t, "plugin", "install", folder)
	h.must(t, "plugin", "install", filepath.Join(folder, "helm4", "valkey-post-renderer"))
	out := h.must(t, with(template, "--post-renderer", "valkey-post-renderer")...)
	require.Equal(t, 2, strings.Count(out, "kind: StatefulSet"))
}

// No error is in what the chart renders of its example values, with
// either Helm, and the same bytes come out.
func TestPostRenderOfExampleValues(t *testing.T) {
	names, err := filepath.Glob("../../charts/valkey/ci/*-values.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for _, name := range names {
		for _, version := range []string{"helm3", "helm4"} {
			t.Run(version+"/"+filepath.Base(name), func(t *testing.T) {
				stream := newHelm(t, version).must(t, "template", "demo", "../../charts/valkey", "-f", name)
				stdout, stderr, code := execute(stream, "post-render")
				require.Equal(t, Clean, code, stderr)
				require.Equal(t, stream, stdout)
			})
		}
	}
}

// patchesAndDigests are the flags for a patch, and for a lock file of the images
// that the chart renders, each with the same digest.
func patchesAndDigests(t *testing.T, h helm) (args []string, digest string) {
	t.Helper()
	folder := t.TempDir()
	digest = "sha256:" + strings.Repeat("1", 64)
	var lock strings.Builder
	for line := range strings.Lines(h.must(t, template...)) {
		if image, ok := strings.CutPrefix(strings.TrimSpace(line), "image: "); ok && !strings.Contains(lock.String(), image) {
			lock.WriteString(image + ": " + digest + "\n")
		}
	}
	write(t, filepath.Join(folder, "patches", "owner.yaml"), "target:\n  kind: StatefulSet\n  name: \"*-master\"\npatch: |\n  metadata:\n    annotations:\n      owner: {{ .Release.Name }}-{{ .Release.Namespace }}\n", 0o644)
	return []string{
		"--post-renderer-args", "--patches", "--post-renderer-args", filepath.Join(folder, "patches"),
		"--post-renderer-args", "--set-image-digests", "--post-renderer-args", write(t, filepath.Join(folder, "images.lock"), lock.String(), 0o644),
	}, digest
}

func TestPatchesAndDigestsThroughHelm(t *testing.T) {
	folder := pluginFolder(t)
	for name, renderer := range map[string][]string{
		"helm3": {"--post-renderer", filepath.Join(folder, "bin", "helm-valkey"), "--post-renderer-args", "post-render"},
		"helm4": {"--post-renderer", "valkey-post-renderer"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHelm(t, name, "HELM_PLUGINS="+filepath.Join(folder, "helm4"))
			args, digest := patchesAndDigests(t, h)
			plain := h.must(t, template...)
			out := h.must(t, with(template, append(renderer, args...)...)...)
			require.Contains(t, out, "owner: demo-shop\n")
			images := strings.Count(plain, " image: ")
			hooks := 0
			if name == "helm3" { // gives post-renderers no hooks: the test's pod
				hooks = 1
			}
			require.Equal(t, images-hooks, strings.Count(out, "@"+digest))

			args[3] = filepath.Join(t.TempDir(), "patches")
			write(t, filepath.Join(args[3], "two.yaml"), "target: {kind: StatefulSet, name: demo-valkey-master}\npatch: |\n  - {op: replace, path: /spec/replicas, value: 2}\n", 0o644)
			_, stderr, code := h.run(t, with(template, append(renderer, args...)...)...)
			require.NotZero(t, code)
			require.Contains(t, stderr, "error: StatefulSet demo-valkey-master in namespace shop: spec.replicas: more than one master needs Sentinel")
		})
	}
}
