{{/* Security contexts. */}}

{{/* valkey.securityContext: dict "root" "context" → the context without `enabled`, and without fixed ids where OpenShift gives its own */}}
{{- define "valkey.securityContext" -}}
{{- $context := .context | default dict -}}
{{- if dig "enabled" true $context -}}
{{- $context = omit $context "enabled" -}}
{{- $adapt := dig "compatibility" "openshift" "adaptSecurityContext" "auto" (.root.Values.global | default dict) -}}
{{- if or (eq $adapt "force") (and (eq $adapt "auto") (.root.Capabilities.APIVersions.Has "security.openshift.io/v1")) -}}
{{- $context = omit $context "fsGroup" "runAsUser" "runAsGroup" "seLinuxOptions" -}}
{{- end -}}
{{- with $context -}}
securityContext:
  {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end -}}
{{- end -}}
