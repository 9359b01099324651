{{/* valkey.probe: dict "kind" "path" "values": the probe of a role, or the user's own in its place */}}
{{- define "valkey.probe" -}}
{{- $custom := index .values (printf "custom%sProbe" (title .kind)) -}}
{{- $probe := index .values (printf "%sProbe" .kind) | default dict -}}
{{- if $custom -}}
{{ .kind }}Probe:
  {{- toYaml $custom | nindent 2 }}
{{- else if $probe.enabled -}}
{{ .kind }}Probe:
  httpGet:
    path: {{ .path }}
    port: http
  {{- toYaml (omit $probe "enabled") | nindent 2 }}
{{- end -}}
{{- end -}}
