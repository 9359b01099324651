// Package component builds the cluster's programs, from pinned modules, into the cache.
package component

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/helm-valkey/helm-valkey/ci/internal/archive"
	"github.com/helm-valkey/helm-valkey/ci/internal/cache"
	"github.com/helm-valkey/helm-valkey/ci/internal/command"
	"github.com/helm-valkey/helm-valkey/ci/internal/progress"

	"github.com/helm-valkey/helm-valkey/ci/cluster/layout"
)

// kubernetes is the version that the programs say they are. go.mod decides which they really are.
const kubernetes = "v1.36.3"

// component is one program.
type component struct {
	name string
	// module is the folder, below the module ci, of the module that pins it.
	module string
	pkg    string
	flags  string
}

func components() []component {
	const (
		main       = "cluster/components"
		containerd = "cluster/components/containerd"
		version    = "-X k8s.io/component-base/version.gitVersion=" + kubernetes + " -X k8s.io/client-go/pkg/version.gitVersion=" + kubernetes
	)
	all := []component{
		{name: "etcd", module: main, pkg: "go.etcd.io/etcd/server/v3"},
		{name: "coredns", module: main, pkg: "./coredns"},
		{name: "pause", module: ".", pkg: "./cluster/pause"},
	}
	for _, name := range []string{"containerd", "containerd-shim-runc-v2", "ctr"} {
		all = append(all, component{name: name, module: containerd, pkg: "github.com/containerd/containerd/v2/cmd/" + name})
	}
	for _, name := range []string{"kubectl", "kubelet", "kube-proxy", "kube-scheduler", "kube-controller-manager", "kube-apiserver"} {
		all = append(all, component{name: name, module: main, pkg: "k8s.io/kubernetes/cmd/" + name, flags: version})
	}
	return all
}

// PauseImage is the archive of the sandbox containers' image.
func PauseImage(dir cache.Dir) string { return filepath.Join(string(dir), "cluster", "pause.tar") }

// Build builds what is missing in the cache or was built from something else.
func Build(ctx context.Context, out io.Writer, dir cache.Dir) error {
	root, err := moduleRoot(ctx)
	if err != nil {
		return err
	}
	compiler, err := command.Run(ctx, "go", "env", "GOVERSION")
	if err != nil {
		return err
	}
	missing, recipes, err := outdated(root, dir, strings.TrimSpace(compiler))
	if err != nil {
		return err
	}
	steps := progress.New(out, len(missing))
	for i, c := range missing {
		file := dir.Bin(c.name)
		if err := steps.Step("build "+c.name, func() error { return c.build(ctx, root, file) }); err != nil {
			return err
		}
		if err := cache.Stamp(file, recipes[i]); err != nil {
			return err
		}
	}
	return pauseImage(dir)
}

func outdated(root string, dir cache.Dir, compiler string) ([]component, []string, error) {
	var missing []component
	var recipes []string
	for _, c := range components() {
		recipe, err := c.recipe(root, compiler)
		if err != nil {
			return nil, nil, err
		}
		if !cache.Current(dir.Bin(c.name), recipe) {
			missing = append(missing, c)
			recipes = append(recipes, recipe)
		}
	}
	return missing, recipes, nil
}

// moduleRoot is the folder of the module ci, in which `go -C ci run` starts this program.
func moduleRoot(ctx context.Context) (string, error) {
	file, err := command.Run(ctx, "go", "env", "GOMOD")
	if err != nil {
		return "", err
	}
	root := filepath.Dir(strings.TrimSpace(file))
	if _, err := os.Stat(filepath.Join(root, "cluster", "components", "go.mod")); err != nil {
		return "", errors.New("this must be started as `go -C ci run ./cluster` from the root of the repository")
	}
	return root, nil
}

// recipe is everything that a change of must build the program anew.
func (c component) recipe(root, compiler string) (string, error) {
	h := sha256.New()
	files := []string{"go.mod", "go.sum"}
	if local, ok := strings.CutPrefix(c.pkg, "./"); ok {
		files = append(files, local+"/main.go")
	}
	for _, name := range files {
		text, err := os.ReadFile(filepath.Join(root, c.module, name))
		if err != nil {
			return "", fmt.Errorf("stamp of %s: %w", c.name, err)
		}
		fmt.Fprintf(h, "%s %d\n%s", name, len(text), text)
	}
	return fmt.Sprintf("%s %s %x %s\n", c.pkg, compiler, h.Sum(nil), c.flags), nil
}

// build compiles with low priority, so that whoever works on the machine meanwhile is not disturbed.
func (c component) build(ctx context.Context, root, file string) error {
	tmp := file + ".new"
	do := command.Command{Dir: filepath.Join(root, c.module), Env: []string{"CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off"}}
	_, err := do.Run(ctx, "nice", "-n", "10", "go", "build", "-trimpath", "-buildvcs=false",
		"-tags", "no_btrfs,no_devmapper,no_zfs", "-ldflags", strings.TrimSpace("-s -w "+c.flags), "-o", tmp, c.pkg)
	if err != nil {
		return err
	}
	// Renamed, because a running cluster may be using the old one.
	return os.Rename(tmp, file)
}

func pauseImage(dir cache.Dir) error {
	file := PauseImage(dir)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	binary, err := os.ReadFile(dir.Bin("pause"))
	if err != nil {
		return err
	}
	_, err = archive.Image{
		Names: []string{layout.Pause}, User: "65535:65535", Entrypoint: []string{"/pause"},
		Files: []archive.File{{Path: "/pause", Mode: 0o755, Data: binary}},
	}.Write(file)
	return err
}
