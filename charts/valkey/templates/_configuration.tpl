{{/* Configuration and password: what the server reads, and what makes a role's pods restart. */}}

{{/* valkey.persistenceMode: dict "root" "role" */}}
{{- define "valkey.persistenceMode" -}}
{{- $values := index .root.Values .role -}}
{{- $mode := .root.Values.persistenceMode | default "aof" -}}
{{- if and (eq .role "replica") (not $values.persistence.enabled) -}}
{{- $mode = "none" -}}
{{- end -}}
{{- $values.persistenceMode | default $mode -}}
{{- end -}}

{{/* valkey.configFiles: the files for the server, in the order in which it reads them */}}
{{- define "valkey.configFiles" -}}
{{- $files := list "/etc/valkey/common/valkey.conf" "/etc/valkey/role/valkey.conf" -}}
{{- if .Values.existingConfigSecret -}}
{{- $files = append $files "/etc/valkey/secret/valkey.conf" -}}
{{- end -}}
{{- join "," $files -}}
{{- end -}}

{{/*
valkey.checksums: dict "root" "role". Only over what this role's pods read and cannot
take in without a restart: not over the other role's configuration, not over the list
of peers, not over a generated password. The password's goes through scrypt, salted
with the release: an annotation is no place for a fast hash of it.
*/}}
{{- define "valkey.checksums" -}}
{{- $values := index .root.Values .role -}}
{{- $server := ne .role "sentinel" -}}
{{- if and $server (not .root.Values.existingConfigmap) }}
checksum/common-configuration: {{ .root.Values.commonConfiguration | default "" | sha256sum | trunc 32 | quote }}
{{- end }}
{{- if and $server (not $values.existingConfigmap) }}
checksum/role-configuration: {{ $values.configuration | default "" | sha256sum | trunc 32 | quote }}
{{- end }}
{{- if and .root.Values.auth.enabled .root.Values.auth.password (not .root.Values.auth.existingSecret) }}
checksum/password: {{ derivePassword 1 "maximum" (toString .root.Values.auth.password) .root.Release.Name (include "valkey.namespace" .root) | sha256sum | trunc 32 | quote }}
{{- end }}
{{- if and (eq .role "master") (include "valkey.externalSecret" .root) (not .root.Values.externalMaster.existingSecret) }}
checksum/external-password: {{ derivePassword 1 "maximum" (toString .root.Values.externalMaster.password) .root.Release.Name (include "valkey.namespace" .root) | sha256sum | trunc 32 | quote }}
{{- end }}
{{- end -}}

{{/* valkey.password: the password given, else the one that is there already, else a new one; base64 */}}
{{- define "valkey.password" -}}
{{- $key := include "valkey.secretKey" . -}}
{{- $current := lookup "v1" "Secret" (include "valkey.namespace" .) (include "valkey.fullname" .) | default dict -}}
{{- if .Values.auth.password -}}
{{- .Values.auth.password | toString | b64enc -}}
{{- else -}}
{{- index ($current.data | default dict) $key | default (randAlphaNum 32 | b64enc) -}}
{{- end -}}
{{- end -}}
