//go:build release

package release

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// preCommit has the real pre-commit install the hooks from a commit of the tree, and
// run them in another repository.
func (m made) preCommit(t *testing.T) {
	repository := t.TempDir()
	env := []string{
		"PRE_COMMIT_HOME=" + filepath.Join(t.TempDir(), "cache"), "GIT_CONFIG_GLOBAL=/dev/null",
		// pre-commit sets GOPATH, and would download all modules again.
		"GOMODCACHE=" + strings.TrimSpace(run(t, ".", nil, "go", "env", "GOMODCACHE")),
	}
	run(t, m.tree, env, "pre-commit", "validate-manifest", ".pre-commit-hooks.yaml")
	commit := strings.TrimSpace(run(t, m.tree, nil, "git", "rev-parse", "HEAD"))
	config := func(hook string) {
		write(t, filepath.Join(repository, ".pre-commit-config.yaml"), fmt.Appendf(nil,
			"repos:\n  - repo: %s\n    rev: %s\n    hooks:\n      - id: %s\n", m.tree, commit, hook), 0o644)
	}
	values := func(text string) {
		write(t, filepath.Join(repository, "deploy", "values-prod.yaml"), []byte(text), 0o644)
		run(t, repository, nil, "git", "add", "--all")
	}
	run(t, repository, nil, "git", "init", "--quiet")

	h := newHelm(t, "helm4")
	h.run(t, "plugin", "install", m.file("valkey-"+m.version+".tgz"), "--keyring", m.key.public)
	installed := append(append(env, h.env...), "PATH="+path(t, "helm", h.binary))
	for hook, env := range map[string][]string{"helm-valkey-lint": env, "helm-valkey-lint-system": installed} {
		t.Run(hook, func(t *testing.T) {
			config(hook)
			for name, tt := range map[string]struct{ values, want string }{
				"an error":  {"master:\n  replicaCount: 2\n", "deploy/values-prod.yaml:2:17: error: master.replicaCount: more than one master needs Sentinel"},
				"a warning": {"image:\n  tag: latest\n", "deploy/values-prod.yaml:2:8: warning: image.tag: "},
			} {
				values(tt.values)
				stdout, stderr, code := try(t, repository, env, "pre-commit", "run", "--all-files")
				require.Equal(t, 1, code, "%s: %s", name, stderr)
				require.Contains(t, stdout, tt.want, name)
			}
			values("replica:\n  replicaCount: 3\n")
			require.Contains(t, run(t, repository, env, "pre-commit", "run", "--all-files"), "Passed")
		})
	}
}
