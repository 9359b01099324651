package lint

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

func TestTemplatesInValues(t *testing.T) {
	c := openChart(t)
	tests := []struct{ name, text, want string }{
		{"sound", `auth: {existingSecret: "{{ .Release.Name }}-{{ .Values.architecture | upper }}"}`, ""},
		{"only Helm can tell", `auth: {existingSecret: '{{ include "valkey.fullname" . }}'}`, ""},
		{"of another chart", `auth: {existingSecret: '{{ printf "%s-x" (include "common.names.fullname" .) }}'}`, `1:24 auth.existingSecret: Helm cannot render the template: the chart has no template "common.names.fullname" to include [VK028]`},
		{"of another chart, perhaps", `auth: {existingSecret: '{{ if false }}{{ include "common.names.fullname" . }}{{ end }}x'}`, ""},
		{"of another chart, never", `auth: {existingSecret: '{{ or "x" (include "common.names.fullname" .) }}'}`, ""},
		{"cut off", `auth: {existingSecret: "{{ .Release.Name "}`, "1:24 auth.existingSecret: Helm cannot render the template: unclosed action [VK028]"},
		{"where nobody reads it", `auth: {enabled: false, existingSecret: "{{ x }}"}`, ""},
		{"of a role that is not there", "architecture: standalone\nreplica: {extraEnvVarsCM: '{{ x }}'}", ""},
		{"of a master outside", "externalMaster: {host: old, existingSecret: '{{ x }}'}", `1:45 externalMaster.existingSecret: Helm cannot render the template: function "x" not defined [VK028]`},
		{"no such function", "sentinel: {enabled: true, extraEnvVarsCM: '{{ x }}'}", `1:43 sentinel.extraEnvVarsCM: Helm cannot render the template: function "x" not defined [VK028]`},
		{"a function that only Helm 4 has", "existingConfigmap: '{{ durationHours 1 }}'", `1:20 existingConfigmap: Helm cannot render the template: function "durationHours" not defined [VK028]`},
		{"nothing there", "existingConfigSecret: '{{ .Values.a.b }}'", "1:23 existingConfigSecret: Helm cannot render the template: <.Values.a.b>: nil pointer evaluating interface {}.b [VK028]"},
		{"asks for more", `existingConfigmap: '{{ required "say which" .Values.a }}'`, `1:20 existingConfigmap: Helm cannot render the template: <required "say which" .Values.a>: error calling required: say which [VK028]`},
		{"an extra object as text", `extraDeploy: ["kind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}'}"]`, ""},
		{"an extra object that is none", "extraDeploy:\n  - {kind: Secret}\n  - text", "3:5 extraDeploy[1]: is no Kubernetes object [VK027]"},
		{"its second document is none", `extraDeploy: ["kind: A\n---\n[]"]`, "1:15 extraDeploy[0]: is no Kubernetes object [VK027]"},
		{"a template in it", "extraDeploy:\n  - metadata: {name: '{{ fail \"no\" }}'}", `2:5 extraDeploy[0]: Helm cannot render the template: <fail "no">: error calling fail: no [VK028]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, brief(check(t, c, tt.text)))
		})
	}
}

// A template of a few lines could keep a computer busy for years.
func TestHostileTemplates(t *testing.T) {
	c := openChart(t)
	big := strings.Repeat("x", 1<<16)
	for _, text := range []string{
		`{{ range 1000000000000 }}x{{ end }}`,
		`{{ until 1000000000 }}`,
		`{{ repeat 1000000000 "x" }}`,
		`{{ $x := "xx" }}` + strings.Repeat(`{{ $x = print $x $x }}`, 60),
		strings.Repeat(`{{ with print . . }}`, 60) + strings.Repeat(`{{ end }}`, 60),
		`{{ printf "%999999999d" 1 }}`,
		`{{ template "value" . }}`,
		`{{ genPrivateKey "rsa" }}`,
		strings.Repeat(`{{ .Values.commonConfiguration }}`, 100),
	} {
		check(t, c, "existingConfigmap: '"+text+"'\ncommonConfiguration: '"+big+"'\n")
	}
}

// brief is one line for each finding.
func brief(found []finding.Finding) string {
	var lines []string
	for _, f := range found {
		lines = append(lines, fmt.Sprintf("%d:%d %s: %s [%s]", f.Position.Line, f.Position.Column, f.Path, f.Message, f.RuleID))
	}
	return strings.Join(lines, "\n")
}

// FuzzRender looks for panics, and for templates that never end.
func FuzzRender(f *testing.F) {
	c := openChart(f)
	for _, text := range []string{`{{ .Release.Name }}`, `{{ print (include "a" .) | include "b" }}`, `{{ if eq .Values.a 1 }}a{{ else }}{{ required "x" .b }}{{ end }}`, `{{ trunc -5 (print . 1 "a") | default (and) }}`, `{{ index }}`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = c.newRenderer(c.Defaults.Values).render(text)
	})
}
