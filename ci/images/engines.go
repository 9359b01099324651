package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"github.com/helm-valkey/helm-valkey/ci/internal/cache"
	"github.com/helm-valkey/helm-valkey/ci/internal/command"
	"github.com/helm-valkey/helm-valkey/ci/internal/progress"
)

// recipe changes when engines must be unpacked anew although they are there.
const recipe = "1"

// freshness says whether engines that are in the cache stay as they are.
type freshness int

const (
	keep freshness = iota
	refresh
)

// source is a package in one of Debian's suites. Which release it holds is found out, because sid and
// the backports move.
type source struct {
	pkg string
	// suites are what apt needs to know; the package comes from the first.
	suites []string
}

// engine is one line of engines.json.
type engine struct {
	// Name is the engine and its series, as valkey-9.1: the folder's name.
	Name    string `json:"name"`
	Engine  string `json:"engine"`
	Version string `json:"version"`
	Suite   string `json:"suite"`
	// Package is the Debian package with its full version.
	Package string `json:"package"`
	// Newest is true for the newest release of each engine.
	Newest bool `json:"newest"`
}

// record is engines.json.
type record struct {
	Recipe  string   `json:"recipe"`
	Engines []engine `json:"engines"`
}

func debian() []source {
	return []source{
		{"valkey-server", []string{"sid"}},
		{"valkey-server", []string{"trixie"}},
		{"valkey-server", []string{"bookworm-backports", "bookworm"}},
		{"redis-server", []string{"trixie"}},
		{"redis-server", []string{"bookworm"}},
	}
}

func unpackEngines(ctx context.Context, out io.Writer, dir cache.Dir, f freshness) error {
	old := readRecord(dir)
	all := debian()
	steps := progress.New(out, len(all))
	now := record{Recipe: recipe}
	var failed []error
	for _, s := range all {
		what := s.pkg + " of Debian " + s.suites[0]
		if e, ok := old.find(dir, s); ok && f == keep {
			now.Engines = append(now.Engines, e)
			steps.Skip(what, e.Name+" ("+e.Version+") is there already")
			continue
		}
		failed = append(failed, steps.Step("unpack "+what, func() error {
			e, err := s.unpack(ctx, dir)
			if err == nil {
				now.Engines = append(now.Engines, e)
				fmt.Fprintf(out, "      %s: %s\n", e.Name, e.Version)
			}
			return err
		}))
	}
	markNewest(now.Engines)
	return errors.Join(append(failed, now.write(dir))...)
}

// find returns what an earlier run made from a source, when it is still whole.
func (r record) find(dir cache.Dir, s source) (engine, bool) {
	for _, e := range r.Engines {
		if e.Suite != s.suites[0] || !strings.HasPrefix(e.Package, s.pkg+" ") {
			continue
		}
		_, err := os.Stat(filepath.Join(dir.Engines(e.Name), "server"))
		return e, err == nil && r.Recipe == recipe
	}
	return engine{}, false
}

func readRecord(dir cache.Dir) record {
	var r record
	text, err := os.ReadFile(dir.Engines("engines.json"))
	if err != nil || json.Unmarshal(text, &r) != nil {
		return record{}
	}
	return r
}

func (r record) write(dir cache.Dir) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write engines.json: %w", err)
	}
	if err := os.WriteFile(dir.Engines("engines.json"), append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("write engines.json: %w", err)
	}
	return nil
}

// unpack downloads a package with its libraries and makes an engine's folder of them.
func (s source) unpack(ctx context.Context, dir cache.Dir) (engine, error) {
	tmp, err := os.MkdirTemp(dir.Engines(""), ".unpack-")
	if err != nil {
		return engine{}, err
	}
	defer os.RemoveAll(tmp)
	a, err := newAPT(filepath.Join(tmp, "apt"), s.suites)
	if err != nil {
		return engine{}, err
	}
	debs, err := a.debs(ctx, s.suites[0], s.pkg)
	if err != nil {
		return engine{}, err
	}
	all := filepath.Join(tmp, "all")
	if err := os.Mkdir(all, 0o755); err != nil {
		return engine{}, err
	}
	for _, d := range debs {
		// Only the files: a package's own scripts never run.
		if _, err := command.Run(ctx, "dpkg-deb", "-x", d, filepath.Join(all, filepath.Base(d))); err != nil {
			return engine{}, err
		}
	}
	made := filepath.Join(tmp, "engine")
	name := strings.TrimSuffix(s.pkg, "-server")
	if err := assemble(all, made, name); err != nil {
		return engine{}, err
	}
	version, err := versionOf(ctx, filepath.Join(made, "server"))
	if err != nil {
		return engine{}, err
	}
	pkg, err := packageVersion(ctx, debs, s.pkg)
	if err != nil {
		return engine{}, err
	}
	e := engine{Name: name + "-" + series(version), Engine: name, Version: version, Suite: s.suites[0], Package: s.pkg + " " + pkg}
	if err := os.RemoveAll(dir.Engines(e.Name)); err != nil {
		return engine{}, err
	}
	return e, os.Rename(made, dir.Engines(e.Name))
}

// versionLine is what every valkey and redis server prints: "Valkey server v=9.1.2 sha=…".
var versionLine = regexp.MustCompile(`(?:Valkey|Redis) server v=(\S+)`)

func versionOf(ctx context.Context, server string) (string, error) {
	text, err := command.Run(ctx, server, "--version")
	if err != nil {
		return "", err
	}
	m := versionLine.FindStringSubmatch(text)
	if m == nil {
		return "", fmt.Errorf("%s --version: cannot read %q", server, text)
	}
	return m[1], nil
}

func packageVersion(ctx context.Context, debs []string, pkg string) (string, error) {
	for _, d := range debs {
		if !strings.HasPrefix(filepath.Base(d), pkg+"_") {
			continue
		}
		version, err := command.Run(ctx, "dpkg-deb", "-f", d, "Version")
		return strings.TrimSpace(version), err
	}
	return "", fmt.Errorf("apt downloaded no %s", pkg)
}

// series is the first two numbers of a version.
func series(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// markNewest marks the newest release of each engine and sorts: engines by name, newest first.
func markNewest(engines []engine) {
	sort.Slice(engines, func(i, j int) bool {
		a, b := engines[i], engines[j]
		if a.Engine != b.Engine {
			return a.Engine > b.Engine
		}
		return newer(a.Version, b.Version)
	})
	for i := range engines {
		engines[i].Newest = i == 0 || engines[i-1].Engine != engines[i].Engine
	}
}

func newer(a, b string) bool {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(as), len(bs)) {
		x, _ := strconv.Atoi(as[i])
		y, _ := strconv.Atoi(bs[i])
		if x != y {
			return x > y
		}
	}
	return len(as) > len(bs)
}
