{{/* Where pods go. One selector across both StatefulSets, so that master and replicas avoid each other. */}}

{{/* valkey.affinity: dict "root" "values" */}}
{{- define "valkey.affinity" -}}
{{- if .values.affinity -}}
affinity:
  {{- toYaml .values.affinity | nindent 2 }}
{{- else if eq (.values.podAntiAffinityPreset | default "") "soft" -}}
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            {{- include "valkey.podSelector" .root | nindent 12 }}
{{- else if eq (.values.podAntiAffinityPreset | default "") "hard" -}}
affinity:
  podAntiAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      - topologyKey: kubernetes.io/hostname
        labelSelector:
          {{- include "valkey.podSelector" .root | nindent 10 }}
{{- end -}}
{{- end -}}

{{/* valkey.topologySpread: dict "root" "values" */}}
{{- define "valkey.topologySpread" -}}
{{- $selector := include "valkey.podSelector" .root | fromYaml -}}
{{- $constraints := list -}}
{{- if .values.topologySpreadConstraints -}}
{{- range .values.topologySpreadConstraints -}}
{{- $constraints = append $constraints (merge (dict) . (dict "labelSelector" $selector)) -}}
{{- end -}}
{{- else if .values.topologySpreadPreset -}}
{{- $when := eq .values.topologySpreadPreset "hard" | ternary "DoNotSchedule" "ScheduleAnyway" -}}
{{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" -}}
{{- $constraints = append $constraints (dict "maxSkew" 1 "topologyKey" . "whenUnsatisfiable" $when "labelSelector" $selector) -}}
{{- end -}}
{{- end -}}
{{- with $constraints -}}
topologySpreadConstraints:
  {{- toYaml . | nindent 2 }}
{{- end -}}
{{- end -}}
