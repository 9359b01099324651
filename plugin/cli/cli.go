// Package cli is the command line of the plugin.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	chart "github.com/helm-valkey/helm-valkey/charts/valkey"
	"github.com/helm-valkey/helm-valkey/plugin/lint"
)

// Exit codes.
const (
	Clean    = 0
	Findings = 1
	Usage    = 2
	Failure  = 3
)

// Run runs the command and returns its exit code.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	s := streams{stdin, stdout, stderr}
	code, err := s.run(ctx, args)
	if err == nil {
		return code
	}
	fmt.Fprintf(stderr, "helm valkey: %v\n", err)
	var usage *usageError
	if errors.As(err, &usage) {
		fmt.Fprintln(stderr, "Try: helm valkey help")
		return Usage
	}
	return Failure
}

// streams are the command's input and outputs.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// usageError is a command line that makes no sense.
type usageError struct {
	text string
}

func (e *usageError) Error() string { return e.text }

func (s streams) run(ctx context.Context, args []string) (int, error) {
	if len(args) == 0 {
		return 0, &usageError{"a command is missing: lint, post-render, version or help"}
	}
	command, rest := args[0], args[1:]
	switch command {
	case "lint":
		return s.lint(ctx, rest)
	case "post-render":
		return s.postRender(ctx, rest)
	case "version", "--version":
		return s.version(rest)
	case "help", "--help", "-h":
		return s.help()
	}
	return 0, &usageError{fmt.Sprintf("unknown command %q: it is lint, post-render, version or help", command)}
}

// version prints the chart's version, which is the plugin's: it carries it.
func (s streams) version(args []string) (int, error) {
	if len(args) > 0 {
		return 0, &usageError{fmt.Sprintf("version takes no arguments, found %q", args[0])}
	}
	m, err := lint.ReadMetadata(chart.Files)
	if err != nil {
		return 0, err
	}
	fmt.Fprintf(s.out, "%s (%s %s)\n", m.Version, m.Name, m.AppVersion)
	return Clean, nil
}

func (s streams) help() (int, error) {
	_, err := io.WriteString(s.out, usage)
	return Clean, err
}
