//go:build release

package release

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// helm is one Helm with directories of its own.
type helm struct {
	binary, plugins string
	env             []string
}

func newHelm(t *testing.T, name string) helm {
	t.Helper()
	home := t.TempDir()
	return helm{binary: helmBinary(t, name), plugins: filepath.Join(home, "data", "plugins"), env: []string{
		"HOME=" + home, "HELM_DATA_HOME=" + filepath.Join(home, "data"), "HELM_CONFIG_HOME=" + filepath.Join(home, "config"),
		"HELM_CACHE_HOME=" + filepath.Join(home, "cache"), "KUBECONFIG=" + filepath.Join(home, "none"),
	}}
}

// helmBinary is one of the cache's.
func helmBinary(t *testing.T, name string) string { return tool(t, name, "helm") }

func tool(t *testing.T, name, group string) string {
	t.Helper()
	cache := os.Getenv("HELM_VALKEY_CACHE")
	if cache == "" {
		user, err := os.UserCacheDir()
		require.NoError(t, err)
		cache = filepath.Join(user, "helm-valkey")
	}
	binary := filepath.Join(cache, "bin", name)
	require.FileExists(t, binary, "build it with: go -C ci run ./tools "+group)
	return binary
}

func (h helm) try(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return try(t, ".", h.env, h.binary, args...)
}

func (h helm) run(t *testing.T, args ...string) string {
	t.Helper()
	return run(t, ".", h.env, h.binary, args...)
}

var template = []string{"template", "demo", "../../charts/valkey", "--set", "auth.password=x"}

func with(args []string, more ...string) []string {
	return append(append([]string{}, args...), more...)
}

// lints tells whether an installed plugin finds what is wrong, and says its version.
func (h helm) lints(t *testing.T, version string) {
	t.Helper()
	bad := write(t, filepath.Join(t.TempDir(), "prod.yaml"), []byte("master:\n  replicaCount: 2\n"), 0o644)
	stdout, _, code := h.try(t, "valkey", "lint", "-f", bad)
	require.Equal(t, 1, code)
	require.Contains(t, stdout, bad+":2:17: error: master.replicaCount: more than one master needs Sentinel")
	require.Contains(t, h.run(t, "valkey", "version"), version)
}

// helm3 installs over HTTP, twice: Helm 3 leaves the archive's content in its cache, and
// has to get along with that. And from the unpacked archive, where no server is.
func (m made) helm3(t *testing.T) {
	h := newHelm(t, "helm3")
	name := "valkey-helm3-" + m.version + ".tgz"
	address := serve(t, m.dist) + "/" + name
	for range 2 {
		h.run(t, "plugin", "install", address)
		h.lints(t, m.version)
		plain := h.run(t, template...)
		require.Equal(t, plain, h.run(t, with([]string{"valkey"}, template...)...))
		require.Equal(t, plain, h.run(t, with(template, "--post-renderer", h.binary, "--post-renderer-args", "valkey", "--post-renderer-args", "post-render")...))
		h.run(t, "plugin", "uninstall", "valkey")
	}
	folder := filepath.Join(t.TempDir(), "valkey")
	require.NoError(t, os.Mkdir(folder, 0o755))
	run(t, folder, nil, "tar", "-xzf", m.file(name))
	h.run(t, "plugin", "install", folder)
	h.lints(t, m.version)
}

// serve is a server with the files of a folder.
func serve(t *testing.T, folder string) string {
	t.Helper()
	files := http.FileServer(http.Dir(folder))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".tgz") {
			w.Header().Set("Content-Type", "application/gzip") // Helm 3 goes by it
		}
		files.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// helm4 installs the signed archives, verified: the plugin and the post-renderer.
func (m made) helm4(t *testing.T) {
	h := newHelm(t, "helm4")
	archive, renderer := m.file("valkey-"+m.version+".tgz"), m.file("valkey-post-renderer-"+m.version+".tgz")
	require.Contains(t, h.run(t, "plugin", "verify", archive, "--keyring", m.key.public), m.key.name)
	require.Contains(t, string(read(t, archive+".prov")), "\nname: valkey\n", "signed as another plugin")
	h.run(t, "plugin", "install", archive, "--keyring", m.key.public)
	h.lints(t, m.version)

	plain := kinds(h.run(t, template...))
	require.ElementsMatch(t, plain, kinds(h.run(t, with([]string{"valkey"}, template...)...)))
	for _, install := range [][]string{
		{filepath.Join(h.plugins, "valkey", "helm4", "valkey-post-renderer")},
		{renderer, "--keyring", m.key.public},
	} {
		h.run(t, with([]string{"plugin", "install"}, install...)...)
		require.ElementsMatch(t, plain, kinds(h.run(t, with(template, "--post-renderer", "valkey-post-renderer")...)))
		h.run(t, "plugin", "uninstall", "valkey-post-renderer")
	}
}

// kinds are what is in a stream; Helm 4 sorts and comments what was post-rendered.
func kinds(stream string) (all []string) {
	for line := range strings.Lines(stream) {
		if strings.HasPrefix(line, "kind: ") {
			all = append(all, line)
		}
	}
	return all
}

// chart is verified by both Helms, and renders what the tree does.
func (m made) chart(t *testing.T) {
	archive := m.file("chart", "valkey-"+m.version+".tgz")
	for _, name := range []string{"helm3", "helm4"} {
		t.Run(name, func(t *testing.T) {
			h := newHelm(t, name)
			require.Contains(t, h.run(t, "verify", archive, "--keyring", m.key.public), m.key.name)
			packed := h.run(t, "template", "demo", archive, "--set", "auth.password=x", "--verify", "--keyring", m.key.public)
			require.Equal(t, h.run(t, template...), packed)
		})
	}
}

// refusals: what was changed or is not signed is not installed.
func (m made) refusals(t *testing.T) {
	plugin, chart := "valkey-"+m.version+".tgz", filepath.Join("chart", "valkey-"+m.version+".tgz")
	copied := func(name string, change func([]byte) []byte, signed bool) string {
		to := write(t, filepath.Join(t.TempDir(), filepath.Base(name)), change(read(t, m.file(name))), 0o644)
		if signed {
			write(t, to+".prov", read(t, m.file(name+".prov")), 0o644)
		}
		return to
	}
	same := func(data []byte) []byte { return data }
	longer := func(data []byte) []byte { return append(data, 0) }
	stranger := newKey(t)
	for name, tt := range map[string]struct {
		helm string
		args []string
		want string
	}{
		"plugin changed":         {"helm4", []string{"plugin", "install", copied(plugin, longer, true), "--keyring", m.key.public}, "sha256 sum does not match"},
		"plugin not signed":      {"helm4", []string{"plugin", "install", copied(plugin, same, false), "--keyring", m.key.public}, "no provenance file"},
		"plugin of a stranger":   {"helm4", []string{"plugin", "install", m.file(plugin), "--keyring", stranger.public}, "signature"},
		"chart changed, Helm 3":  {"helm3", []string{"verify", copied(chart, longer, true), "--keyring", m.key.public}, "sha256 sum does not match"},
		"chart changed, Helm 4":  {"helm4", []string{"verify", copied(chart, longer, true), "--keyring", m.key.public}, "sha256 sum does not match"},
		"chart of a stranger":    {"helm4", []string{"verify", m.file(chart), "--keyring", stranger.public}, "signature"},
		"chart of a stranger, 3": {"helm3", []string{"verify", m.file(chart), "--keyring", stranger.public}, "signature"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHelm(t, tt.helm)
			_, stderr, code := h.try(t, tt.args...)
			require.NotZero(t, code)
			require.Contains(t, stderr, tt.want)
			require.NoDirExists(t, filepath.Join(h.plugins, "valkey"))
		})
	}
	_, stderr, code := try(t, m.tree, nil, "make", "release", "KEY=nobody", "KEYRING="+m.key.secret)
	require.NotZero(t, code)
	require.Contains(t, stderr, `open key "nobody"`)
	require.FileExists(t, m.file("SHA256SUMS"), "a release that fails leaves the last one")
}
