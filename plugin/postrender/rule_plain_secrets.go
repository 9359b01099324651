package postrender

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

var plainSecrets = finding.Rule{
	ID:       "VK207",
	Severity: finding.Error,
	Title:    "A ConfigMap holds a secret",
	Doc: `Everybody who may read ConfigMaps reads the password, and it ends up in
"kubectl describe", in backups and in Git. Passwords belong into the Secret (auth.password,
auth.existingSecret), directives that hold one into existingConfigSecret.`,
	Bad: []string{`apiVersion: v1
kind: ConfigMap
metadata:
  name: demo-valkey-common
  labels: {helm.sh/chart: valkey-0.1.0}
data:
  valkey.conf: |
    requirepass hunter2
`},
	Good: []string{`apiVersion: v1
kind: ConfigMap
metadata:
  name: demo-valkey-common
  labels: {helm.sh/chart: valkey-0.1.0}
data:
  valkey.conf: |
    maxmemory 1gb
`},
}

// secretDirectives match lines of a server's configuration that hold a secret.
// An empty one ("") is none.
var secretDirectives = []*regexp.Regexp{
	regexp.MustCompile(`(?i)^\s*(requirepass|masterauth|primaryauth|tls-key-file-pass|tls-client-key-file-pass)\s+["']?[^"'\s]`),
	regexp.MustCompile(`(?i)^\s*(sentinel\s+(?:auth-pass|sentinel-pass))\s+\S+`),
	regexp.MustCompile(`(?i)^\s*(user)\s.*\s["']?>[^"'\s]`),
	regexp.MustCompile(`^\s*(-----BEGIN [A-Z ]*PRIVATE KEY-----)`),
}

var secretKey = regexp.MustCompile(`(?i)(^|[-_.])(password|passwd|passphrase|private-key|token)$`)

func findPlainSecrets(r release) []finding.Finding {
	var found []finding.Finding
	for _, o := range r.of("ConfigMap") {
		for _, field := range []string{"data", "binaryData"} {
			texts := o.Texts(field)
			for _, name := range slices.Sorted(maps.Keys(texts)) {
				for _, what := range secretsIn(name, texts[name]) {
					found = append(found, plainSecrets.On(o.ID(), fmt.Sprintf("%s[%s]", field, name), what,
						"keep it in a Secret: auth.password or auth.existingSecret, and existingConfigSecret for directives"))
				}
			}
		}
	}
	return found
}

// secretsIn names the secrets in a text, never showing one.
func secretsIn(name, text string) []string {
	if secretKey.MatchString(name) && strings.TrimSpace(text) != "" {
		return []string{"its name says that it is a secret"}
	}
	var what []string
	number := 0
	for line := range strings.Lines(text) {
		number++
		for _, directive := range secretDirectives {
			if m := directive.FindStringSubmatch(line); m != nil {
				what = append(what, fmt.Sprintf("line %d holds a secret (%s)", number, m[1]))
			}
		}
	}
	return what
}
