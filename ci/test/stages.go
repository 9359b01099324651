package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/helm-valkey/helm-valkey/ci/internal/cache"
	"github.com/helm-valkey/helm-valkey/ci/internal/command"
	"github.com/helm-valkey/helm-valkey/ci/internal/progress"
)

// suite is one run of everything that was asked for.
type suite struct {
	root   string
	cache  cache.Dir
	out    io.Writer
	totals totals
	// reasons of all tests that failed are printed last, where a log that was cut
	// short still has them.
	reasons []string
}

// stage is one part of it. Needs are the parts of this module that prepare it.
type stage struct {
	name, what string
	needs      [][]string
	do         func(s *suite, ctx context.Context) error
	// extra stages run only when they are named.
	extra bool
}

var (
	deps     = []string{"./deps"}
	compared = []string{"./deps", "bench"}
	helm     = []string{"./tools", "helm"}
	charts   = []string{"./tools", "charts"}
	tools    = []string{"./tools", "all"}
	engines  = []string{"./images", "engines"}
	images   = []string{"./images", "build"}
	programs = []string{"./cluster", "build"}
)

func stages() []stage {
	return []stage{
		{name: "lint", what: "format, vet, staticcheck, shellcheck, helm lint", needs: [][]string{deps, tools}, do: (*suite).lint},
		{name: "unit", what: "unit tests with the race detector, simulation", needs: [][]string{deps, engines}, do: (*suite).unit},
		{name: "render", what: "the chart rendered by Helm 3 and Helm 4", needs: [][]string{helm, tools}, do: goTests("render", "./tests/render/...", 15*time.Minute)},
		{name: "helm", what: "the plugin in Helm 3 and Helm 4", needs: [][]string{helm}, do: goTests("helm", "./plugin/...", 10*time.Minute)},
		{name: "release", what: "the release, built twice and installed", needs: [][]string{deps, helm, charts}, do: goTests("release", "./tests/release/...", 15*time.Minute)},
		{name: "server", what: "real servers on loopback", needs: [][]string{deps, engines}, do: goTests("server", "./tests/server/...", 15*time.Minute)},
		{name: "e2e", what: "a real Kubernetes", needs: [][]string{deps, helm, engines, images, programs}, do: (*suite).e2e},
		{name: "bench", what: "figures", needs: [][]string{compared, helm, engines, images, programs}, do: (*suite).bench, extra: true},
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	wanted, err := choose(args)
	if err != nil {
		fmt.Fprintln(stderr, "test:", err)
		return 2
	}
	dir, err := os.Getwd()
	if err == nil {
		s := &suite{root: filepath.Dir(dir), out: stdout}
		if s.cache, err = cache.Open(); err == nil {
			return s.run(ctx, wanted)
		}
	}
	fmt.Fprintln(stderr, "test:", err)
	return 1
}

func choose(names []string) ([]stage, error) {
	all := stages()
	if len(names) == 0 {
		return slices.DeleteFunc(all, func(s stage) bool { return s.extra }), nil
	}
	var wanted []stage
	for _, name := range names {
		i := slices.IndexFunc(all, func(s stage) bool { return s.name == name })
		if i < 0 {
			var known []string
			for _, s := range all {
				known = append(known, s.name)
			}
			return nil, fmt.Errorf("no stage %q: there are %s", name, strings.Join(known, ", "))
		}
		wanted = append(wanted, all[i])
	}
	return wanted, nil
}

// run goes on after a stage that failed: one run shows everything that is wrong.
func (s *suite) run(ctx context.Context, wanted []stage) int {
	began := time.Now()
	var failures []error
	steps := progress.New(s.out, len(wanted))
	for _, stage := range wanted {
		before := s.totals
		err := steps.Step(stage.name+": "+stage.what, func() error {
			for _, need := range stage.needs {
				if err := command.Helper(ctx, s.out, need...); err != nil {
					return err
				}
			}
			return stage.do(s, ctx)
		})
		if err != nil {
			failures = append(failures, err)
			fmt.Fprintf(s.out, "FAIL %v\n", err)
			if s.totals.failed == before.failed {
				// What is no test can fail as well, and counts.
				s.totals.failed++
			}
		}
		fmt.Fprintf(s.out, "      %s\n", s.totals.since(before))
		if ctx.Err() != nil {
			break
		}
	}
	fmt.Fprintf(s.out, "\n%s in all\n", progress.Seconds(time.Since(began)))
	if err := errors.Join(failures...); err != nil {
		fmt.Fprintf(s.out, "failed:\n%s%v\n", strings.Join(s.reasons, ""), err)
	}
	fmt.Fprintln(s.out, s.totals)
	if len(failures) > 0 || s.totals.failed > 0 || s.totals.passed == 0 || ctx.Err() != nil {
		return 1
	}
	return 0
}
