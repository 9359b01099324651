package cli

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func call(environ []string, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = Run(context.Background(), args, environ, &out, &errs)
	return code, out.String(), errs.String()
}

func TestUsage(t *testing.T) {
	for name, args := range map[string][]string{
		"nothing": {}, "unknown": {"start"}, "install without a folder": {"install"}, "check of what": {"check", "alive"},
		"verify without an endpoint": {"verify"}, "verify with an unknown flag": {"verify", "--wirte", "x"},
		"promote by two ways": {"promote", "--no-fence", "--source-is-gone"}, "promote in no time": {"promote", "--timeout", "0s"}, "promote of what": {"promote", "x"},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := call(nil, args...)
			require.Equal(t, exitUsage, code)
			require.Empty(t, stdout)
			require.NotEmpty(t, stderr)
		})
	}
	code, stdout, _ := call(nil, "version")
	require.Equal(t, exitOK, code)
	require.Equal(t, version+"\n", stdout)
	code, stdout, _ = call(nil, "help")
	require.Equal(t, exitOK, code)
	require.Contains(t, stdout, "install DIR")
}

func TestRunNamesWrongSettings(t *testing.T) {
	code, stdout, stderr := call([]string{"ENTRYPOINT_PORT=x"}, "run")
	require.Equal(t, exitUsage, code)
	require.Empty(t, stdout)
	for _, name := range []string{"ENTRYPOINT_PORT", "ENTRYPOINT_POD_NAME", "ENTRYPOINT_ROLE"} {
		require.Contains(t, stderr, name)
	}
}

func TestInstall(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		code, _, stderr := call(nil, "install", dir)
		require.Equal(t, exitOK, code, stderr)
	}
	info, err := os.Stat(filepath.Join(dir, "entrypoint"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o755), info.Mode().Perm())
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 1)

	code, _, stderr := call(nil, "install", filepath.Join(dir, "missing"))
	require.Equal(t, exitFailure, code)
	require.Contains(t, stderr, "missing")
}

func TestCheck(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/live" {
			http.Error(w, "not yet", http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	environ := []string{"ENTRYPOINT_HTTP_ADDRESS=" + strings.TrimPrefix(server.URL, "http://")}
	code, _, _ := call(environ, "check", "live")
	require.Equal(t, exitOK, code)
	code, _, stderr := call(environ, "check")
	require.Equal(t, exitFailure, code)
	require.Contains(t, stderr, "not yet")
	code, _, _ = call([]string{"ENTRYPOINT_HTTP_ADDRESS=9121"}, "check")
	require.Equal(t, exitUsage, code)
}

func TestPromoteOutsideOfAPod(t *testing.T) {
	code, _, stderr := call(nil, "promote")
	require.Equal(t, exitFailure, code)
	require.Contains(t, stderr, "run it in the container of the server")
}
