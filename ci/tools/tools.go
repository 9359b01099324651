package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/helm-valkey/helm-valkey/ci/internal/cache"
	"github.com/helm-valkey/helm-valkey/ci/internal/command"
	"github.com/helm-valkey/helm-valkey/ci/internal/progress"
)

const usage = `usage: tools [helm|lint|charts|all]

  helm    helm3 and helm4
  lint    staticcheck and helm-docs
  charts  ct, which tests charts
  all     all of them (the default)
`

// tool is a program that comes as a Go module.
type tool struct {
	// name is the program's name in the cache.
	name string
	// group is the word that asks for it.
	group string
	// pkg and version are what `go install` is given.
	pkg, version string
	// flags set variables of the program, as its own Makefile does.
	flags []string
	// module is the folder of a module that requires the program, where it is built from that.
	module string
}

// tools returns the programs. Helm 3 takes the Kubernetes version that charts are rendered for from
// its build flags and says 1.20 without them; Helm 4 reads it from its own list of modules.
func tools() []tool {
	return []tool{
		{name: "helm3", group: "helm", pkg: "helm.sh/helm/v3/cmd/helm", version: "v3.22.0", flags: []string{
			"-X helm.sh/helm/v3/internal/version.version=v3.22.0",
			"-X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=1",
			"-X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=37",
			"-X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor=1",
			"-X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor=37",
		}},
		{name: "helm4", group: "helm", pkg: "helm.sh/helm/v4/cmd/helm", version: "v4.3.1", flags: []string{
			"-X helm.sh/helm/v4/internal/version.version=v4.3.1",
		}},
		{name: "staticcheck", group: "lint", pkg: "honnef.co/go/tools/cmd/staticcheck", version: "v0.8.2"},
		{name: "helm-docs", group: "lint", pkg: "github.com/norwoodj/helm-docs/cmd/helm-docs", version: "v1.14.2", flags: []string{
			"-X main.version=1.14.2",
		}},
		{name: "ct", group: "charts", pkg: "github.com/helm/chart-testing/v3/ct", version: "v3.14.0", flags: []string{
			"-X github.com/helm/chart-testing/v3/ct/cmd.Version=v3.14.0",
		}, module: "tools/chart-testing"},
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	group := "all"
	if len(args) == 1 {
		group = args[0]
	}
	wanted := choose(tools(), group)
	if len(args) > 1 || len(wanted) == 0 {
		fmt.Fprint(stderr, usage)
		return 2
	}
	if err := build(ctx, stdout, wanted); err != nil {
		fmt.Fprintf(stderr, "tools: %v\n", err)
		return 1
	}
	return 0
}

func choose(all []tool, group string) []tool {
	var wanted []tool
	for _, t := range all {
		if group == "all" || group == t.group {
			wanted = append(wanted, t)
		}
	}
	return wanted
}

func build(ctx context.Context, out io.Writer, wanted []tool) error {
	dir, err := cache.Open()
	if err != nil {
		return err
	}
	compiler, err := command.Run(ctx, "go", "env", "GOVERSION")
	if err != nil {
		return err
	}
	steps := progress.New(out, len(wanted))
	for _, t := range wanted {
		file := dir.Bin(t.name)
		recipe, err := t.recipe(strings.TrimSpace(compiler))
		if err != nil {
			return err
		}
		what := t.name + " " + t.version
		if cache.Current(file, recipe) {
			steps.Skip(what, "built already")
			continue
		}
		if err := steps.Step("build "+what, func() error { return t.install(ctx, file) }); err != nil {
			return err
		}
		if err := cache.Stamp(file, recipe); err != nil {
			return err
		}
	}
	return nil
}

// recipe is everything that a change of must build the program anew.
func (t tool) recipe(compiler string) (string, error) {
	recipe := fmt.Sprintf("%s@%s %s %s\n", t.pkg, t.version, compiler, strings.Join(t.flags, " "))
	if t.module == "" {
		return recipe, nil
	}
	modules, err := os.ReadFile(filepath.Join(t.module, "go.mod"))
	if err != nil {
		return "", fmt.Errorf("build %s (this is run in the folder ci): %w", t.name, err)
	}
	if required := t.versioned(); !strings.Contains(string(modules), required) {
		return "", fmt.Errorf("build %s: %s does not require %s", t.name, t.module, required)
	}
	return recipe + string(modules), nil
}

// versioned is a line of go.mod that requires the program's module, without its end.
func (t tool) versioned() string {
	return strings.TrimSuffix(t.pkg, "/"+filepath.Base(t.pkg)) + " " + t.version
}

// install builds the program beside its place and moves it there when it is whole, because others may
// be running the old one.
func (t tool) install(ctx context.Context, file string) error {
	tmp, err := os.MkdirTemp(filepath.Dir(file), ".build-")
	if err != nil {
		return fmt.Errorf("build %s: %w", t.name, err)
	}
	defer os.RemoveAll(tmp)
	ldflags := strings.Join(append([]string{"-s", "-w"}, t.flags...), " ")
	c := command.Command{Dir: tmp, Env: []string{"GOBIN=" + tmp, "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off"}}
	wanted := t.pkg + "@" + t.version
	if t.module != "" {
		c.Dir, wanted = t.module, t.pkg
	}
	if _, err := c.Run(ctx, "go", "install", "-trimpath", "-ldflags", ldflags, wanted); err != nil {
		return err
	}
	return os.Rename(filepath.Join(tmp, filepath.Base(t.pkg)), file)
}
