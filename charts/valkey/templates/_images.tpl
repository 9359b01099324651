{{/* Images. */}}

{{/* valkey.imageReference: dict "root" "image" "tag" (the tag where the image names none) */}}
{{- define "valkey.imageReference" -}}
{{- $registry := (.root.Values.global | default dict).imageRegistry | default .image.registry -}}
{{- $name := .image.repository -}}
{{- with $registry -}}
{{- $name = printf "%s/%s" (trimSuffix "/" .) $name -}}
{{- end -}}
{{- if .image.digest -}}
{{- printf "%s@%s" $name .image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (.image.tag | default .tag) -}}
{{- end -}}
{{- end -}}

{{- define "valkey.image" -}}
{{- include "valkey.imageReference" (dict "root" . "image" .Values.image "tag" .Chart.AppVersion) -}}
{{- end -}}

{{- define "valkey.entrypointImage" -}}
{{- include "valkey.imageReference" (dict "root" . "image" .Values.entrypoint.image "tag" (.Chart.Version | replace "+" "_")) -}}
{{- end -}}

{{/* valkey.imagePullSecrets: the global ones and those of both images, given as names or as {name: …} */}}
{{- define "valkey.imagePullSecrets" -}}
{{- $names := list -}}
{{- range list .Values.global .Values.image .Values.entrypoint.image -}}
{{- range (. | default dict).imagePullSecrets | default (. | default dict).pullSecrets -}}
{{- $names = append $names (kindIs "map" . | ternary . (dict "name" .)) -}}
{{- end -}}
{{- end -}}
{{- with uniq $names -}}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end -}}
