{{/* Where pods go. */}}

{{/* valkey.neighbours: dict "root" "role": what selects the pods that avoid each other: those with data, of both StatefulSets, and the Sentinels */}}
{{- define "valkey.neighbours" -}}
{{- $roles := eq .role "sentinel" | ternary (list "sentinel") (list "master" "replica") -}}
{{- include "valkey.podSelector" (dict "root" .root "roles" $roles) -}}
{{- end -}}

{{/* valkey.affinity: dict "root" "role" "values" */}}
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
            {{- include "valkey.neighbours" . | nindent 12 }}
{{- else if eq (.values.podAntiAffinityPreset | default "") "hard" -}}
affinity:
  podAntiAffinity:
    requiredDuringSchedulingIgnoredDuringExecution:
      - topologyKey: kubernetes.io/hostname
        labelSelector:
          {{- include "valkey.neighbours" . | nindent 10 }}
{{- end -}}
{{- end -}}

{{/* valkey.topologySpread: dict "root" "role" "values" */}}
{{- define "valkey.topologySpread" -}}
{{- $selector := include "valkey.neighbours" . | fromYaml -}}
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
