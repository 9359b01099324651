package migrate_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/plugin/report"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(name, got, 0o644))
	}
	want, err := os.ReadFile(name)
	require.NoError(t, err, "go test ./plugin/migrate -update writes it")
	require.Equal(t, string(want), string(got))
}

// Files as people write them, with comments in all places.
func TestGoldenFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.yaml")
	require.NoError(t, err)
	for _, file := range files {
		chart := filepath.Base(filepath.Dir(file))
		if chart == "peers" || strings.HasSuffix(file, ".out.yaml") {
			continue
		}
		t.Run(chart+"/"+filepath.Base(file), func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			r := run(t, chart, filepath.Base(file), text)
			golden(t, strings.TrimSuffix(file, ".yaml")+".out.yaml", r.Text)
			var notes bytes.Buffer
			require.NoError(t, report.Notes(&notes, r))
			golden(t, strings.TrimSuffix(file, ".yaml")+".notes", notes.Bytes())
		})
	}
}
