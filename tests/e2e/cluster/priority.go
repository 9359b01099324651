//go:build e2e || bench

package cluster

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// lowPriority is that of the control plane while something is measured.
const lowPriority = 10

// StepBack lets the control plane and the nodes' agents wait for clients and servers
// until the test ends. In other clusters they have machines, or cores enough, of their
// own; here they share them, and are busiest just when pods stop and start.
func StepBack(tb testing.TB) {
	tb.Helper()
	prioritise(tb, lowPriority)
	tb.Cleanup(func() { prioritise(tb, 0) })
}

func prioritise(tb testing.TB, priority int) {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join(state, "processes", "*.json"))
	require.NoError(tb, err)
	require.NotEmpty(tb, files, howToStart)
	for _, file := range files {
		// Pods have the priority of the runtime that starts them.
		if strings.HasSuffix(file, "-containerd.json") {
			continue
		}
		content, err := os.ReadFile(file)
		require.NoError(tb, err)
		var process struct{ PID int }
		require.NoError(tb, json.Unmarshal(content, &process))
		require.NoError(tb, reprioritise(process.PID, priority), "priority of %s", file)
	}
}

// reprioritise changes the priority of all of a process's threads: to Linux it is
// theirs.
func reprioritise(pid, priority int) error {
	threads, err := os.ReadDir(filepath.Join("/proc", strconv.Itoa(pid), "task"))
	if err != nil {
		return err
	}
	var failed []error
	for _, thread := range threads {
		id, err := strconv.Atoi(thread.Name())
		if err != nil {
			return err
		}
		if err := syscall.Setpriority(syscall.PRIO_PROCESS, id, priority); err != nil && !errors.Is(err, syscall.ESRCH) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}
