package driver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Binary is a Helm that can be run.
type Binary struct {
	Path  string
	Major int // 3 or 4
}

// Path leads to the Helm that called the plugin, or to the one in PATH.
func Path() (string, error) {
	name := os.Getenv("HELM_BIN")
	if name == "" {
		name = "helm"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("find Helm: %w", err)
	}
	return path, nil
}

// Find returns the Helm at Path, asked which one it is.
func Find(ctx context.Context) (Binary, error) {
	path, err := Path()
	if err != nil {
		return Binary{}, err
	}
	b := Binary{Path: path}
	out, err := b.output(ctx, nil, nil, []string{"version", "--template", "{{.Version}}"})
	if err != nil {
		return Binary{}, fmt.Errorf("ask %s for its version: %w", path, err)
	}
	major, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(string(out)), "v"), ".")
	if b.Major, err = strconv.Atoi(major); err != nil {
		return Binary{}, fmt.Errorf("ask %s for its version: %q is none", path, bytes.TrimSpace(out))
	}
	return b, nil
}

// Error is a Helm that ended with an error: what it said, and its exit code.
type Error struct {
	Said string
	Code int
}

func (e *Error) Error() string { return strings.TrimSpace(e.Said) }

// NotFound says whether Helm knows no release of the name.
func (e *Error) NotFound() bool { return strings.Contains(e.Said, "release: not found") }

// output runs a command and returns what it prints.
func (b Binary) output(ctx context.Context, stdin []byte, variables, args []string) ([]byte, error) {
	var out, said bytes.Buffer
	command := exec.CommandContext(ctx, b.Path, args...)
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(stdin), &out, &said
	command.Env = append(os.Environ(), variables...)
	err := command.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, &Error{Said: said.String(), Code: exitCode(exit)}
	}
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", b.Path, err)
	}
	return out.Bytes(), nil
}

// Run runs a command as if it were this one: it gets the signals, and its exit
// code is returned. Variables are added to its environment.
func (b Binary) Run(stdin io.Reader, stdout, stderr io.Writer, variables []string, args ...string) (int, error) {
	command := exec.Command(b.Path, args...)
	command.Stdin, command.Stdout, command.Stderr = stdin, stdout, stderr
	command.Env = append(os.Environ(), variables...)
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	if err := command.Start(); err != nil {
		return 0, fmt.Errorf("run %s: %w", b.Path, err)
	}
	ended := make(chan struct{})
	go pass(signals, command.Process, ended)
	err := command.Wait()
	close(ended)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exitCode(exit), nil
	}
	if err != nil {
		return 0, fmt.Errorf("run %s: %w", b.Path, err)
	}
	return 0, nil
}

// pass passes signals on. One of a terminal's reaches Helm by itself, too; the
// second does nothing to it.
func pass(signals <-chan os.Signal, to *os.Process, ended <-chan struct{}) {
	for {
		select {
		case s := <-signals:
			_ = to.Signal(s) // it may have ended
		case <-ended:
			return
		}
	}
}

// exitCode is the code with which a shell would report the end.
func exitCode(exit *exec.ExitError) int {
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return exit.ExitCode()
}

// pluginName is how Helm 4 calls the post-renderer that is made for one call.
const pluginName = "valkey-checks"

// PostRenderer makes Helm run a program over what it renders: flags and
// variables for Run. Helm 4 takes nothing but a plugin, which is written to the
// folder.
func (b Binary) PostRenderer(ctx context.Context, folder, program string, args ...string) (flags, variables []string, err error) {
	if b.Major < 4 {
		flags = []string{"--post-renderer", program}
		for _, a := range args {
			flags = append(flags, "--post-renderer-args", a)
		}
		return flags, nil, nil
	}
	if variables, err = writePlugin(filepath.Join(folder, pluginName), append([]string{program}, args...)); err != nil {
		return nil, nil, fmt.Errorf("write the post-renderer's plugin: %w", err)
	}
	plugins := os.Getenv("HELM_PLUGINS")
	if plugins == "" {
		out, err := b.output(ctx, nil, nil, []string{"env", "HELM_PLUGINS"})
		if err != nil {
			return nil, nil, fmt.Errorf("ask %s for its plugins: %w", b.Path, err)
		}
		plugins = strings.TrimSpace(string(out))
	}
	list := plugins + string(os.PathListSeparator) + folder
	return []string{"--post-renderer", pluginName}, append(variables, "HELM_PLUGINS="+list), nil
}

// writePlugin writes a plugin that runs the words, and returns the variables that
// they are in: Helm cuts a command at its blanks, and takes a $ in any word for a
// variable's.
func writePlugin(folder string, words []string) (variables []string, err error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "apiVersion: v1\ntype: postrenderer/v1\nname: %s\nversion: 0.0.1\nruntime: subprocess\nruntimeConfig:\n  platformCommand:\n    - command: ${VALKEY_CHECKS_0}\n      args:\n", pluginName)
	for i, word := range words {
		name := fmt.Sprintf("VALKEY_CHECKS_%d", i)
		variables = append(variables, name+"="+word)
		if i > 0 {
			fmt.Fprintf(&b, "        - ${%s}\n", name)
		}
	}
	return variables, os.WriteFile(filepath.Join(folder, "plugin.yaml"), []byte(b.String()), 0o600)
}
