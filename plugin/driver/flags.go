// Package driver drives Helm: it runs Helm 3 or Helm 4, whichever is there, and
// reads its command lines and its answers.
package driver

import "slices"

// Commands of Helm that can be run with the chart's checks.
const (
	Install  = "install"
	Upgrade  = "upgrade"
	Template = "template"
)

// globals are the flags of every command, with a value.
var globals = []string{
	"burst-limit", "color", "colour", "content-cache", "kube-apiserver", "kube-as-group",
	"kube-as-user", "kube-ca-file", "kube-context", "kube-tls-server-name", "kube-token",
	"kubeconfig", "namespace", "qps", "registry-config", "repository-cache", "repository-config",
}

// switches are the flags of every command, without a value.
var switches = []string{"debug", "kube-insecure-skip-tls-verify"}

// chartFlags say where a chart is had from, with a value.
var chartFlags = []string{"ca-file", "cert-file", "key-file", "keyring", "password", "repo", "username", "version"}

// chartSwitches say where a chart is had from, without a value.
var chartSwitches = []string{"devel", "insecure-skip-tls-verify", "pass-credentials", "plain-http", "verify"}

// valued are further flags that take a value, in Helm 3 or in Helm 4, of all
// three commands and of one. Flags with a value that can be left out take none
// from the next word.
var (
	valued = []string{
		"description", "labels", "post-renderer", "post-renderer-args", "set", "set-file",
		"set-json", "set-literal", "set-string", "timeout", "values",
	}
	valuedOf = map[string][]string{
		Install:  {"name-template", "output"},
		Upgrade:  {"history-max", "output", "server-side"},
		Template: {"api-versions", "kube-version", "name-template", "output-dir", "show-only"},
	}
)

// Ours are the flags of the plugin's own commands that Helm does not know. All
// take a value.
var Ours = []string{"allow", "patches", "set-image-digests"}

// shorts are the flags that have a letter.
var shorts = map[byte]string{
	'a': "api-versions", 'f': "values", 'g': "generate-name", 'h': "help", 'i': "install",
	'l': "labels", 'n': "namespace", 'o': "output", 's': "show-only",
}

// takesValue says whether a flag of a command takes the next word as its value.
func takesValue(command, name string) bool {
	for _, names := range [][]string{globals, chartFlags, valued, valuedOf[command], Ours} {
		if slices.Contains(names, name) {
			return true
		}
	}
	return false
}
