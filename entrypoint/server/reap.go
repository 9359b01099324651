//go:build linux

package server

import (
	"bytes"
	"context"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
)

// Reap collects the children that ended orphaned and were given to this process,
// as they are to process 1, until ctx ends. Children that this process started
// itself, which own tells, are left to os/exec.
func Reap(ctx context.Context, own func(pid int) bool) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGCHLD)
	defer signal.Stop(signals)
	for {
		select {
		case <-ctx.Done():
			return
		case <-signals:
		}
		for _, pid := range zombies() {
			if !own(pid) {
				var status syscall.WaitStatus
				// Whoever was faster with it has done the same.
				_, _ = syscall.Wait4(pid, &status, syscall.WNOHANG, nil)
			}
		}
	}
}

// zombies are the ended children of this process that nobody has waited for.
func zombies() []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	parent := strconv.Itoa(os.Getpid())
	var pids []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + entry.Name() + "/stat")
		if err != nil {
			continue
		}
		// "pid (name) state ppid …": a name can hold anything, parentheses too.
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(fields) > 1 && fields[0] == "Z" && fields[1] == parent {
			pids = append(pids, pid)
		}
	}
	return pids
}
