package proxy

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Whether it sleeps in the kernel or is at rest, a waiter hears of what was there before,
// of what comes meanwhile, and of the end of its patience.
func TestWaiter(t *testing.T) {
	for name, rest := range map[string]bool{"in the kernel": false, "at rest": true} {
		t.Run(name, func(t *testing.T) {
			w, err := newWaiter()
			require.NoError(t, err)
			defer w.close()
			fd, err := eventfd()
			require.NoError(t, err)
			defer syscall.Close(fd)
			require.NoError(t, registerReadable(w.epoll, fd))
			signal := func() { writeSocket(fd, []byte{1, 0, 0, 0, 0, 0, 0, 0}) }
			heard := func(patience time.Duration) bool {
				events, err := w.wait(patience, rest)
				require.NoError(t, err)
				if len(events) == 0 {
					return false
				}
				require.Len(t, events, 1)
				require.Equal(t, int32(fd), events[0].Fd)
				readSocket(fd, make([]byte, 8))
				return true
			}

			require.False(t, heard(0))
			require.False(t, heard(time.Millisecond))
			signal()
			require.True(t, heard(forever))
			require.False(t, heard(time.Millisecond), "it was read")
			for range 3 {
				time.AfterFunc(20*time.Millisecond, signal)
				for !heard(time.Minute) {
				}
			}
		})
	}
}
