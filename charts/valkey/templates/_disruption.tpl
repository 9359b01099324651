{{/* valkey.disruptionBudget: dict "root" "role": the spec of a PodDisruptionBudget */}}
{{- define "valkey.disruptionBudget" -}}
{{- $pdb := (index .root.Values .role).pdb -}}
{{- if not (has (toString $pdb.minAvailable) (list "" "<nil>")) -}}
minAvailable: {{ include "valkey.intOrString" $pdb.minAvailable }}
{{- else -}}
maxUnavailable: {{ include "valkey.intOrString" $pdb.maxUnavailable }}
{{- end }}
{{- with $pdb.unhealthyPodEvictionPolicy }}
unhealthyPodEvictionPolicy: {{ . }}
{{- end }}
selector:
  matchLabels:
    {{- include "valkey.roleSelectorLabels" . | nindent 4 }}
{{- end -}}

{{/* valkey.intOrString: a number, or a percentage; a number in quotes is a number */}}
{{- define "valkey.intOrString" -}}
{{- $text := include "valkey.string" . -}}
{{- if hasSuffix "%" $text -}}
{{- quote $text -}}
{{- else -}}
{{- int $text -}}
{{- end -}}
{{- end -}}
