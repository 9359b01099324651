{{/* valkey.volumes: dict "root" "role" "values". Files of mode 288 are 0440: for the pod's group */}}
{{- define "valkey.volumes" -}}
{{- $root := .root -}}
{{- $persistence := .values.persistence -}}
- name: entrypoint
  emptyDir: {}
- name: run
  emptyDir:
    medium: Memory
    sizeLimit: 16Mi
{{- if ne .role "sentinel" }}
- name: common-configuration
  configMap:
    name: {{ include "valkey.commonConfigMapName" $root | quote }}
- name: role-configuration
  configMap:
    name: {{ include "valkey.roleConfigMapName" . | quote }}
{{- with $root.Values.existingConfigSecret }}
- name: secret-configuration
  secret:
    secretName: {{ tpl . $root | quote }}
    defaultMode: 288
{{- end }}
{{- end }}
{{- if eq $root.Values.architecture "replication" }}
- name: topology
  configMap:
    name: {{ printf "%s-topology" (include "valkey.fullname" $root) | quote }}
{{- end }}
{{- if $root.Values.auth.enabled }}
- name: password
  secret:
    secretName: {{ include "valkey.secretName" $root | quote }}
    defaultMode: 288
    items:
      - key: {{ include "valkey.secretKey" $root | quote }}
        path: password
{{- end }}
{{- if and (eq .role "master") (include "valkey.externalSecret" $root) }}
- name: external-password
  secret:
    secretName: {{ include "valkey.externalSecret" $root | quote }}
    defaultMode: 288
    items:
      - key: {{ include "valkey.externalSecretKey" $root | quote }}
        path: password
{{- end }}
{{- if not $persistence.enabled }}
- name: data
  {{- $limits := dict }}
  {{- with $persistence.medium }}
  {{- $_ := set $limits "medium" . }}
  {{- end }}
  {{- with $persistence.sizeLimit }}
  {{- $_ := set $limits "sizeLimit" . }}
  {{- end }}
  emptyDir: {{- toYaml $limits | nindent 4 }}
{{- else if $persistence.existingClaim }}
- name: data
  persistentVolumeClaim:
    claimName: {{ tpl $persistence.existingClaim $root | quote }}
{{- end }}
{{- end -}}

{{/*
valkey.volumeClaimTemplates: dict "root" "role" "values". Kubernetes refuses any change
of them, so nothing here may depend on the chart's version or on common labels.
*/}}
{{- define "valkey.volumeClaimTemplates" -}}
{{- $persistence := .values.persistence -}}
{{- if and $persistence.enabled (not $persistence.existingClaim) -}}
volumeClaimTemplates:
  - apiVersion: v1
    kind: PersistentVolumeClaim
    metadata:
      name: data
      labels:
        {{- $own := include "valkey.roleSelectorLabels" . | fromYaml }}
        {{- include "valkey.stringMap" (list $own $persistence.labels) | nindent 8 }}
      {{- with include "valkey.stringMap" (list $persistence.annotations) }}
      annotations:
        {{- . | nindent 8 }}
      {{- end }}
    spec:
      accessModes:
        {{- toYaml $persistence.accessModes | nindent 8 }}
      {{- with $persistence.storageClass | default (.root.Values.global | default dict).defaultStorageClass }}
      storageClassName: {{ eq . "-" | ternary "" . | quote }}
      {{- end }}
      resources:
        requests:
          storage: {{ $persistence.size | quote }}
      {{- with $persistence.selector }}
      selector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $persistence.dataSource }}
      dataSource:
        {{- toYaml . | nindent 8 }}
      {{- end }}
{{- end -}}
{{- end -}}
