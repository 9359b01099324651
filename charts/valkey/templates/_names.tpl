{{/* Names. All of them survive release names such as `off`, `1234`, `a.b` and of 53 characters. */}}

{{- define "valkey.name" -}}
{{- .Values.nameOverride | default .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/*
The base of every object's name: at most 42 characters, because a StatefulSet's name
goes into a label together with "-sentinel" and the hash of a revision. A name that is
cut keeps a hash of the whole, so that two long names stay different.
*/}}
{{- define "valkey.fullname" -}}
{{- $name := include "valkey.name" . -}}
{{- $full := printf "%s-%s" .Release.Name $name -}}
{{- if .Values.fullnameOverride -}}
{{- $full = .Values.fullnameOverride -}}
{{- else if contains $name .Release.Name -}}
{{- $full = .Release.Name -}}
{{- end -}}
{{- /* A Service's name starts with a letter and has no dots. */ -}}
{{- $full = $full | replace "." "-" -}}
{{- if regexMatch "^[0-9]" $full -}}
{{- $full = printf "v%s" $full -}}
{{- end -}}
{{- if gt (len $full) 42 -}}
{{- $full = printf "%s-%s" ($full | trunc 35 | trimSuffix "-") ($full | sha256sum | trunc 6) -}}
{{- end -}}
{{- $full | trimSuffix "-" -}}
{{- end -}}

{{- define "valkey.namespace" -}}
{{- .Values.namespaceOverride | default .Release.Namespace -}}
{{- end -}}

{{/* valkey.domain: what follows "<service>." in the name of a Service */}}
{{- define "valkey.domain" -}}
{{- printf "%s.svc.%s" (include "valkey.namespace" .) (.Values.clusterDomain | default "cluster.local") -}}
{{- end -}}

{{/* valkey.podDomainName: dict "root" "role" "ordinal" → the pod's name in DNS */}}
{{- define "valkey.podDomainName" -}}
{{- $object := printf "%s-%s" (include "valkey.fullname" .root) .role -}}
{{- printf "%s-%d.%s-headless.%s" $object (int .ordinal) $object (include "valkey.domain" .root) -}}
{{- end -}}

{{/* valkey.hosts: dict "root" "roles": the names of all expected pods of the roles, one a line */}}
{{- define "valkey.hosts" -}}
{{- range $role := .roles -}}
{{- range $ordinal := until (int (index $.root.Values $role).replicaCount) }}
{{ include "valkey.podDomainName" (dict "root" $.root "role" $role "ordinal" $ordinal) }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "valkey.secretName" -}}
{{- with .Values.auth.existingSecret -}}
{{- tpl . $ -}}
{{- else -}}
{{- include "valkey.fullname" . -}}
{{- end -}}
{{- end -}}

{{- define "valkey.secretKey" -}}
{{- .Values.auth.existingSecretPasswordKey | default "valkey-password" -}}
{{- end -}}

{{/* valkey.externalSecret: the Secret with the password of a server outside; empty: it asks for none */}}
{{- define "valkey.externalSecret" -}}
{{- $external := .Values.externalMaster | default dict -}}
{{- if include "valkey.external" . -}}
{{- if $external.existingSecret -}}
{{- tpl $external.existingSecret . -}}
{{- else if $external.password -}}
{{- printf "%s-external" (include "valkey.fullname" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "valkey.externalSecretKey" -}}
{{- $external := .Values.externalMaster | default dict -}}
{{- $external.existingSecretPasswordKey | default "password" -}}
{{- end -}}

{{- define "valkey.commonConfigMapName" -}}
{{- with .Values.existingConfigmap -}}
{{- tpl . $ -}}
{{- else -}}
{{- printf "%s-common" (include "valkey.fullname" .) -}}
{{- end -}}
{{- end -}}

{{/* valkey.roleConfigMapName: dict "root" "role" */}}
{{- define "valkey.roleConfigMapName" -}}
{{- with (index .root.Values .role).existingConfigmap -}}
{{- tpl . $.root -}}
{{- else -}}
{{- printf "%s-%s" (include "valkey.fullname" .root) .role -}}
{{- end -}}
{{- end -}}

{{- define "valkey.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "valkey.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{/* valkey.roleServiceAccountName: dict "root" "role" */}}
{{- define "valkey.roleServiceAccountName" -}}
{{- $account := (index .root.Values .role).serviceAccount -}}
{{- if $account.create -}}
{{- $account.name | default (printf "%s-%s" (include "valkey.fullname" .root) .role) -}}
{{- else -}}
{{- $account.name | default (include "valkey.serviceAccountName" .root) -}}
{{- end -}}
{{- end -}}
