//go:build release

package release

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

// composite is an action as GitHub reads it:
// https://docs.github.com/actions/reference/workflows-and-actions/metadata-syntax
type composite struct {
	Name, Description string
	Inputs            map[string]struct{ Description, Default string }
	Runs              struct {
		Using string
		Steps []struct {
			Name, Shell, Run string
			Env              map[string]string
		}
	}
}

var expression = regexp.MustCompile(`\$\{\{ (.*?) \}\}`)

// evaluate replaces the expressions in a text, of which the action needs only inputs.
func evaluate(t *testing.T, text string, inputs map[string]string) string {
	t.Helper()
	return expression.ReplaceAllStringFunc(text, func(found string) string {
		name, ok := strings.CutPrefix(expression.FindStringSubmatch(found)[1], "inputs.")
		require.True(t, ok, found)
		value, ok := inputs[name]
		require.True(t, ok, "%s: there is no such input", found)
		return value
	})
}

// workflow is a job that uses the action.
type workflow struct {
	action composite
	folder string // of the action
	work   string // the repository that is checked out
	server string
}

// uses runs the action's steps, as GitHub's runner does, until one fails.
func (w workflow) uses(t *testing.T, with map[string]string, env ...string) (said string, code int) {
	t.Helper()
	temp := t.TempDir()
	inputs := map[string]string{}
	for name, input := range w.action.Inputs {
		inputs[name] = input.Default
	}
	inputs["url"] = w.server
	for name, value := range with {
		require.Contains(t, inputs, name)
		inputs[name] = value
	}
	paths, search := write(t, filepath.Join(temp, "paths"), nil, 0o644), os.Getenv("PATH")
	for i, step := range w.action.Runs.Steps {
		require.Equal(t, "bash", step.Shell)
		script := write(t, filepath.Join(temp, fmt.Sprintf("step-%d.sh", i)), []byte(evaluate(t, step.Run, inputs)), 0o644)
		vars := []string{
			"RUNNER_OS=Linux", "RUNNER_ARCH=" + map[string]string{"amd64": "X64", "arm64": "ARM64"}[runtime.GOARCH],
			"RUNNER_TEMP=" + temp, "GITHUB_ACTION_PATH=" + w.folder, "GITHUB_PATH=" + paths, "PATH=" + search,
		}
		for name, value := range step.Env {
			vars = append(vars, name+"="+evaluate(t, value, inputs))
		}
		stdout, stderr, code := try(t, w.work, append(vars, env...), "bash", "--noprofile", "--norc", "-e", "-o", "pipefail", script)
		said += stdout + stderr
		if code != 0 {
			return said, code
		}
		for line := range strings.Lines(string(read(t, paths))) {
			search = strings.TrimSpace(line) + string(os.PathListSeparator) + search
		}
		write(t, paths, nil, 0o644)
	}
	return said, 0
}

func (m made) action(t *testing.T) {
	w := workflow{folder: filepath.Join(m.tree, "ci", "action"), work: t.TempDir(), server: serve(t, m.dist)}
	require.NoError(t, yaml.UnmarshalStrict(read(t, filepath.Join(w.folder, "action.yml")), &w.action))
	require.Equal(t, "composite", w.action.Runs.Using)
	for name, text := range map[string]string{
		"good.yaml":            "replica:\n  replicaCount: 3\n",
		"bad.yaml":             "master:\n  replicaCount: 2\n",
		"odd.yaml":             "image:\n  tag: latest\n",
		"a b/values-prod.yaml": "persistance: {}\n",
		"a b/values-test.yaml": "{}\n",
	} {
		write(t, filepath.Join(w.work, name), []byte(text), 0o644)
	}
	archive := "helm-valkey-" + m.version + "-linux-" + runtime.GOARCH + ".tar.gz"
	sum := fmt.Sprintf("%x", sha256.Sum256(read(t, m.file(archive))))
	tampered := serve(t, m.tampered(t, archive))
	tests := map[string]struct {
		with, env []string
		code      int
		want      string
	}{
		"clean":                    {[]string{"files=good.yaml"}, nil, 0, archive + ": OK"},
		"an error":                 {[]string{"files=good.yaml\nbad.yaml"}, nil, 1, "\n::error file=bad.yaml,line=2,col=17,"},
		"patterns with blanks":     {[]string{"files=a b/values-*.yaml\n"}, nil, 1, "\n::error file=a b/values-prod.yaml,line=1,col=1,"},
		"a warning is shown":       {[]string{"files=odd.yaml"}, nil, 0, "\n::warning file=odd.yaml,line=2,"},
		"and counts":               {[]string{"files=odd.yaml", "fail-on=warning"}, nil, 1, "\n::warning file=odd.yaml,line=2,"},
		"files that are merged":    {[]string{"args=-f bad.yaml --set\n  sentinel.enabled=true"}, nil, 0, archive + ": OK"},
		"nothing to lint":          {nil, nil, 2, "no values to check"},
		"no such file":             {[]string{"files=*.json"}, nil, 3, "*.json"},
		"the right checksum":       {[]string{"files=good.yaml", "sha256=" + sum}, nil, 0, archive + ": OK"},
		"another checksum":         {[]string{"files=good.yaml", "sha256=" + strings.Repeat("0", 64)}, nil, 3, "\n::error::" + w.server + "/" + archive + " is not what was released"},
		"a changed archive":        {[]string{"files=good.yaml", "url=" + tampered}, nil, 3, "\n::error::" + tampered + "/" + archive + " is not what was released"},
		"a version that is not":    {[]string{"files=good.yaml", "version=0.0.0"}, nil, 3, "\n::error::cannot download " + w.server + "/helm-valkey-0.0.0-linux-"},
		"a system that is not":     {[]string{"files=good.yaml"}, []string{"RUNNER_OS=Plan9"}, 3, "::error::there is no helm-valkey for Plan9"},
		"a processor that is not":  {[]string{"files=good.yaml"}, []string{"RUNNER_ARCH=ARM"}, 3, "::error::there is no helm-valkey for ARM: "},
		"SARIF cannot be written":  {[]string{"files=good.yaml", "sarif=a b"}, nil, 1, "a b: Is a directory"},
		"SARIF of unreadable file": {[]string{"files=*.json", "sarif=none.sarif"}, nil, 3, "*.json"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			said, code := w.uses(t, inputs(tt.with), tt.env...)
			require.Equal(t, tt.code, code, said)
			require.Contains(t, "\n"+said, tt.want)
		})
	}
	t.Run("SARIF", func(t *testing.T) {
		said, code := w.uses(t, map[string]string{"files": "bad.yaml\na b/*.yaml", "sarif": "new/findings.sarif"})
		require.Equal(t, 1, code)
		require.Contains(t, said, "\n::error file=bad.yaml,line=2,col=17,")
		var log struct {
			Runs []struct{ Results []struct{ RuleID string } }
		}
		require.NoError(t, json.Unmarshal(read(t, filepath.Join(w.work, "new", "findings.sarif")), &log))
		require.Len(t, log.Runs, 1)
		require.Len(t, log.Runs[0].Results, 2)
	})
}

// tampered is a folder with the release's checksums, and an archive that was changed.
func (m made) tampered(t *testing.T, archive string) string {
	t.Helper()
	folder := t.TempDir()
	write(t, filepath.Join(folder, "SHA256SUMS"), read(t, m.file("SHA256SUMS")), 0o644)
	write(t, filepath.Join(folder, archive), append(read(t, m.file(archive)), 0), 0o644)
	return folder
}

func inputs(with []string) map[string]string {
	all := map[string]string{}
	for _, one := range with {
		name, value, _ := strings.Cut(one, "=")
		all[name] = value
	}
	return all
}
