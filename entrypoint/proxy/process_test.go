package proxy_test

import (
	"runtime"
	"syscall"

	"github.com/stretchr/testify/require"
)

func (s *server) freeze() { s.signal(syscall.SIGSTOP) }

func (s *server) thaw() { s.signal(syscall.SIGCONT) }

func (s *server) signal(signal syscall.Signal) {
	s.t.Helper()
	require.NoError(s.t, s.command.Process.Signal(signal))
}

// heap is what the process holds in memory now.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
