//go:build linux

package release

import (
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

var addresses atomic.Uint32

// freeAddress returns a loopback address that nobody uses: not in this process,
// which counts, and not in another, which starts to count elsewhere.
func freeAddress(tb testing.TB) string {
	tb.Helper()
	const tries = 1000
	for range tries {
		n := addresses.Add(1)
		ip := fmt.Sprintf("127.%d.%d.%d", 16+os.Getpid()%200, n/250%250, 1+n%250)
		if free(ip) {
			return ip
		}
	}
	require.FailNow(tb, "no free loopback address", "%d tries", tries)
	return ""
}

func free(ip string) bool {
	for _, port := range []string{Port, ProxyPort, HTTPPort, ControlPort} {
		listener, err := net.Listen("tcp", net.JoinHostPort(ip, port))
		if err != nil {
			return false
		}
		listener.Close()
	}
	return true
}
