//go:build linux

package release

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Patience is the deadline of every wait that has none of its own. It is no
// measure of speed: two busy cores must get there.
const Patience = 60 * time.Second

const pollInterval = 20 * time.Millisecond

// Eventually waits until try returns nil, and fails with what and the last
// error at the deadline.
func Eventually(tb testing.TB, deadline time.Duration, what string, try func() error) {
	tb.Helper()
	end := time.Now().Add(deadline)
	for {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			require.FailNow(tb, "waited in vain for "+what, "after %s: %v", deadline, err)
		}
		time.Sleep(pollInterval)
	}
}

// Throughout checks for a while that something stays true.
func Throughout(tb testing.TB, duration time.Duration, what string, check func() error) {
	tb.Helper()
	for end := time.Now().Add(duration); time.Now().Before(end); time.Sleep(pollInterval) {
		if err := check(); err != nil {
			require.FailNow(tb, "not throughout: "+what, "%v", err)
		}
	}
}
