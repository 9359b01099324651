{{/*
valkey.podTemplate: dict "root" "role" "values". The pods of all roles are nearly equal:
an init container copies the entrypoint into the pod, and the entrypoint starts the server
of a stock image, as a server of data or as a Sentinel.
*/}}
{{- define "valkey.podTemplate" -}}
{{- $root := .root -}}
{{- $values := .values -}}
{{- $sentinel := eq .role "sentinel" -}}
metadata:
  labels:
    {{- include "valkey.podLabels" . | nindent 4 }}
  annotations:
    {{- $own := include "valkey.checksums" . | fromYaml }}
    {{- $_ := set $own "kubectl.kubernetes.io/default-container" "valkey" }}
    {{- include "valkey.stringMap" (list $own $values.podAnnotations) | nindent 4 }}
spec:
  serviceAccountName: {{ include "valkey.roleServiceAccountName" . | quote }}
  automountServiceAccountToken: {{ and (not $values.serviceAccount.create) (not $values.serviceAccount.name) | ternary $root.Values.serviceAccount.automountServiceAccountToken $values.serviceAccount.automountServiceAccountToken | default false }}
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ include "valkey.gracePeriod" . }}
  {{- with include "valkey.imagePullSecrets" $root }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with include "valkey.securityContext" (dict "root" $root "context" $values.podSecurityContext) }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with include "valkey.affinity" . }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with include "valkey.topologySpread" . }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- with include "valkey.stringMap" (list $values.nodeSelector) }}
  nodeSelector:
    {{- . | nindent 4 }}
  {{- end }}
  {{- with $values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $values.priorityClassName }}
  priorityClassName: {{ . | quote }}
  {{- end }}
  {{- with $values.runtimeClassName }}
  runtimeClassName: {{ . | quote }}
  {{- end }}
  {{- with $values.schedulerName }}
  schedulerName: {{ . | quote }}
  {{- end }}
  {{- with $values.hostAliases }}
  hostAliases:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- if and $sentinel $values.announceHostnames }}
  {{- /* A Sentinel does nothing else while it asks for a name: five seconds, twice, is the usual. */}}
  dnsConfig:
    options:
      - name: timeout
        value: "1"
      - name: attempts
        value: "2"
      - name: ndots
        value: "1"
  {{- end }}
  initContainers:
    - name: entrypoint
      image: {{ include "valkey.entrypointImage" $root | quote }}
      imagePullPolicy: {{ $root.Values.entrypoint.image.pullPolicy }}
      command: ["/entrypoint", "install", "/opt/entrypoint"]
      {{- with include "valkey.securityContext" (dict "root" $root "context" $values.containerSecurityContext) }}
      {{- . | nindent 6 }}
      {{- end }}
      {{- with $root.Values.entrypoint.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      volumeMounts:
        - name: entrypoint
          mountPath: /opt/entrypoint
    {{- with $values.initContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  containers:
    - name: valkey
      image: {{ include "valkey.image" $root | quote }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      command: ["/opt/entrypoint/entrypoint", {{ $sentinel | ternary "sentinel" "run" | quote }}]
      {{- with include "valkey.securityContext" (dict "root" $root "context" $values.containerSecurityContext) }}
      {{- . | nindent 6 }}
      {{- end }}
      env:
        {{- include "valkey.environment" . | nindent 8 }}
        {{- with $values.extraEnvVars }}
        {{- include "valkey.extraEnvironment" . | nindent 8 }}
        {{- end }}
      {{- if or $values.extraEnvVarsCM $values.extraEnvVarsSecret }}
      envFrom:
        {{- with $values.extraEnvVarsCM }}
        - configMapRef:
            name: {{ tpl . $root | quote }}
        {{- end }}
        {{- with $values.extraEnvVarsSecret }}
        - secretRef:
            name: {{ tpl . $root | quote }}
        {{- end }}
      {{- end }}
      ports:
        - name: {{ include "valkey.portName" . }}
          containerPort: {{ include "valkey.portNumber" . }}
          protocol: TCP
        {{- if include "valkey.writeEndpoint" . }}
        - name: proxy
          containerPort: {{ include "valkey.proxyPort" $root }}
          protocol: TCP
        {{- end }}
        - name: http
          containerPort: {{ int $root.Values.containerPorts.http }}
          protocol: TCP
        - name: control
          containerPort: {{ int $root.Values.containerPorts.control }}
          protocol: TCP
      {{- range $kind, $path := dict "startup" "/startup" "liveness" "/live" "readiness" "/ready" }}
      {{- with include "valkey.probe" (dict "kind" $kind "path" $path "values" $values) }}
      {{- . | nindent 6 }}
      {{- end }}
      {{- end }}
      {{- with $values.lifecycleHooks }}
      lifecycle:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      volumeMounts:
        - name: entrypoint
          mountPath: /opt/entrypoint
          readOnly: true
        - name: data
          mountPath: /data
        - name: run
          mountPath: /run/valkey
        {{- if not $sentinel }}
        - name: common-configuration
          mountPath: /etc/valkey/common
          readOnly: true
        - name: role-configuration
          mountPath: /etc/valkey/role
          readOnly: true
        {{- if $root.Values.existingConfigSecret }}
        - name: secret-configuration
          mountPath: /etc/valkey/secret
          readOnly: true
        {{- end }}
        {{- end }}
        {{- if eq $root.Values.architecture "replication" }}
        - name: topology
          mountPath: /etc/valkey/topology
          readOnly: true
        {{- end }}
        {{- if $root.Values.auth.enabled }}
        - name: password
          mountPath: /run/secrets/valkey
          readOnly: true
        {{- end }}
        {{- if and (eq .role "master") (include "valkey.externalSecret" $root) }}
        - name: external-password
          mountPath: /run/secrets/external
          readOnly: true
        {{- end }}
        {{- with $values.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    {{- with $values.sidecars }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  volumes:
    {{- include "valkey.volumes" . | nindent 4 }}
    {{- with $values.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}
