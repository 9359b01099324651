//go:build render

// Package render renders the chart with the real Helm 3 and Helm 4 and judges
// what comes out. It runs with `go test -tags render ./tests/render`, and needs
// helm3, helm4 and helm-docs in the cache (`go -C ci run ./tools`).
package render

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gruntwork-io/terratest/modules/helm"
	"github.com/gruntwork-io/terratest/modules/k8s"
	"github.com/gruntwork-io/terratest/modules/logger"
	"github.com/stretchr/testify/require"
)

const (
	chartDir  = "../../charts/valkey"
	namespace = "space"
)

var update = flag.Bool("update", false, "write the golden files anew")

// versions are the Helm releases under test: names of binaries in the cache.
var versions = []string{"helm3", "helm4"}

func cacheDir() string {
	if dir := os.Getenv("HELM_VALKEY_CACHE"); dir != "" {
		return dir
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		panic(err)
	}
	return filepath.Join(dir, "helm-valkey")
}

func binary(name string) string { return filepath.Join(cacheDir(), "bin", name) }

// TestMain puts a `helm` in front of PATH that runs the binary named in
// HELM_UNDER_TEST, because terratest calls whatever `helm` is.
func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	for _, name := range append([]string{"helm-docs"}, versions...) {
		if _, err := os.Stat(binary(name)); err != nil {
			fmt.Fprintln(os.Stderr, err, "- build it with: go -C ci run ./tools")
			return 1
		}
	}
	dir, err := os.MkdirTemp("", "render")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	script := "#!/bin/sh\nexec \"$HELM_UNDER_TEST\" \"$@\"\n"
	if err := os.WriteFile(filepath.Join(dir, "helm"), []byte(script), 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	for _, name := range []string{"HELM_CONFIG_HOME", "HELM_CACHE_HOME", "HELM_DATA_HOME"} {
		os.Setenv(name, filepath.Join(dir, name))
	}
	return m.Run()
}

// forEachHelm runs a test under every Helm, in parallel.
func forEachHelm(t *testing.T, test func(t *testing.T, helm string)) {
	for _, version := range versions {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			test(t, version)
		})
	}
}

// rendering is one call of `helm template`.
type rendering struct {
	helm    string
	release string   // default "rel"
	values  string   // a values document
	files   []string // more values files
	args    []string
}

// try returns the manifests, or what Helm says against them.
func (r rendering) try(t *testing.T) (string, error) {
	t.Helper()
	files := r.files
	if r.values != "" {
		// Not t.TempDir, which puts the test's name into the path: Helm splits
		// paths at commas.
		dir, err := os.MkdirTemp("", "values")
		require.NoError(t, err)
		defer os.RemoveAll(dir)
		file := filepath.Join(dir, "values.yaml")
		require.NoError(t, os.WriteFile(file, []byte(r.values), 0o600))
		files = append(files, file)
	}
	if r.release == "" {
		r.release = "rel"
	}
	options := &helm.Options{
		ValuesFiles:    files,
		KubectlOptions: k8s.NewKubectlOptions("", "", namespace),
		EnvVars:        map[string]string{"HELM_UNDER_TEST": binary(r.helm)},
		Logger:         logger.Discard,
	}
	out, stderr, err := helm.RenderTemplateAndGetStdOutErrE(t, options, chartDir, r.release, nil, r.args...)
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, stderr)
	}
	return out, nil
}

func (r rendering) manifests(t *testing.T) string {
	t.Helper()
	out, err := r.try(t)
	require.NoError(t, err)
	return out
}

func (r rendering) objects(t *testing.T) objects {
	t.Helper()
	return decode(t, r.manifests(t))
}

// valuesFiles are the charts' own examples of values.
func valuesFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(chartDir, "ci", "*-values.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	return files
}

func caseName(file string) string {
	return strings.TrimSuffix(filepath.Base(file), "-values.yaml")
}

// requireText compares long texts, and shows only where they part.
func requireText(t *testing.T, want, got, remedy string) {
	t.Helper()
	wanted, found := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(wanted), len(found)) {
		if i >= len(wanted) || i >= len(found) || wanted[i] != found[i] {
			from := max(0, i-3)
			require.Fail(t, remedy, "line %d\nwant:\n%s\ngot:\n%s", i+1, excerpt(wanted, from), excerpt(found, from))
		}
	}
}

func excerpt(lines []string, from int) string {
	from = min(from, len(lines))
	return strings.Join(lines[from:min(from+6, len(lines))], "\n")
}
