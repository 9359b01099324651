package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func execute(stdin string, args ...string) (stdout, stderr string, code int) {
	var out, err bytes.Buffer
	code = Run(context.Background(), args, strings.NewReader(stdin), &out, &err)
	return out.String(), err.String(), code
}

func TestExitCodes(t *testing.T) {
	folder := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	good, bad := file("good.yaml", "replica: {replicaCount: 3}\n"), file("bad.yaml", "master: {replicaCount: 2}\n")
	odd := file("odd.yaml", "image: {tag: latest}\n")
	text := file("text.txt", "maxmemory 1gb")
	tests := []struct {
		name string
		args []string
		want int
	}{
		{"nothing", nil, Usage},
		{"unknown command", []string{"lnt"}, Usage},
		{"help", []string{"help"}, Clean},
		{"help of lint", []string{"lint", "--help"}, Clean},
		{"version", []string{"version"}, Clean},
		{"version of what", []string{"version", "x"}, Usage},
		{"nothing to lint", []string{"lint"}, Usage},
		{"unknown flag", []string{"lint", "--strict", good}, Usage},
		{"flag without a value", []string{"lint", "-f"}, Usage},
		{"flag that is no values", []string{"lint", "--set", "a[b=c"}, Usage},
		{"JSON that is none", []string{"lint", "--set-json", "a={"}, Usage},
		{"good", []string{"lint", "-f", good}, Clean},
		{"bad", []string{"lint", "--values=" + bad}, Findings},
		{"bad, then good over it", []string{"lint", "-f", bad, "--set", "master.replicaCount=1"}, Clean},
		{"list between commas", []string{"lint", "-f", bad + "," + good}, Findings},
		{"arguments are checked one by one", []string{"lint", good, bad}, Findings},
		{"arguments are not merged with flags", []string{"lint", good, "--set", "master.replicaCount=2", "--", good}, Findings},
		{"set from a file", []string{"lint", "--set-file", "commonConfiguration=" + text}, Clean},
		{"set from no file", []string{"lint", "--set-file", "commonConfiguration=/nowhere"}, Failure},
		{"no file", []string{"lint", "/nowhere.yaml"}, Failure},
		{"a directory", []string{"lint", folder}, Failure},
		{"a file too large", []string{"lint", file("large.yaml", strings.Repeat("# nothing\n", 110000))}, Failure},
		{"a value from a file too large", []string{"lint", "--set-file", "commonConfiguration=" + filepath.Join(folder, "large.yaml")}, Failure},
		{"a file without an end", []string{"lint", "/dev/zero"}, Failure},
		{"the standard input twice", []string{"lint", "-f", "-", "-"}, Usage},
		{"an address", []string{"lint", "-f", "https://example.org/values.yaml"}, Failure},
		{"a warning", []string{"lint", odd}, Clean},
		{"a warning that counts", []string{"lint", odd, "--fail-on", "warning"}, Findings},
		{"nothing to count", []string{"lint", good, "--fail-on=warning"}, Clean},
		{"no severity", []string{"lint", odd, "--fail-on", "never"}, Usage},
		{"no format", []string{"lint", odd, "--format", "xml"}, Usage},
		{"no color", []string{"lint", odd, "--color", "yes"}, Usage},
		{"the chart's folder", []string{"lint", odd, "--chart", "../../charts/valkey"}, Clean},
		{"no chart there", []string{"lint", odd, "--chart", "./nowhere"}, Failure},
		{"another chart", []string{"lint", odd, "--chart", folder}, Failure},
		{"a version of the chart in the plugin", []string{"lint", odd, "--version", "0.0.1"}, Usage},
		{"explain", []string{"explain", "VK101"}, Clean},
		{"explain nothing", []string{"explain"}, Usage},
		{"explain an unknown rule", []string{"explain", "VK1O1"}, Usage},
		{"rules", []string{"rules"}, Clean},
		{"rules of what", []string{"rules", "VK101"}, Usage},
		{"rules in no format", []string{"rules", "--format", "sarif"}, Usage},
		{"post-render takes no files", []string{"post-render", good}, Usage},
		{"post-render of nothing", []string{"post-render"}, Failure},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stdout, stderr, code := execute("", tt.args...)
			require.Equal(t, tt.want, code, stdout+stderr)
			if code == Usage || code == Failure {
				require.Empty(t, stdout)
				require.True(t, strings.HasPrefix(stderr, "helm valkey: "), stderr)
			}
		})
	}
}

// A command line that makes no sense leads to the help of what was asked for.
func TestUsageErrorNamesTheHelp(t *testing.T) {
	for args, want := range map[string]string{
		"lint --strict":    "Try: helm valkey help lint\n",
		"template":         "Try: helm valkey help template\n",
		"help lnit":        "Try: helm valkey help\n",
		"lnit values.yaml": "Try: helm valkey help\n",
	} {
		_, stderr, code := execute("", strings.Fields(args)...)
		require.Equal(t, Usage, code)
		require.True(t, strings.HasSuffix(stderr, want), stderr)
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out, said bytes.Buffer
	require.Equal(t, Failure, Run(ctx, []string{"lint", "-f", "-"}, strings.NewReader("a: 1"), &out, &said))
	require.Equal(t, "helm valkey: interrupted\n", said.String())
	require.Empty(t, out.String())
}

// "helm lint" takes a chart's directory; this does not.
func TestLintOfADirectory(t *testing.T) {
	_, stderr, code := execute("", "lint", "../../charts/valkey")
	require.Equal(t, Failure, code)
	require.Equal(t, "helm valkey: ../../charts/valkey is a directory: name the values files in it\n", stderr)
}

// A terminal does not end, and people press Ctrl-C.
func TestInterruptedWhileItReads(t *testing.T) {
	for _, args := range []string{"lint -f -", "post-render", "migrate -", "diff-check - x"} {
		t.Run(args, func(t *testing.T) {
			terminal, keyboard := io.Pipe()
			defer keyboard.Close()
			ctx, cancel := context.WithCancel(context.Background())
			go func() {
				_, _ = keyboard.Write([]byte("#")) // it is being read
				cancel()
			}()
			var out, said bytes.Buffer
			require.Equal(t, Failure, Run(ctx, strings.Fields(args), terminal, &out, &said))
			require.True(t, strings.HasSuffix(said.String(), "helm valkey: interrupted\n"), said.String())
			require.Empty(t, out.String())
		})
	}
}

// What cannot be printed has not been done.
func TestNobodyTakesTheOutput(t *testing.T) {
	for _, args := range []string{"version", "help", "help lint", "rules", "explain VK101", "lint --set a=1"} {
		var said bytes.Buffer
		out, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		require.NoError(t, err)
		defer out.Close()
		require.Equal(t, Failure, Run(context.Background(), strings.Fields(args), strings.NewReader(""), out, &said), args)
	}
}

func TestUsageFitsATerminal(t *testing.T) {
	texts := []string{overview()}
	for _, c := range commands() {
		texts = append(texts, c.usage)
	}
	for _, text := range texts {
		for line := range strings.Lines(text) {
			require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), 80, line)
		}
	}
}

// A file that is not there does not keep back what is wrong with the others.
func TestLintOfAFileThatIsNotThere(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	require.NoError(t, os.WriteFile(bad, []byte("master: {replicaCount: 2}\n"), 0o644))
	stdout, stderr, code := execute("", "lint", "/nowhere.yaml", bad, "/neither.yaml")
	require.Equal(t, Failure, code)
	require.Contains(t, stdout, bad+":1:24: error: ")
	require.Contains(t, stderr, "/nowhere.yaml")
	require.Contains(t, stderr, "/neither.yaml")
}

func TestLintReadsStandardInput(t *testing.T) {
	stdout, stderr, code := execute("auth:\n  pasword: secret!\n", "lint", "-f", "-")
	require.Equal(t, Findings, code)
	require.Contains(t, stdout, "<stdin>:2:3: error: auth: unknown key \"pasword\"; did you mean \"password\"? [VK001]\n")
	require.NotContains(t, stdout, "secret!", "a misspelt key must not give its secret away")
	require.Equal(t, "1 error, 0 warnings in 1 file\n", stderr)
}

// Files that are checked at the same time are reported in one order.
func TestLintOfManyFiles(t *testing.T) {
	folder := t.TempDir()
	args := []string{"lint"}
	for i := range 30 {
		name := filepath.Join(folder, fmt.Sprintf("%03d.yaml", i))
		require.NoError(t, os.WriteFile(name, []byte("replica:\n  replicaCount: 3\n  replicaCount: x\n"), 0o644))
		args = append(args, name)
	}
	first, stderr, code := execute("", args...)
	require.Equal(t, Findings, code)
	require.Contains(t, stderr, "30 errors, 30 warnings in 30 files")
	require.True(t, strings.HasPrefix(first, args[1]+":3:3: warning: "), first)
	again, _, _ := execute("", args...)
	require.Equal(t, first, again)

	_, stderr, code = execute("", "lint", args[1], filepath.Join(folder, "none.yaml"), filepath.Join(folder, "neither.yaml"))
	require.Equal(t, Failure, code)
	require.Contains(t, stderr, "none.yaml")
}

func TestLintNamesFlags(t *testing.T) {
	stdout, _, _ := execute("", "lint", "--set", "master.replicaCount=2", "--set-json", `auth={"password":1}`)
	require.Contains(t, stdout, "--set master.replicaCount=2: error: master.replicaCount: more than one master needs Sentinel")
	require.Contains(t, stdout, `--set-json auth={"password":*}: error: auth.password: expected string, found integer [VK003]`)
}

func TestLintFormats(t *testing.T) {
	for format, want := range map[string]string{
		"text":   "<stdin>:1:15: warning: image.tag: ",
		"json":   `"rule": "VK110"`,
		"github": "::warning title=VK110::<stdin>:1:15: image.tag: ",
		"sarif":  `"ruleId": "VK110"`,
		"junit":  `<testcase classname="helm valkey lint" name="&lt;stdin&gt;">`,
	} {
		stdout, stderr, code := execute("image: {tag:  latest}\n", "lint", "-f", "-", "--format", format)
		require.Equal(t, Clean, code, stderr)
		require.Contains(t, stdout, want)
		require.Equal(t, "0 errors, 1 warning in 1 file\n", stderr, format)
	}
}

func TestLintSaysNothingOfNothing(t *testing.T) {
	stdout, stderr, code := execute("{}", "lint", "-f", "-")
	require.Equal(t, Clean, code)
	require.Empty(t, stdout+stderr)
}

// Colors are for terminals, and for those who ask.
func TestLintColors(t *testing.T) {
	for when, want := range map[string]bool{"auto": false, "never": false, "always": true} {
		stdout, _, _ := execute("a: 1\n", "lint", "-f", "-", "--color", when)
		require.Equal(t, want, strings.Contains(stdout, "\x1b["), when)
	}
}

func stream(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../postrender/testdata/release.yaml")
	require.NoError(t, err)
	return string(data)
}

func TestPostRenderPassesTheSameBytes(t *testing.T) {
	for _, odd := range []string{stream(t), "\ufeff# nothing of ours\r\n---\r\na: 1", "not yaml: [", "---\n---\n# x"} {
		for _, flag := range []string{"--errors-as-manifest=false", "--errors-as-manifest"} {
			stdout, stderr, code := execute(odd, "post-render", flag)
			require.Equal(t, Clean, code, stderr)
			require.Equal(t, odd, stdout)
			require.Empty(t, stderr)
		}
	}
}

func TestPostRenderRefuses(t *testing.T) {
	two := strings.Replace(stream(t), "replicas: 1 # master", "replicas: 2", 1)
	stdout, stderr, code := execute(two, "post-render")
	require.Equal(t, Findings, code)
	require.Empty(t, stdout)
	require.Equal(t, `error: StatefulSet demo-valkey-master in namespace shop: spec.replicas: more than one master needs Sentinel, which decides which of them takes the writes [VK201]
  fix: set spec.replicas to 1 instead of 2; replica.replicaCount adds copies of the data
  see: https://github.com/helm-valkey/helm-valkey/blob/main/docs/rules.md#vk201
1 error, 0 warnings
`, stderr)

	stdout, _, code = execute(two, "post-render", "--errors-as-manifest")
	require.Equal(t, Clean, code)
	require.NotContains(t, stdout, "kind: StatefulSet")
	require.Contains(t, stdout, `postrenderer.helm.sh/postrender-filename: "post-render:\nerror: StatefulSet demo-valkey-master`)

	stdout, stderr, code = execute(" \n", "post-render", "--errors-as-manifest")
	require.Equal(t, Clean, code)
	require.Contains(t, stdout, "no manifests on the standard input")
	require.Empty(t, stderr)
}

func TestPostRenderWarnsAndPasses(t *testing.T) {
	quiet := strings.Replace(stream(t), "          livenessProbe: {httpGet: {path: /live, port: http}} # master\n", "", 1)
	stdout, stderr, code := execute(quiet, "post-render")
	require.Equal(t, Clean, code)
	require.Equal(t, quiet, stdout)
	require.Contains(t, stderr, "warning: StatefulSet demo-valkey-master")
}

// A report on the standard error is nothing but that.
func TestPostRenderFormats(t *testing.T) {
	two := strings.Replace(stream(t), "replicas: 1 # master", "replicas: 2", 1)
	stdout, stderr, code := execute(two, "post-render", "--format", "json")
	require.Equal(t, Findings, code)
	require.Empty(t, stdout)
	require.True(t, json.Valid([]byte(stderr)), stderr)
	require.Contains(t, stderr, `"rule": "VK201"`)
	_, stderr, _ = execute(two, "post-render", "--format", "sarif")
	require.Contains(t, stderr, `"ruleIndex": 0`)

	quiet := strings.Replace(stream(t), "          livenessProbe: {httpGet: {path: /live, port: http}} # master\n", "", 1)
	stdout, _, code = execute(quiet, "post-render", "--fail-on", "warning")
	require.Equal(t, Findings, code)
	require.Empty(t, stdout)
}

func TestPostRenderOfBrokenInput(t *testing.T) {
	var out, err bytes.Buffer
	code := Run(context.Background(), []string{"post-render"}, iotest.ErrReader(os.ErrClosed), &out, &err)
	require.Equal(t, Failure, code)
	require.Empty(t, out.String())
}

func TestPostRenderPatchesAndPins(t *testing.T) {
	folder := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(folder, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	const pod = "# a pod\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: nginx:1}]} # its image\n"
	digest := "sha256:" + strings.Repeat("1", 64)
	lock := file("images.lock", "nginx:1: "+digest+"\n")
	file("owner.yaml", "target: {kind: Pod, namespace: shop}\npatch: |\n  metadata: {annotations: {in: {{ .Release.Namespace }}}}\n")

	stdout, stderr, code := execute(pod, "post-render", "--set-image-digests", lock)
	require.Equal(t, Clean, code, stderr)
	require.Equal(t, strings.Replace(pod, "nginx:1", "nginx:1@"+digest, 1), stdout)

	stdout, stderr, code = execute(pod, "post-render", "--set-image-digests", lock, "--patches", folder, "--namespace", "shop")
	require.Equal(t, Clean, code, stderr)
	require.Equal(t, "# a pod\napiVersion: v1\nkind: Pod\nmetadata:\n  annotations:\n    in: shop\n  name: p\nspec:\n  containers:\n    - image: nginx:1@"+digest+"\n      name: c\n", stdout)

	t.Setenv("HELM_NAMESPACE", "other")
	stdout, stderr, code = execute(pod, "post-render", "--patches="+folder)
	require.Equal(t, Findings, code)
	require.Empty(t, stdout)
	require.Contains(t, stderr, filepath.Join(folder, "owner.yaml")+":1:1: error: target: no object in the stream is like this [VK211]\n")

	stdout, stderr, code = execute(strings.Replace(pod, "nginx:1", "nginx:2", 1), "post-render", "--set-image-digests", lock, "--errors-as-manifest")
	require.Equal(t, Clean, code)
	require.Contains(t, stdout, "kind: Refused")
	require.Contains(t, stderr, `error: Pod p: spec.containers[c].image: image "nginx:2" is not in images.lock [VK209]`)

	for _, args := range [][]string{{"--patches", "/nowhere"}, {"--set-image-digests", "/nowhere"}, {"--set-image-digests", filepath.Join(folder, "owner.yaml")}} {
		stdout, stderr, code = execute(pod, append([]string{"post-render"}, args...)...)
		require.Equal(t, Failure, code)
		require.Empty(t, stdout)
		require.Contains(t, stderr, "helm valkey: ")
	}
}
