//go:build linux

package release

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/helm-valkey/helm-valkey"

var build struct {
	once sync.Once
	dir  string
	err  error
}

// Entrypoint returns the path of the entrypoint's binary, built once per test
// run as it is built for its image.
func Entrypoint(tb testing.TB) string {
	tb.Helper()
	build.once.Do(func() {
		if build.dir, build.err = os.MkdirTemp("", "hv-build-"); build.err == nil {
			build.err = BuildEntrypoint(filepath.Join(build.dir, "entrypoint"))
		}
	})
	require.NoError(tb, build.err)
	return filepath.Join(build.dir, "entrypoint")
}

// BuildEntrypoint builds the entrypoint as it is built for its image.
func BuildEntrypoint(path string) error {
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		return fmt.Errorf("find the module: %w", err)
	}
	command := exec.Command("make", "--no-print-directory", "entrypoint", "BINARY="+path)
	command.Dir = strings.TrimSpace(string(root))
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("make entrypoint: %w\n%s", err, output)
	}
	return nil
}

// Build builds a static, stripped binary of a package of this module.
func Build(path, pkg string) error {
	command := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", path, pkg)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", pkg, err, output)
	}
	return nil
}

// Main runs the tests of a package, as testing.M does, and removes what was built
// for them.
func Main(m interface{ Run() int }) int {
	defer func() {
		if build.dir != "" {
			os.RemoveAll(build.dir)
		}
	}()
	return m.Run()
}
