package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/helm-valkey/helm-valkey/ci/internal/command"
)

const (
	mirror  = "http://deb.debian.org/debian"
	keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
)

// apt is Debian's package manager with a state of its own: its lists and its idea of what is
// installed (nothing) are in dir, and the machine's are not touched.
type apt struct {
	dir  string
	args []string
}

// newAPT prepares a state that knows the given suites.
func newAPT(dir string, suites []string) (apt, error) {
	for _, sub := range []string{"lists/partial", "cache/archives/partial"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return apt{}, fmt.Errorf("prepare apt: %w", err)
		}
	}
	files := map[string]string{"status": "", "sources.list": sources(suites)}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return apt{}, fmt.Errorf("prepare apt: %w", err)
		}
	}
	var args []string
	for _, option := range []string{
		"Dir::State=" + dir,
		"Dir::State::lists=" + dir + "/lists",
		"Dir::State::status=" + dir + "/status",
		"Dir::Cache=" + dir + "/cache",
		"Dir::Etc::sourcelist=" + dir + "/sources.list",
		"Dir::Etc::sourceparts=/dev/null",
		"Dir::Etc::preferences=/dev/null",
		"Dir::Etc::preferencesparts=/dev/null",
		"APT::Install-Recommends=false",
		// The folder may be one that the user _apt cannot enter.
		"APT::Sandbox::User=root",
		// Descriptions for people are most of what a suite's lists weigh.
		"Acquire::Languages=none",
		"Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
		"Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false",
		"Acquire::Retries=3",
		"Acquire::http::Timeout=30",
	} {
		args = append(args, "-o", option)
	}
	return apt{dir: dir, args: args}, nil
}

func sources(suites []string) string {
	var b strings.Builder
	for _, suite := range suites {
		fmt.Fprintf(&b, "deb [signed-by=%s] %s %s main\n", keyring, mirror, suite)
	}
	return b.String()
}

// run calls apt-get in dir, where `download` leaves its files.
func (a apt) run(ctx context.Context, args ...string) (string, error) {
	c := command.Command{Dir: a.dir, Env: []string{"LC_ALL=C", "DEBIAN_FRONTEND=noninteractive", "APT_CONFIG="}}
	return c.Run(ctx, "apt-get", append(append([]string{}, a.args...), args...)...)
}

// debs downloads a package of a suite with the libraries it needs and returns the files.
func (a apt) debs(ctx context.Context, suite, pkg string) ([]string, error) {
	if _, err := a.run(ctx, "-qq", "update"); err != nil {
		return nil, err
	}
	plan, err := a.run(ctx, "-y", "-s", "install", pkg+"/"+suite)
	if err != nil {
		return nil, err
	}
	wanted := chooseDebs(parsePlan(plan), pkg)
	if len(wanted) == 0 {
		return nil, fmt.Errorf("apt plans to install nothing for %s from %s", pkg, suite)
	}
	args := []string{"-qq", "download"}
	for _, d := range wanted {
		args = append(args, d.name+"="+d.version)
	}
	if _, err := a.run(ctx, args...); err != nil {
		return nil, err
	}
	return filepath.Glob(filepath.Join(a.dir, "*.deb"))
}

// deb is one package that apt plans to install.
type deb struct{ name, version string }

// parsePlan reads the `Inst NAME (VERSION SUITE [ARCH])` lines of a simulated installation.
func parsePlan(plan string) []deb {
	var debs []deb
	for line := range strings.Lines(plan) {
		f := strings.Fields(line)
		if len(f) < 3 || f[0] != "Inst" || !strings.HasPrefix(f[2], "(") {
			continue
		}
		name, _, _ := strings.Cut(f[1], ":")
		debs = append(debs, deb{name: name, version: strings.TrimPrefix(f[2], "(")})
	}
	return debs
}

// chooseDebs keeps the engine's own packages and the libraries. What else the package asks for (an
// init system, tools for creating users) is for an installed machine.
func chooseDebs(plan []deb, pkg string) []deb {
	engine, _, _ := strings.Cut(pkg, "-")
	var wanted []deb
	for _, d := range plan {
		if strings.HasPrefix(d.name, engine+"-") || strings.HasPrefix(d.name, "lib") || d.name == "zlib1g" {
			wanted = append(wanted, d)
		}
	}
	return wanted
}
