// Package cli is the command line of the plugin.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
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
	s := streams{in: newInterruptible(ctx, stdin), out: stdout, err: stderr, stdin: stdin}
	code, err := s.run(ctx, args)
	if err == nil {
		return code
	}
	if ctx.Err() != nil {
		err = errors.New("interrupted") // whatever that looked like where it happened
	}
	fmt.Fprintf(stderr, "helm valkey: %v\n", err)
	var usage *usageError
	if errors.As(err, &usage) {
		fmt.Fprintln(stderr, "Try: helm valkey help"+commandOf(args))
		return Usage
	}
	return Failure
}

// streams are the command's input, which ends when it is interrupted, and outputs.
type streams struct {
	in       io.Reader
	out, err io.Writer
	stdin    io.Reader // the input as it is, for a program that takes its place
}

// usageError is a command line that makes no sense.
type usageError struct {
	text string
}

func (e *usageError) Error() string { return e.text }

// command is one of the plugin's commands. Its usage is what "help" prints.
type command struct {
	name    string
	summary string // what follows the name in the list of all commands
	usage   string
	run     func(ctx context.Context, s streams, args []string) (int, error)
}

// commands are all of them, in the order in which help lists them.
func commands() []command {
	return []command{
		lintCommand(),
		migrateCommand(),
		postRenderCommand(),
		diffCheckCommand(),
		installCommand(),
		upgradeCommand(),
		templateCommand(),
		promoteCommand(),
		explainCommand(),
		rulesCommand(),
		versionCommand(),
		helpCommand(),
	}
}

func names() string {
	var all []string
	for _, c := range commands() {
		all = append(all, c.name)
	}
	return strings.Join(all[:len(all)-1], ", ") + " or " + all[len(all)-1]
}

func find(name string) (command, error) {
	for _, c := range commands() {
		if c.name == name {
			return c, nil
		}
	}
	return command{}, &usageError{fmt.Sprintf("unknown command %q: it is %s", name, names())}
}

// commandOf is the command of a command line behind a blank, empty if there is
// none that help can explain.
func commandOf(args []string) string {
	if len(args) == 0 || args[0] == "help" {
		return ""
	}
	if c, err := find(args[0]); err == nil {
		return " " + c.name
	}
	return ""
}

func (s streams) run(ctx context.Context, args []string) (int, error) {
	if len(args) == 0 {
		return 0, &usageError{"a command is missing: " + names()}
	}
	name, rest := args[0], args[1:]
	switch name {
	case "--help", "-h":
		name = "help"
	case "--version":
		name = "version"
	}
	c, err := find(name)
	if err != nil {
		return 0, err
	}
	code, err := c.run(ctx, s, rest)
	if errors.Is(err, flag.ErrHelp) {
		_, err := io.WriteString(s.out, c.usage)
		return Clean, err
	}
	return code, err
}
