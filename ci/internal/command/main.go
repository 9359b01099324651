package command

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Main runs a command's Run until it ends or a signal asks it to stop, and returns the exit code.
func Main(run func(ctx context.Context, args []string, stdout, stderr io.Writer) int) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return run(ctx, os.Args[1:], os.Stdout, os.Stderr)
}
