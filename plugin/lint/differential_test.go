//go:build helm

package lint

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

const chartFolder = "../../charts/valkey"

// TestVerdictIsHelms runs one corpus through lint and through "helm template"
// of both Helms: what either of them refuses has an error, and nothing else.
func TestVerdictIsHelms(t *testing.T) {
	c := openChart(t)
	files := corpus(t, c)
	require.Greater(t, len(files), 300)
	t.Logf("%d values files", len(files))
	folder := t.TempDir()
	helms := []helm{newHelm(t, folder, "helm3"), newHelm(t, folder, "helm4")}
	for i, name := range sortedNames(files) {
		found := check(t, c, files[name])
		file := filepath.Join(folder, fmt.Sprintf("values-%d.yaml", i))
		require.NoError(t, os.WriteFile(file, []byte(files[name]), 0o600))
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if hasRule(found, severalDocuments.ID) {
				requireTwoMeanings(t, helms, file)
				return
			}
			requireVerdict(t, helms, file, files[name], found)
		})
	}
}

func requireVerdict(t *testing.T, helms []helm, file, text string, found []finding.Finding) {
	t.Helper()
	var refusals []string
	for _, h := range helms {
		if _, err := h.template(file); err != nil {
			refusals = append(refusals, h.name+": "+err.Error())
		}
	}
	var errors []string
	for _, f := range found {
		if f.Severity == finding.Error {
			errors = append(errors, fmt.Sprintf("%d:%d: %s: %s [%s]", f.Position.Line, f.Position.Column, f.Path, f.Message, f.RuleID))
		}
	}
	require.Equal(t, len(refusals) > 0, len(errors) > 0, "the values:\n%s\nHelm refuses:\n%s\nlint finds:\n%s",
		text, strings.Join(refusals, "\n"), strings.Join(errors, "\n"))
}

// requireTwoMeanings holds the one finding that is an error though neither Helm
// may refuse the file to what it says: they do not read it alike.
func requireTwoMeanings(t *testing.T, helms []helm, file string) {
	t.Helper()
	first, errFirst := helms[0].template(file, "--set", "auth.password=x")
	second, errSecond := helms[1].template(file, "--set", "auth.password=x")
	if errFirst != nil && errSecond != nil {
		return
	}
	require.NotEqual(t, fmt.Sprint(errFirst != nil, first), fmt.Sprint(errSecond != nil, second), "both Helms read the file alike")
}

func hasRule(found []finding.Finding, id string) bool {
	return slices.ContainsFunc(found, func(f finding.Finding) bool { return f.RuleID == id })
}

// helm is one Helm of the cache, with directories of its own.
type helm struct {
	name, binary string
	env          []string
}

func newHelm(t *testing.T, folder, name string) helm {
	t.Helper()
	cache := os.Getenv("HELM_VALKEY_CACHE")
	if cache == "" {
		user, err := os.UserCacheDir()
		require.NoError(t, err)
		cache = filepath.Join(user, "helm-valkey")
	}
	h := helm{name: name, binary: filepath.Join(cache, "bin", name)}
	require.FileExists(t, h.binary, "build it with: go -C ci run ./tools helm")
	h.env = os.Environ()
	for _, variable := range []string{"HELM_CONFIG_HOME", "HELM_CACHE_HOME", "HELM_DATA_HOME"} {
		h.env = append(h.env, variable+"="+filepath.Join(folder, name, variable))
	}
	return h
}

// template renders the chart with a values file. Blank lines, which the two
// Helms set differently, are left out.
func (h helm) template(file string, args ...string) (string, error) {
	command := exec.Command(h.binary, append([]string{"template", "demo", chartFolder, "--namespace", "shop", "--values", file}, args...)...)
	var out, said bytes.Buffer
	command.Env, command.Stdout, command.Stderr = h.env, &out, &said
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("%w: %s", err, strings.TrimSpace(said.String()))
	}
	var lines []string
	for line := range strings.Lines(out.String()) {
		if strings.TrimSpace(line) != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, ""), nil
}
