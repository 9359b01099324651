package proxy_test

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func (s *server) freeze() {
	s.t.Helper()
	freeze(s.t, s.command.Process)
}

func (s *server) thaw() {
	s.t.Helper()
	require.NoError(s.t, s.command.Process.Signal(syscall.SIGCONT))
}

// freeze stops a process, and waits until it stands still.
func freeze(t testing.TB, process *os.Process) {
	t.Helper()
	require.NoError(t, process.Signal(syscall.SIGSTOP))
	eventually(t, "it stands still", func() error {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", process.Pid))
		if err == nil && !strings.Contains(string(status), ") T ") {
			err = io.ErrNoProgress
		}
		return err
	})
}

// heap is what the process holds in memory now.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
