// Package command runs other programs. Its errors quote the end of what the program printed.
package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// tailLines is how much of a program's output an error quotes.
const tailLines = 15

// Command is a program to run.
type Command struct {
	// Dir is its working folder; empty for the caller's.
	Dir string
	// Env is added to the caller's environment.
	Env []string
	// Stdin is what it reads.
	Stdin string
}

// Run runs a program in the caller's folder and returns its standard output.
func Run(ctx context.Context, name string, args ...string) (string, error) {
	return Command{}.Run(ctx, name, args...)
}

// Run runs a program and returns its standard output.
func (c Command) Run(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = c.Dir
	cmd.Env = append(os.Environ(), c.Env...)
	cmd.Stdin = strings.NewReader(c.Stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout = &stdout
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		said := stderr.String()
		if said == "" {
			said = stdout.String()
		}
		return stdout.String(), fmt.Errorf("%s: %w\n%s", line(name, args), err, Tail(said, tailLines))
	}
	return stdout.String(), nil
}

// stopWait is how long a helper has to end after it was interrupted.
const stopWait = 30 * time.Second

// Helper runs another command of this module, whose folder is the caller's, and shows its output.
// An interrupt goes to all that it started: "go run" passes none on to the program it runs.
func Helper(ctx context.Context, out io.Writer, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", append([]string{"run"}, args...)...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) }
	cmd.WaitDelay = stopWait
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go -C ci run %s: %w", strings.Join(args, " "), err)
	}
	return nil
}

// Tail returns the last n lines of a text, each indented.
func Tail(text string, n int) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return "    " + strings.Join(lines, "\n    ")
}

func line(name string, args []string) string {
	s := strings.Join(append([]string{name}, args...), " ")
	if len(s) > 200 {
		return s[:200] + "…"
	}
	return s
}
