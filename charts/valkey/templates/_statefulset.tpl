{{/*
valkey.statefulSet: dict "root" "role" "values": the spec of a role's StatefulSet.
Sentinels have no choice of podManagementPolicy: one gets ready when there is a master,
and pods choose a master when most Sentinels are up.
*/}}
{{- define "valkey.statefulSet" -}}
replicas: {{ int .values.replicaCount }}
serviceName: {{ printf "%s-%s-headless" (include "valkey.fullname" .root) .role | quote }}
podManagementPolicy: {{ .values.podManagementPolicy | default "Parallel" }}
{{- with .values.updateStrategy }}
updateStrategy:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.persistentVolumeClaimRetentionPolicy }}
persistentVolumeClaimRetentionPolicy:
  {{- toYaml . | nindent 2 }}
{{- end }}
selector:
  matchLabels:
    {{- include "valkey.roleSelectorLabels" . | nindent 4 }}
template:
  {{- include "valkey.podTemplate" . | nindent 2 }}
{{- with include "valkey.volumeClaimTemplates" . }}
{{ . }}
{{- end }}
{{- end -}}
