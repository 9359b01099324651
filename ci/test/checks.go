package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/helm-valkey/helm-valkey/ci/internal/command"
)

// tags are all build tags that tests stand behind.
const tags = "render,helm,release,server,e2e,bench"

func (s *suite) lint(ctx context.Context) error {
	staticcheck, chart := s.cache.Bin("staticcheck"), filepath.Join("charts", "valkey")
	checks := []struct {
		name, folder string
		program      []string
	}{
		{"vet", ".", []string{"go", "vet", "-tags", tags, "./..."}},
		{"vet of ci", "ci", []string{"go", "vet", "./..."}},
		{"staticcheck", ".", []string{staticcheck, "-tags", tags, "./..."}},
		{"staticcheck of ci", "ci", []string{staticcheck, "./..."}},
		{"shellcheck", ".", []string{"shellcheck", ".ci/run", "ci/action/install.sh", "ci/action/lint.sh"}},
		{"helm lint, Helm 3", ".", []string{s.cache.Bin("helm3"), "lint", "--strict", chart}},
		{"helm lint, Helm 4", ".", []string{s.cache.Bin("helm4"), "lint", "--strict", chart}},
	}
	failures := []error{s.count("gofmt", s.gofmt(ctx)), s.count("go.mod tidy", s.tidy(ctx))}
	for _, c := range checks {
		_, err := command.Command{Dir: filepath.Join(s.root, c.folder)}.Run(ctx, c.program[0], c.program[1:]...)
		failures = append(failures, s.count(c.name, err))
	}
	return errors.Join(failures...)
}

// count makes a check one of the tests.
func (s *suite) count(name string, err error) error {
	if err != nil {
		s.totals.failed++
		return fmt.Errorf("%s: %w", name, err)
	}
	s.totals.passed++
	return nil
}

func (s *suite) gofmt(ctx context.Context) error {
	said, err := command.Command{Dir: s.root}.Run(ctx, "gofmt", "-l", "charts", "ci", "entrypoint", "plugin", "schema", "tests")
	if err == nil && said != "" {
		err = fmt.Errorf("run gofmt -w on:\n%s", said)
	}
	return err
}

func (s *suite) tidy(ctx context.Context) error {
	for _, folder := range []string{".", "ci", "ci/cluster/components", "ci/tools/chart-testing"} {
		if _, err := (command.Command{Dir: filepath.Join(s.root, folder)}).Run(ctx, "go", "mod", "tidy", "-diff"); err != nil {
			return err
		}
	}
	return nil
}

func (s *suite) unit(ctx context.Context) error {
	return errors.Join(
		// Under the race detector the simulation of elections would take an hour.
		s.goTest(ctx, ".", nil, "-race", "-short", "-skip", "TestFindsMistakes", "-timeout", "10m", "./charts/...", "./entrypoint/...", "./plugin/...", "./schema/...", "./tests/writer/..."),
		s.goTest(ctx, ".", nil, "-timeout", "15m", "./entrypoint/lead/simulation"),
		s.goTest(ctx, "ci", nil, "-timeout", "5m", "./..."),
	)
}

const clusterState = "/var/lib/helm-valkey/cluster"

// e2e uses the cluster of make up if it is there, and else one that it takes down at the end.
func (s *suite) e2e(ctx context.Context) error {
	return s.onCluster(ctx, func(env []string) error {
		return s.goTest(ctx, ".", env, "-tags", "e2e", "-timeout", (25 * time.Minute).String(), "./tests/e2e/...")
	})
}

func (s *suite) bench(ctx context.Context) error {
	return s.onCluster(ctx, func(env []string) error {
		cmd := exec.CommandContext(ctx, "go", "test", "-count=1", "-tags", "bench", "-timeout", "90m", "-v", "./tests/bench/...")
		cmd.Dir, cmd.Env = s.root, append(os.Environ(), env...)
		cmd.Stdout, cmd.Stderr = s.out, s.out
		return s.count("bench", cmd.Run())
	})
}

func (s *suite) onCluster(ctx context.Context, do func(env []string) error) (err error) {
	if _, err := (command.Command{Dir: s.root}).Run(ctx, "make", "--no-print-directory", "entrypoint", "plugin"); err != nil {
		return err
	}
	if _, err := os.Stat(clusterState); errors.Is(err, os.ErrNotExist) {
		defer func() {
			err = errors.Join(err, command.Helper(context.WithoutCancel(ctx), s.out, "./cluster", "down"))
		}()
	}
	if err := command.Helper(ctx, s.out, "./cluster", "up"); err != nil {
		return err
	}
	return do(nil)
}
