package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/helm-valkey/helm-valkey/ci/internal/command"
	"github.com/helm-valkey/helm-valkey/ci/internal/progress"
)

// packages are what is called, and by whom.
func packages() []string {
	return []string{
		"containernetworking-plugins", // the container runtime: pods' network
		"gnupg",                       // tests/release: signs as a maintainer does
		"iproute2",                    // ci/cluster: network namespaces and links
		"nftables",                    // kube-proxy
		"pre-commit",                  // tests/release: calls the plugin
		"runc",                        // the container runtime
		"shellcheck",                  // .ci/run, ci/action
	}
}

// compared are what figures are measured beside.
func compared() []string {
	return []string{
		"haproxy", // the write endpoint
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	wanted := packages()
	switch {
	case len(args) == 1 && args[0] == "bench":
		wanted = append(wanted, compared()...)
	case len(args) > 0:
		fmt.Fprintln(stderr, "usage: deps [bench]")
		return 2
	}
	if err := install(ctx, wanted, stdout); err != nil {
		fmt.Fprintf(stderr, "deps: %v\n", err)
		return 1
	}
	return 0
}

func install(ctx context.Context, wanted []string, out io.Writer) error {
	if _, err := exec.LookPath("apt-get"); err != nil {
		return fmt.Errorf("this is no Debian; install by hand what these packages hold there: %s", strings.Join(wanted, ", "))
	}
	missing := absent(ctx, wanted)
	if len(missing) == 0 {
		fmt.Fprintf(out, "all %d packages are installed\n", len(wanted))
		return nil
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("packages are missing, and installing them needs root: apt-get install %s", strings.Join(missing, " "))
	}
	return progress.New(out, 1).Step("install "+strings.Join(missing, ", "), func() error {
		return get(ctx, missing)
	})
}

// absent asks dpkg which packages are missing. It ends with an error when one is unknown to it, which
// is an answer, too.
func absent(ctx context.Context, wanted []string) []string {
	said, _ := command.Run(ctx, "dpkg-query", append([]string{"-W", "-f", "${Package} ${db:Status-Status}\n"}, wanted...)...)
	return parseStatus(said, wanted)
}

// parseStatus returns which of the wanted packages a list of `PACKAGE STATUS` lines does not call
// installed.
func parseStatus(said string, wanted []string) []string {
	installed := map[string]bool{}
	for line := range strings.Lines(said) {
		if name, ok := strings.CutSuffix(strings.TrimSpace(line), " installed"); ok {
			installed[name] = true
		}
	}
	var missing []string
	for _, name := range wanted {
		if !installed[name] {
			missing = append(missing, name)
		}
	}
	return missing
}

// get installs packages. The lists are brought up to date first when there are none, and again when
// the installation fails with those that are there: they may name versions that the mirror no longer
// has. That an update fails is no reason to give up, because it fails when any of the machine's
// sources cannot be reached, and ours need not be among them.
func get(ctx context.Context, missing []string) error {
	var stale error
	if lists, _ := filepath.Glob("/var/lib/apt/lists/*_Packages*"); len(lists) > 0 {
		if stale = apt(ctx, append([]string{"install"}, missing...)...); stale == nil {
			return nil
		}
	}
	update := apt(ctx, "update")
	if err := apt(ctx, append([]string{"install"}, missing...)...); err != nil {
		return errors.Join(stale, update, err)
	}
	return nil
}

func apt(ctx context.Context, args ...string) error {
	c := command.Command{Env: []string{"DEBIAN_FRONTEND=noninteractive", "LC_ALL=C"}}
	_, err := c.Run(ctx, "apt-get", append([]string{
		"-qq", "-y", "--no-install-recommends",
		"-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=2", "-o", "Acquire::http::Timeout=20", "-o", "Acquire::https::Timeout=20",
	}, args...)...)
	return err
}
