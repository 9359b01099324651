package lint

import (
	"regexp"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/values"
)

// secretName matches the names of variables whose values must not be shown.
var secretName = regexp.MustCompile(`(?i)passw|passphrase|secret|token|pwd`)

// misspeltSecret matches the message on a directive that was meant for one with a
// secret behind it.
var misspeltSecret = regexp.MustCompile(`did you mean (?:requirepass|masterauth|primaryauth|user|tls-.*-pass)\?`)

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
		if misspeltSecret.MatchString(f.Message) {
			found[i].Position = withoutText(f.Position)
		}
		if (strings.HasSuffix(f.Path, "password") || strings.HasSuffix(f.Path, "value")) && isSecret(v, values.ParsePath(f.Path)) {
			found[i].Position.Text = masked(f.Position)
		}
	}
}

// withoutText is a place without what stands there: the printers know secrets by
// their keys, and one that is misspelt they do not know.
func withoutText(p finding.Position) finding.Position {
	p.Text = ""
	if p.Line == 0 {
		flag, _, _ := strings.Cut(p.Name, "=")
		p.Name = flag + "=…"
	}
	return p
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
