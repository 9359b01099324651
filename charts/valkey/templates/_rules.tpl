{{/*
Rules on values that no schema can state: ../rules, one file each, shared with the
plugin. A rule's check is a template over plain values (JSON's types, no methods) and the
lines of the server's configuration, with Sprig's functions and the helpers of
_mastership.tpl, _server.tpl and _directives.tpl; every line it prints is a finding.
*/}}

{{/* valkey.findings: dict "root" "severity" → the findings as a JSON list of strings */}}
{{- define "valkey.findings" -}}
{{- $root := .root -}}
{{- $input := dict
  "Values" ($root.Values | toJson | fromJson)
  "Chart" (dict "Name" $root.Chart.Name "Version" $root.Chart.Version "AppVersion" $root.Chart.AppVersion)
-}}
{{- $_ := set $input "Configuration" (include "valkey.configurationLines" $input | fromJson).lines -}}
{{- $comma := "" -}}
[
{{- range $path, $_ := $root.Files.Glob "rules/VK1*.yaml" -}}
{{- $rule := $root.Files.Get $path | fromYaml -}}
{{- if eq $rule.severity $.severity -}}
{{- range splitList "\n" (tpl $rule.check $input) -}}
{{- with trim . -}}
{{- $comma -}}
{{- printf "%s (fix: %s) [%s]" . (trim $rule.fix) $rule.id | toJson -}}
{{- $comma = "," -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
]
{{- end -}}
