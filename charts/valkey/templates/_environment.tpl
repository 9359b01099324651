{{/*
valkey.environment: dict "root" "role" "values": the entrypoint's settings. Another order
of them would restart all pods.
*/}}
{{- define "valkey.environment" -}}
{{ include "valkey.podEnvironment" . }}
{{- if eq .role "sentinel" }}
- name: ENTRYPOINT_DATA_VOLUME
  value: {{ .values.persistence.enabled | quote }}
- name: ENTRYPOINT_BOOTSTRAP_WAIT
  value: {{ .root.Values.safety.bootstrapWait | default "30s" | quote }}
{{- else }}
{{ include "valkey.serverEnvironment" . }}
{{- end }}
{{- if include "valkey.sentinel" .root }}
{{ include "valkey.sentinelEnvironment" .root }}
{{- if .root.Values.sentinel.announceHostnames }}
- name: ENTRYPOINT_ANNOUNCE_HOST
  value: {{ printf "$(ENTRYPOINT_POD_NAME).%s-%s-headless.%s" (include "valkey.fullname" .root) .role (include "valkey.domain" .root) | quote }}
{{- end }}
{{- end }}
- name: ENTRYPOINT_GRACE_PERIOD
  value: {{ include "valkey.gracePeriod" . | printf "%ss" | quote }}
- name: ENTRYPOINT_LOG_LEVEL
  value: {{ .root.Values.entrypoint.logLevel | default "info" | quote }}
{{- end -}}

{{/* valkey.podEnvironment: dict "root" "role": who the pod is, and where it finds the others */}}
{{- define "valkey.podEnvironment" -}}
{{- $root := .root -}}
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
{{- end -}}

{{/* valkey.serverEnvironment: dict "root" "role" "values": what a pod with data does with them */}}
{{- define "valkey.serverEnvironment" -}}
{{- $root := .root -}}
{{- $values := .values -}}
- name: ENTRYPOINT_CONFIG_FILES
  value: {{ include "valkey.configFiles" $root | quote }}
- name: ENTRYPOINT_PERSISTENCE
  value: {{ include "valkey.persistenceMode" . | quote }}
- name: ENTRYPOINT_DATA_VOLUME
  value: {{ $values.persistence.enabled | quote }}
- name: ENTRYPOINT_REPLICA_VOLUMES
  value: {{ include "valkey.replicaVolumes" $root | quote }}
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
{{- if and (eq .role "master") (include "valkey.external" $root) }}
{{ include "valkey.externalEnvironment" $root }}
{{- end }}
{{- /* As text: null, with `--reuse-values`, is no 0. */}}
{{- if and (eq .role "replica") (include "valkey.elects" $root) (eq (toString $values.priority) "0") }}
- name: ENTRYPOINT_PRIORITY
  value: "0"
{{- end }}
{{- end -}}

{{/* valkey.externalEnvironment: the server outside, for the pod that follows it */}}
{{- define "valkey.externalEnvironment" -}}
{{- $external := .Values.externalMaster -}}
{{- $host := contains ":" $external.host | ternary (printf "[%s]" $external.host) $external.host -}}
- name: ENTRYPOINT_EXTERNAL_MASTER
  value: {{ printf "%s:%d" $host ($external.port | default 6379 | int) | quote }}
{{- with $external.username }}
- name: ENTRYPOINT_EXTERNAL_USERNAME
  value: {{ . | quote }}
{{- end }}
{{- if include "valkey.externalSecret" . }}
- name: ENTRYPOINT_EXTERNAL_PASSWORD_FILE
  value: /run/secrets/external/password
{{- end }}
{{- end -}}

{{/* valkey.replicaVolumes: whether a pod other than the one that begins as master has a volume: `true` or `false` */}}
{{- define "valkey.replicaVolumes" -}}
{{- $masters := and .Values.master.persistence.enabled (gt (int .Values.master.replicaCount) 1) -}}
{{- and (eq .Values.architecture "replication") (or $masters .Values.replica.persistence.enabled) | ternary "true" "false" -}}
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

{{/* valkey.sentinelEnvironment: what all pods are told of the Sentinels */}}
{{- define "valkey.sentinelEnvironment" -}}
- name: ENTRYPOINT_SENTINELS_FILE
  value: /etc/valkey/topology/sentinels
- name: ENTRYPOINT_SENTINEL_PORT
  value: {{ include "valkey.sentinelPort" . | quote }}
- name: ENTRYPOINT_SENTINEL_NAME
  value: {{ .Values.sentinel.masterSet | default "mymaster" | quote }}
{{- /* A majority is counted by the pods themselves: another number of Sentinels restarts none. */}}
{{- with int (.Values.sentinel | default dict).quorum }}
- name: ENTRYPOINT_SENTINEL_QUORUM
  value: {{ . | quote }}
{{- end }}
- name: ENTRYPOINT_SENTINEL_DOWN_AFTER
  value: {{ printf "%dms" (.Values.sentinel.downAfterMilliseconds | default 1500 | int) | quote }}
- name: ENTRYPOINT_SENTINEL_FAILOVER_TIMEOUT
  value: {{ printf "%dms" (.Values.sentinel.failoverTimeout | default 15000 | int) | quote }}
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
