package main

import (
	"context"
	"path/filepath"

	"github.com/helm-valkey/helm-valkey/ci/internal/command"
)

// pluginName and entrypointName are the programs, as the Makefile builds them.
const (
	pluginName     = "helm-valkey"
	entrypointName = "entrypoint"
)

// target is a program for a platform.
type target struct{ program, os, arch string }

func (t target) String() string { return t.program + " for " + t.platform() }

func (t target) platform() string { return t.os + "-" + t.arch }

// file is the program's name for its platform, which is not named by the folder it lies in.
func (t target) file() string { return t.program + "-" + t.platform() + t.suffix() }

func (t target) suffix() string {
	if t.os == "windows" {
		return ".exe"
	}
	return ""
}

// targets are all programs: the plugin runs where people work, the entrypoint in pods.
func (r release) targets() []target {
	return append(plugins(), entrypoints()...)
}

func plugins() []target {
	var all []target
	for _, os := range []string{"darwin", "linux", "windows"} {
		for _, arch := range []string{"amd64", "arm64"} {
			all = append(all, target{pluginName, os, arch})
		}
	}
	return all
}

func entrypoints() []target {
	return []target{{entrypointName, "linux", "amd64"}, {entrypointName, "linux", "arm64"}}
}

// binary is where a target's program is built.
func (r release) binary(t target) string { return filepath.Join(r.work, t.file()) }

// compile has the Makefile build a program, so that its flags stand in one place. What the caller's
// environment would change of the bytes is set to Go's defaults.
func (r release) compile(ctx context.Context, t target) error {
	arguments := map[string][]string{
		pluginName:     {"plugin", "PLUGIN=" + r.binary(t)},
		entrypointName: {"entrypoint", "BINARY=" + r.binary(t), "VERSION=" + r.version},
	}
	c := command.Command{Dir: r.root, Env: []string{
		"GOOS=" + t.os, "GOARCH=" + t.arch, "GOAMD64=v1", "GOARM64=v8.0", "GOFLAGS=", "GOEXPERIMENT=", "GOWORK=off",
	}}
	_, err := c.Run(ctx, "make", append([]string{"--no-print-directory"}, arguments[t.program]...)...)
	return err
}
