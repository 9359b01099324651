package report

import (
	"regexp"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

// Findings end up in the logs of CI: what is printed of a user's values holds no
// password.

// secretName matches the end of a key that names a secret. Findings are about
// misspelt keys, too: pasword, passowrd.
const secretName = `(?i)(?:pass?[word]{2,4}t?|pass|passphrase|pwd|token|(?:api|access|private)[-_]?key)`

// secretKey matches such a key, up to its value.
var secretKey = regexp.MustCompile(secretName + `["']?\s*[:=]\s*`)

// secretPath matches the path of such a key.
var secretPath = regexp.MustCompile(secretName + `$`)

// secretValues match a value: in quotes, within braces or a flag, to its end, and
// otherwise to the end of the line or a comment.
var (
	quotedValue = regexp.MustCompile(`^(?:"(?:\\.|[^"\\])*"?|'(?:''|[^'])*'?)`)
	innerValue  = regexp.MustCompile(`^(?:\\.|[^\\,}\]])*`)
	plainValue  = regexp.MustCompile(`^.*?(?:\s+#|\s*$)`)
	noSecret    = regexp.MustCompile(`^(?i:true|false|yes|no|on|off|null|~|""|'')$`)
)

// secretRests match what is a secret to the end of its line: behind a directive of
// the server's configuration that names one, the rules of an ACL user with a
// password, and the value of an environment variable that is on one line with its
// name.
var secretRests = []*regexp.Regexp{
	regexp.MustCompile(`(?i)(?:requirepass\w*|masterauth|primaryauth|key-file-pass)\s+(\S.*)`),
	regexp.MustCompile(`(?i)(?:^|[\s"'])user\s+\S+\s+((?:on|off|reset\w*|[-~&+(%]\S*)\s.*[<>].*|[<>]\S.*)`),
	regexp.MustCompile(`(?i)\bname["']?\s*[:=]\s*["']?\w*(?:passw|passphrase|secret|token|pwd)\w*["']?\s*,\s*[\w.\[\]]*?["']?v\w*["']?\s*[:=]\s*(\S.*)`),
	regexp.MustCompile(`(?i)\bv\w*["']?\s*[:=]\s*(\S.*,\s*[\w.\[\]]*?["']?name["']?\s*[:=]\s*["']?\w*(?:passw|passphrase|secret|token|pwd).*)`),
}

// sourceLine is the line that a finding points at, without secrets. The value of a
// secret may stand on another line than its key.
func sourceLine(f finding.Finding) string {
	text := printable(f.Position.Text)
	if secretPath.MatchString(f.Path) && !secretKey.MatchString(text) {
		value := strings.TrimLeft(text, " ")
		return text[:len(text)-len(value)] + stars(value)
	}
	return hideSecrets(text)
}

func hideSecrets(line string) string {
	line = hideValues(line)
	for _, rest := range secretRests {
		if m := rest.FindStringSubmatchIndex(line); m != nil {
			line = line[:m[2]] + stars(line[m[2]:])
		}
	}
	return line
}

func hideValues(line string) string {
	var b strings.Builder
	for {
		m := secretKey.FindStringIndex(line)
		if m == nil {
			return b.String() + line
		}
		b.WriteString(line[:m[1]])
		value := secretValue(b.String(), line[m[1]:])
		if noSecret.MatchString(value) {
			b.WriteString(value)
		} else {
			b.WriteString(stars(value))
		}
		line = line[m[1]+len(value):]
	}
}

// secretValue is the value at the beginning of what stands behind its key.
func secretValue(before, text string) string {
	value := plainValue.FindString(text)
	switch {
	case quotedValue.MatchString(text):
		return quotedValue.FindString(text)
	case strings.HasPrefix(before, "--set-literal "):
		return text
	case strings.HasPrefix(before, "--set") || strings.Contains(before, "{"):
		value = innerValue.FindString(text)
	}
	return strings.TrimRight(strings.TrimSuffix(value, "#"), " \t")
}

func stars(text string) string { return strings.Repeat("*", len([]rune(text))) }
