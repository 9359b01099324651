{{/*
valkey.podTemplate: dict "root" "role" "values". The pods of both roles are nearly
equal: an init container copies the entrypoint into the pod, and the entrypoint starts
the server of a stock image.
*/}}
{{- define "valkey.podTemplate" -}}
{{- $root := .root -}}
{{- $values := .values -}}
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
      command: ["/opt/entrypoint/entrypoint", "run"]
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
        - name: valkey
          containerPort: {{ int $root.Values.containerPorts.valkey }}
          protocol: TCP
        {{- if eq (include "valkey.routing" $root) "proxy" }}
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

{{/* valkey.environment: dict "root" "role" "values": the entrypoint's settings */}}
{{- define "valkey.environment" -}}
{{- $root := .root -}}
{{- $values := .values -}}
{{- $fullname := include "valkey.fullname" $root -}}
- name: ENTRYPOINT_POD_NAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
- name: ENTRYPOINT_POD_IP
  valueFrom:
    fieldRef:
      fieldPath: status.podIP
- name: ENTRYPOINT_ROLE
  value: {{ .role }}
- name: ENTRYPOINT_CLUSTER_ID
  value: {{ printf "%s/%s" (include "valkey.namespace" $root) $fullname | quote }}
{{- if eq $root.Values.architecture "replication" }}
- name: ENTRYPOINT_MASTER
  value: {{ include "valkey.podDomainName" (dict "root" $root "role" "master" "ordinal" 0) | quote }}
- name: ENTRYPOINT_PEERS_FILE
  value: /etc/valkey/topology/peers
- name: ENTRYPOINT_PEER_SERVICES
  value: {{ printf "%[1]s-master-headless.%[2]s,%[1]s-replica-headless.%[2]s" $fullname (include "valkey.domain" $root) | quote }}
{{- end }}
{{- if ne ($root.Values.engine | default "auto") "auto" }}
- name: ENTRYPOINT_SERVER
  value: {{ printf "%s-server" $root.Values.engine | quote }}
{{- end }}
- name: ENTRYPOINT_PORT
  value: {{ int $root.Values.containerPorts.valkey | quote }}
- name: ENTRYPOINT_HTTP_ADDRESS
  value: {{ printf ":%d" (int $root.Values.containerPorts.http) | quote }}
- name: ENTRYPOINT_CONTROL_ADDRESS
  value: {{ printf ":%d" (int $root.Values.containerPorts.control) | quote }}
{{- if $root.Values.auth.enabled }}
- name: ENTRYPOINT_PASSWORD_FILE
  value: /run/secrets/valkey/password
{{- end }}
- name: ENTRYPOINT_CONFIG_FILES
  value: {{ include "valkey.configFiles" $root | quote }}
- name: ENTRYPOINT_PERSISTENCE
  value: {{ include "valkey.persistenceMode" . | quote }}
- name: ENTRYPOINT_DATA_VOLUME
  value: {{ $values.persistence.enabled | quote }}
- name: ENTRYPOINT_REPLICA_VOLUMES
  value: {{ and (eq $root.Values.architecture "replication") $root.Values.replica.persistence.enabled | ternary "true" "false" | quote }}
- name: ENTRYPOINT_DISKLESS_SYNC_DELAY
  value: {{ int $root.Values.replica.disklessSyncDelay | quote }}
- name: ENTRYPOINT_EMPTY_MASTER
  value: {{ $root.Values.safety.emptyMaster | default "hold" | quote }}
- name: ENTRYPOINT_BOOTSTRAP_WAIT
  value: {{ $root.Values.safety.bootstrapWait | default "30s" | quote }}
- name: ENTRYPOINT_MAX_LAG
  value: {{ $root.Values.safety.maxLag | default "10s" | quote }}
- name: ENTRYPOINT_MIN_REPLICAS_TO_WRITE
  value: {{ include "valkey.minReplicasToWrite" $root | quote }}
- name: ENTRYPOINT_MIN_REPLICAS_MAX_LAG
  value: {{ include "valkey.minReplicasMaxLag" $root | quote }}
{{- if eq (include "valkey.routing" $root) "proxy" }}
{{ include "valkey.mastershipEnvironment" $root }}
{{- end }}
- name: ENTRYPOINT_GRACE_PERIOD
  value: {{ include "valkey.gracePeriod" . | printf "%ss" | quote }}
- name: ENTRYPOINT_LOG_LEVEL
  value: {{ $root.Values.entrypoint.logLevel | default "info" | quote }}
{{- end -}}

{{/* valkey.mastershipEnvironment: the entrypoint's settings where mastership moves */}}
{{- define "valkey.mastershipEnvironment" -}}
{{- $proxy := .Values.proxy | default dict -}}
{{- $handover := .Values.handover | default dict -}}
{{- $hive := .Values.hive | default dict -}}
{{- $durability := .Values.durability | default "async" -}}
{{- $failback := include "valkey.failback" . -}}
- name: ENTRYPOINT_REVISION
  valueFrom:
    fieldRef:
      fieldPath: metadata.labels['controller-revision-hash']
- name: ENTRYPOINT_PROXY_ADDRESS
  value: {{ include "valkey.proxyPort" . | printf ":%s" | quote }}
- name: ENTRYPOINT_PROXY_HOLD_TIMEOUT
  value: {{ $proxy.holdTimeout | default "5s" | quote }}
- name: ENTRYPOINT_PROXY_MAX_CONNECTIONS
  value: {{ int ($proxy.maxConnections | default 10000) | quote }}
- name: ENTRYPOINT_PROXY_MAX_PENDING
  value: {{ int ($proxy.maxPendingBytes | default 1048576) | quote }}
- name: ENTRYPOINT_DURABILITY
  value: {{ $durability }}
{{- if eq $durability "replicated" }}
- name: ENTRYPOINT_DURABILITY_TIMEOUT
  value: {{ .Values.durabilityTimeout | default "2s" | quote }}
{{- end }}
- name: ENTRYPOINT_FAILBACK
  value: {{ $failback }}
{{- if eq $failback "auto" }}
- name: ENTRYPOINT_FAILBACK_AFTER
  value: {{ .Values.master.failbackAfter | default "60s" | quote }}
{{- end }}
- name: ENTRYPOINT_UPDATE_WAIT
  value: {{ $handover.waitForUpdatedReplica | default "10s" | quote }}
{{- if include "valkey.hive" . }}
- name: ENTRYPOINT_HIVE_POLICY
  value: {{ $hive.policy | default "safe" }}
- name: ENTRYPOINT_HIVE_SILENCE
  value: {{ $hive.silenceTimeout | default "1s" | quote }}
- name: ENTRYPOINT_HIVE_HANG
  value: {{ $hive.hangTimeout | default "3s" | quote }}
{{- end }}
{{- if include "valkey.readyService" . }}
- name: ENTRYPOINT_READY_SERVICES
  value: {{ printf "%s-ready.%s" (include "valkey.fullname" .) (include "valkey.domain" .) | quote }}
{{- end }}
{{- end -}}

{{/* valkey.extraEnvironment: the user's variables; a number or a boolean becomes a string */}}
{{- define "valkey.extraEnvironment" -}}
{{- $out := list -}}
{{- range . -}}
{{- if hasKey . "value" -}}
{{- $out = append $out (merge (dict "value" (include "valkey.string" .value)) .) -}}
{{- else -}}
{{- $out = append $out . -}}
{{- end -}}
{{- end -}}
{{- toYaml $out -}}
{{- end -}}

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
