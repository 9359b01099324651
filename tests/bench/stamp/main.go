// Command stamp stands before a program and writes down when it was executed. It
// takes the program's path from the file of its own name with ".real" behind it,
// appends the time to the one with ".times", and becomes the program.
package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"
)

func main() {
	now := time.Now()
	if err := run(now, os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "stamp:", err)
		os.Exit(1)
	}
}

func run(now time.Time, args []string) error {
	real, err := os.ReadFile(args[0] + ".real")
	if err != nil {
		return err
	}
	// Being asked for its version is not its start.
	if !slices.Contains(args, "--version") {
		file, err := os.OpenFile(args[0]+".times", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(file, now.UnixNano()); err != nil {
			return err
		}
		file.Close()
	}
	path := strings.TrimSpace(string(real))
	return syscall.Exec(path, append([]string{path}, args[1:]...), os.Environ())
}
