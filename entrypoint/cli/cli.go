// Package cli is the entrypoint's command line.
package cli

import (
	"context"
	"fmt"
	"io"
)

// version is set when a release is built.
var version = "dev"

// Exit codes of everything but run, which ends with the server's.
const (
	exitOK      = 0
	exitFailure = 1
	exitUsage   = 2
)

const usage = `usage: entrypoint COMMAND

  install DIR          copy this binary into DIR, for an init container
  run                  start and guard the server; settings: ENTRYPOINT_* (see the documentation)
  sentinel             start and tidy a Sentinel; settings: the same
  check [PROBE]        ask this pod's own probe: startup, live or ready (default: ready)
  verify --write HOST:PORT [--read HOST:PORT] [--sentinel HOST:PORT] [--master-set NAME]
         [--password-file FILE] [--timeout 30s]
                       write a key through one endpoint, read it through the other, and from
                       the master that the Sentinel names; delete it
  promote [--timeout 60s] [--no-fence | --source-is-gone]
                       make this release, which follows a server outside, take the writes:
                       that server is made to refuse them first, so that none is lost
  version              print the version
`

// Run runs one command and returns the exit code.
func Run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return exitUsage
	}
	command, rest := args[0], args[1:]
	switch command {
	case "install":
		return report(install(rest), stderr)
	case "run":
		return run(ctx, environ, stdout, stderr)
	case "sentinel":
		return watch(ctx, environ, stdout, stderr)
	case "check":
		return report(check(ctx, rest, environ), stderr)
	case "verify":
		return report(verify(ctx, rest, stdout), stderr)
	case "promote":
		return report(promote(ctx, rest, environ, stdout), stderr)
	case "version":
		fmt.Fprintln(stdout, version)
		return exitOK
	case "help", "-h", "--help":
		fmt.Fprint(stdout, usage)
		return exitOK
	default:
		fmt.Fprintf(stderr, "entrypoint: unknown command %q\n\n%s", command, usage)
		return exitUsage
	}
}

// usageError is a mistake on the command line.
type usageError string

func (e usageError) Error() string { return string(e) }

func report(err error, stderr io.Writer) int {
	if err == nil {
		return exitOK
	}
	fmt.Fprintln(stderr, "entrypoint:", err)
	if _, ok := err.(usageError); ok {
		return exitUsage
	}
	return exitFailure
}
