package lint

import (
	"regexp"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/values"
)

// secretName matches the names of variables whose values must not be shown.
var secretName = regexp.MustCompile(`(?i)passw|passphrase|secret|token`)

// isSecret says whether the value at the path must not be shown: findings end up
// in the logs of CI.
func isSecret(v *values.Values, path values.Path) bool {
	if len(path) == 0 {
		return false
	}
	switch path[len(path)-1] {
	case "password":
		return true
	case "value":
		variable, _ := v.At(path[:len(path)-1]).(map[string]any)
		name, _ := variable["name"].(string)
		return secretName.MatchString(name)
	}
	return false
}

// hideSecrets masks the values of secrets in the lines that findings show. The
// printers know secrets by their keys only, and not where they end.
func hideSecrets(v *values.Values, found []finding.Finding) {
	for i, f := range found {
		if (strings.HasSuffix(f.Path, "password") || strings.HasSuffix(f.Path, "value")) && isSecret(v, values.ParsePath(f.Path)) {
			found[i].Position.Text = masked(f.Position)
		}
	}
}

// masked is the line with stars from the value on. A finding that points at the
// key has the value behind it.
func masked(p finding.Position) string {
	line := []rune(p.Text)
	if p.Column < 1 || p.Column > len(line) {
		return ""
	}
	begin := p.Column - 1
	if key := keyAtStart.FindString(string(line[begin:])); key != "" {
		begin += len([]rune(key))
	}
	return string(line[:begin]) + strings.Repeat("*", len(line)-begin)
}

var keyAtStart = regexp.MustCompile(`^["']?(password|value)["']?\s*:\s*`)
