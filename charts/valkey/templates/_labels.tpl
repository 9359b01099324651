{{/* Labels, annotations and other maps of strings. */}}

{{/* valkey.string: a scalar as Kubernetes wants it in a map of strings: 1000000, not 1e+06 */}}
{{- define "valkey.string" -}}
{{- if kindIs "string" . -}}
{{- . -}}
{{- else -}}
{{- toJson . -}}
{{- end -}}
{{- end -}}

{{/* valkey.stringMap: maps, the first with a key wins → YAML; every value is a string */}}
{{- define "valkey.stringMap" -}}
{{- $out := dict -}}
{{- range $map := . -}}
{{- range $key, $value := $map -}}
{{- if not (or (hasKey $out $key) (kindIs "invalid" $value)) -}}
{{- $_ := set $out $key (include "valkey.string" $value) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if $out -}}
{{- toYaml $out -}}
{{- end -}}
{{- end -}}

{{/* What selects the pods of all roles */}}
{{- define "valkey.selectorLabels" -}}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/name: {{ include "valkey.name" . | quote }}
{{- end -}}

{{/* valkey.roleSelectorLabels: dict "root" "role" */}}
{{- define "valkey.roleSelectorLabels" -}}
app.kubernetes.io/component: {{ .role }}
{{ include "valkey.selectorLabels" .root }}
{{- end -}}

{{/*
valkey.podSelector: dict "root" "roles": what selects the pods of the roles where a
Service's kind of selector does not do. A role without pods may be among them.
*/}}
{{- define "valkey.podSelector" -}}
matchLabels:
  {{- include "valkey.selectorLabels" .root | nindent 2 }}
matchExpressions:
  - key: app.kubernetes.io/component
    operator: In
    values: [{{ join ", " .roles }}]
{{- end -}}

{{/*
What selects the pods that have the write endpoint's port. A label of its
own, which no StatefulSet selects by (that could not change): pods made before the write
endpoint was at every pod lack it, and Sentinels and tests do too, so that none of them
gets a client that it cannot serve.
*/}}
{{- define "valkey.writeEndpointLabels" -}}
{{ include "valkey.selectorLabels" . }}
helm-valkey.github.io/write-endpoint: "true"
{{- end -}}

{{- define "valkey.version" -}}
{{- .Values.image.tag | default .Chart.AppVersion | trunc 63 | trimAll "-_." -}}
{{- end -}}

{{/* valkey.labels: dict "root", and "component", "labels" if there are any → labels of an object */}}
{{- define "valkey.labels" -}}
{{- $own := dict
  "app.kubernetes.io/instance" .root.Release.Name
  "app.kubernetes.io/managed-by" .root.Release.Service
  "app.kubernetes.io/name" (include "valkey.name" .root)
  "app.kubernetes.io/version" (include "valkey.version" .root)
  "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimAll "-_.")
-}}
{{- with .component -}}
{{- $_ := set $own "app.kubernetes.io/component" . -}}
{{- end -}}
{{- include "valkey.stringMap" (list $own .labels .root.Values.commonLabels) -}}
{{- end -}}

{{/* valkey.podLabels: dict "root" "role" "values". Without the chart's version, which would roll the pods */}}
{{- define "valkey.podLabels" -}}
{{- $own := dict
  "app.kubernetes.io/component" .role
  "app.kubernetes.io/instance" .root.Release.Name
  "app.kubernetes.io/managed-by" .root.Release.Service
  "app.kubernetes.io/name" (include "valkey.name" .root)
  "app.kubernetes.io/version" (include "valkey.version" .root)
-}}
{{- if include "valkey.writeEndpoint" . -}}
{{- $own = include "valkey.writeEndpointLabels" .root | fromYaml | merge $own -}}
{{- end -}}
{{- include "valkey.stringMap" (list $own .values.podLabels .root.Values.commonLabels) -}}
{{- end -}}

{{/* valkey.metadata: dict "root" "name", and "component", "labels", "annotations", "namespace" if there are any */}}
{{- define "valkey.metadata" -}}
name: {{ .name | quote }}
namespace: {{ .namespace | default (include "valkey.namespace" .root) | quote }}
labels:
  {{- include "valkey.labels" . | nindent 2 }}
{{- with include "valkey.stringMap" (list .annotations .root.Values.commonAnnotations) }}
annotations:
  {{- . | nindent 2 }}
{{- end }}
{{- end -}}
