//go:build linux

package release

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Slow returns an address that leads to another over a slow network: every answer takes that
// much longer. It ends with the test.
func Slow(tb testing.TB, address string, delay time.Duration) string {
	tb.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(freeAddress(tb), Port))
	require.NoError(tb, err)
	tb.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				if !errors.Is(err, net.ErrClosed) {
					tb.Errorf("a slow network: %v", err)
				}
				return
			}
			go relay(conn, address, delay)
		}
	}()
	return listener.Addr().String()
}

func relay(from net.Conn, address string, delay time.Duration) {
	defer from.Close()
	to, err := net.Dial("tcp", address)
	if err != nil {
		return // nor does the other side get through
	}
	defer to.Close()
	go func() {
		defer to.Close()
		// Whoever ends the connection ends both halves.
		_, _ = io.Copy(to, from)
	}()
	buffer := make([]byte, 64<<10)
	for {
		n, err := to.Read(buffer)
		if err != nil {
			return
		}
		time.Sleep(delay)
		if _, err := from.Write(buffer[:n]); err != nil {
			return
		}
	}
}
