//go:build e2e || bench

package cluster

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/tests/server/release"
)

// Engine is a server whose image the cluster has.
type Engine = release.Engine

// Newest returns the newest release of valkey or redis.
func Newest(tb testing.TB, kind string) Engine {
	tb.Helper()
	for _, engine := range release.Engines(tb) {
		if engine.Kind == kind {
			return engine
		}
	}
	require.FailNow(tb, "no such engine", "%s: go -C ci run ./images engines", kind)
	return Engine{}
}

// Oldest returns the oldest release of valkey or redis.
func Oldest(tb testing.TB, kind string) Engine {
	tb.Helper()
	for _, engine := range slices.Backward(release.Engines(tb)) {
		if engine.Kind == kind {
			return engine
		}
	}
	require.FailNow(tb, "no such engine", "%s: go -C ci run ./images engines", kind)
	return Engine{}
}

// base is what every test's values have in common: images that are there, and
// nodes that are small.
func base(tb testing.TB, engine Engine) map[string]any {
	tb.Helper()
	tag, err := entrypointImage(tb)
	require.NoError(tb, err)
	small := map[string]any{"requests": map[string]any{"cpu": "10m", "memory": "32Mi"}}
	role := map[string]any{"resources": small}
	return map[string]any{
		"image":      map[string]any{"repository": repository(engine), "tag": engine.Version, "pullPolicy": "Never"},
		"entrypoint": map[string]any{"image": map[string]any{"tag": tag, "pullPolicy": "Never"}},
		"master":     role,
		"replica":    role,
	}
}

func repository(engine Engine) string {
	if engine.Kind == "redis" {
		return "library/redis"
	}
	return "valkey/valkey"
}

var image struct {
	once sync.Once
	tag  string
	err  error
}

// entrypointImage brings the entrypoint of this checkout to the nodes, under a tag
// of its own, and returns that.
func entrypointImage(tb testing.TB) (string, error) {
	tb.Helper()
	image.once.Do(func() { image.tag, image.err = loadEntrypoint(Root(tb), filepath.Join(tools(tb), "entrypoint")) })
	return image.tag, image.err
}

func loadEntrypoint(root, binary string) (string, error) {
	content, err := os.ReadFile(binary)
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256(content)
	tag := "test-" + hex.EncodeToString(digest[:6])
	if err := ci(root, "./images", "entrypoint", binary, tag); err != nil {
		return "", err
	}
	return tag, ci(root, "./cluster", "load", filepath.Join(release.Cache(), "images", "entrypoint-"+tag+".tar"))
}

// ci runs one of the project's own tools.
func ci(root string, args ...string) error {
	command := exec.Command("go", append([]string{"-C", "ci", "run"}, args...)...)
	command.Dir = root
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("go -C ci run %s: %w\n%s", strings.Join(args, " "), err, output)
	}
	return nil
}

var built struct {
	once sync.Once
	dir  string
	err  error
}

// tools builds what the tests run besides Helm, once, and returns the folder: the
// entrypoint, and the plugin, laid out as a user installs it.
func tools(tb testing.TB) string {
	tb.Helper()
	root := Root(tb)
	built.once.Do(func() { built.dir, built.err = buildTools(root) })
	require.NoError(tb, built.err)
	return built.dir
}

func buildTools(root string) (string, error) {
	const module = "github.com/helm-valkey/helm-valkey"
	dir, err := os.MkdirTemp("", "hv-tools-")
	if err != nil {
		return "", err
	}
	plugin := filepath.Join(dir, "plugins", "valkey")
	for _, step := range []func() error{
		func() error { return release.BuildEntrypoint(filepath.Join(dir, "entrypoint")) },
		func() error { return os.MkdirAll(plugin, 0o755) },
		func() error { return copyFile(root+"/plugin/plugin.yaml", plugin+"/plugin.yaml") },
		func() error { return os.CopyFS(plugin+"/helm4", os.DirFS(root+"/plugin/helm4")) },
		func() error {
			return release.Build(filepath.Join(plugin, "bin", "helm-valkey"), module+"/plugin/cmd/helm-valkey")
		},
	} {
		if err := step(); err != nil {
			return dir, err
		}
	}
	return dir, nil
}

func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o644)
}

// pluginDirs is HELM_PLUGINS: Helm 4 finds its post-renderer one level further
// down, where Helm 3 does not look.
func pluginDirs(tb testing.TB, helm string) string {
	tb.Helper()
	plugins := filepath.Join(tools(tb), "plugins")
	if helm == Helm4 {
		return plugins + ":" + filepath.Join(plugins, "valkey", "helm4")
	}
	return plugins
}

// postRenderer are the flags that send what Helm rendered through the plugin.
func postRenderer(tb testing.TB, helm string) []string {
	tb.Helper()
	if helm == Helm4 {
		return []string{"--post-renderer", "valkey-post-renderer"}
	}
	return []string{
		"--post-renderer", filepath.Join(tools(tb), "plugins", "valkey", "bin", "helm-valkey"),
		"--post-renderer-args", "post-render",
	}
}

// The two Helms, by the names of their binaries in the cache.
const (
	Helm3 = "helm3"
	Helm4 = "helm4"
)

// Main runs the tests of a package, as testing.M does, and removes what was built
// for them.
func Main(m interface{ Run() int }) int {
	defer func() {
		if built.dir != "" {
			os.RemoveAll(built.dir)
		}
	}()
	return m.Run()
}
