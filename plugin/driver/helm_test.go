//go:build helm

package driver

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func binary(t *testing.T, name string) string {
	t.Helper()
	cache := os.Getenv("HELM_VALKEY_CACHE")
	if cache == "" {
		user, err := os.UserCacheDir()
		require.NoError(t, err)
		cache = filepath.Join(user, "helm-valkey")
	}
	path := filepath.Join(cache, "bin", name)
	require.FileExists(t, path, "build it with: go -C ci run ./tools helm")
	return path
}

// helpLine is a flag as Helm's help shows it: its letter, its name, and the type
// of its value, with what stands for one that is left out.
var helpLine = regexp.MustCompile(`(?m)^ +(?:-(\w), )?--([\w-]+)(?: (\S+))? {2,}`)

// Which flags take a value decides which words are the release and the chart. The
// tables are what both Helms' own help says.
func TestFlagsAreThoseOfHelm(t *testing.T) {
	seen := map[string]bool{}
	for name, major := range map[string]int{"helm3": 3, "helm4": 4} {
		t.Setenv("HELM_BIN", binary(t, name))
		b, err := Find(context.Background())
		require.NoError(t, err)
		require.Equal(t, major, b.Major)
		for _, command := range []string{Install, Upgrade, Template} {
			out, err := b.output(context.Background(), nil, nil, []string{command, "--help"})
			require.NoError(t, err)
			_, flags, ok := strings.Cut(string(out), "\nFlags:\n")
			require.True(t, ok)
			lines := helpLine.FindAllStringSubmatch(flags, -1)
			require.Greater(t, len(lines), 50)
			for _, line := range lines {
				letter, long, kind := line[1], line[2], line[3]
				seen[long] = true
				require.Equal(t, kind != "" && !strings.Contains(kind, "[="), takesValue(command, long), "%s %s --%s", name, command, long)
				if letter != "" {
					require.Equal(t, long, shorts[letter[0]], "%s %s -%s", name, command, letter)
				}
				require.NotContains(t, Ours, long)
			}
		}
	}
	for _, known := range slices.Concat(globals, switches, chartFlags, chartSwitches, valued, valuedOf[Install], valuedOf[Upgrade], valuedOf[Template]) {
		require.True(t, seen[known], "no Helm has --%s", known)
	}
}

// Programs are in folders of any name ("C:\\Users\\Ann Lee"), and so are patches.
func TestPostRendererGetsItsWords(t *testing.T) {
	for _, name := range []string{"helm3", "helm4"} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "a $HOME b")
			program, word := filepath.Join(folder, "program"), `c $HOME "d"\`
			require.NoError(t, os.Mkdir(folder, 0o755))
			require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\nprintf '%s\\n' \"$@\" >\"$0.words\"\ncat\n"), 0o755))
			t.Setenv("HELM_BIN", binary(t, name))
			b, err := Find(context.Background())
			require.NoError(t, err)
			flags, variables, err := b.PostRenderer(context.Background(), folder, program, "--patches", word)
			require.NoError(t, err)
			var stdout, stderr strings.Builder
			line := append([]string{"template", "demo", "../../charts/valkey", "--set=auth.password=x"}, flags...)
			code, err := b.Run(nil, &stdout, &stderr, variables, line...)
			require.NoError(t, err)
			require.Zero(t, code, stderr.String())
			require.Contains(t, stdout.String(), "kind: StatefulSet")
			words, err := os.ReadFile(program + ".words")
			require.NoError(t, err)
			require.Equal(t, "--patches\n"+word+"\n", string(words))
		})
	}
}

func TestFindRefuses(t *testing.T) {
	t.Setenv("HELM_BIN", "/nowhere/helm")
	_, err := Find(context.Background())
	require.ErrorContains(t, err, "find Helm")
	t.Setenv("HELM_BIN", "true")
	_, err = Find(context.Background())
	require.ErrorContains(t, err, "is none")
}
