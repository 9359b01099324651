//go:build unix

package driver

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRunIsTheCommand(t *testing.T) {
	var stdout, stderr bytes.Buffer
	b := Binary{Path: "/bin/sh"}
	code, err := b.Run(strings.NewReader("in"), &stdout, &stderr, []string{"A=b"}, "-c", "cat; echo $A >&2; exit 7")
	require.NoError(t, err)
	require.Equal(t, 7, code)
	require.Equal(t, "in", stdout.String())
	require.Equal(t, "b\n", stderr.String())

	_, err = Binary{Path: "/nowhere"}.Run(nil, nil, nil, nil)
	require.ErrorContains(t, err, "run /nowhere")
}

// A signal gets to the command, which decides what it does about it.
func TestRunPassesSignals(t *testing.T) {
	tests := []struct {
		name, script string
		want         int
	}{
		{"caught", `trap "exit 9" TERM; touch "$0"; while :; do sleep 0.01; done`, 9},
		{"not caught", `touch "$0"; exec sleep 60`, 128 + int(syscall.SIGTERM)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			started := filepath.Join(t.TempDir(), "started")
			go func() {
				for range 1000 {
					if _, err := os.Stat(started); err == nil {
						break
					}
					time.Sleep(10 * time.Millisecond)
				}
				_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
			}()
			code, err := Binary{Path: "/bin/sh"}.Run(nil, nil, nil, nil, "-c", tt.script, started)
			require.NoError(t, err)
			require.Equal(t, tt.want, code)
		})
	}
}

func TestOutputOfWhatFails(t *testing.T) {
	_, err := Binary{Path: "/bin/sh"}.output(context.Background(), nil, nil, []string{"-c", "echo 'Error: release: not found' >&2; exit 3"})
	var failed *Error
	require.ErrorAs(t, err, &failed)
	require.Equal(t, 3, failed.Code)
	require.True(t, failed.NotFound())
	require.Equal(t, "Error: release: not found", failed.Error())
}
