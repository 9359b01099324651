// Command writer runs the write load of package writer on its own, so that it
// can run inside a network namespace.
//
//	writer load   -address HOST:PORT -ledger FILE [-duration D] …   writes until D is over or SIGTERM
//	writer verify -ledger FILE ADDRESS…                             reads every acknowledged write back
//
// Both print JSON. The exit code is 0 when the work was done, whatever it found.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/helm-valkey/helm-valkey/tests/writer"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "writer:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 {
		switch args[0] {
		case "load":
			return load(ctx, args[1:], stdout, stderr)
		case "verify":
			return verify(ctx, args[1:], stdout, stderr)
		}
	}
	return errors.New("usage: writer load|verify [flags]")
}

func load(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	options := writer.Defaults("")
	flags := newFlags("load", stderr)
	flags.StringVar(&options.Address, "address", "", "host:port to write to")
	flags.IntVar(&options.Writers, "writers", options.Writers, "writers at once")
	flags.DurationVar(&options.Pause, "pause", options.Pause, "between two writes of one writer")
	flags.DurationVar(&options.Wait, "wait", options.Wait, "limit of the WAIT 1 behind each write; 0: none")
	flags.DurationVar(&options.Timeout, "timeout", options.Timeout, "limit of one connection attempt and of one command")
	flags.StringVar(&options.Prefix, "prefix", options.Prefix, "of the keys")
	flags.IntVar(&options.Size, "size", 0, "least size of a value, in bytes")
	password := flags.String("password-file", "", "file with the password")
	ledger := flags.String("ledger", "", "file to record the acknowledged writes in")
	duration := flags.Duration("duration", 0, "end after this; 0: at SIGTERM")
	if err := flags.Parse(args); err != nil {
		return err
	}
	var err error
	if options.Password, err = readPassword(*password); err != nil {
		return err
	}
	if *duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *duration)
		defer cancel()
	}
	running := writer.Start(ctx, options)
	<-ctx.Done()
	result := running.Stop()
	if *ledger != "" {
		if err := result.Save(*ledger); err != nil {
			return err
		}
	}
	return print(stdout, result.Summary())
}

func verify(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	flags := newFlags("verify", stderr)
	password := flags.String("password-file", "", "file with the password")
	path := flags.String("ledger", "", "file that load recorded the acknowledged writes in")
	if err := flags.Parse(args); err != nil {
		return err
	}
	secret, err := readPassword(*password)
	if err != nil {
		return err
	}
	ledger, err := writer.Read(*path)
	if err != nil {
		return err
	}
	findings := make([]*writer.Finding, 0, flags.NArg())
	for _, address := range flags.Args() {
		finding, err := writer.Verify(ctx, address, secret, ledger)
		if err != nil {
			return err
		}
		findings = append(findings, finding)
	}
	return print(stdout, findings)
}

func newFlags(name string, stderr io.Writer) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(stderr)
	return flags
}

func readPassword(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	return strings.TrimRight(string(data), "\r\n"), nil
}

func print(stdout io.Writer, result any) error {
	encoder := json.NewEncoder(stdout)
	encoder.SetIndent("", "  ")
	return encoder.Encode(result)
}
