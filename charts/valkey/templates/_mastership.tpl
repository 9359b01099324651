{{/*
Where mastership can be, and what follows from that. The rules in ../rules include these
helpers too, and the plugin evaluates rules without Helm: here is nothing but Sprig's
functions and `include`, over .Values alone. Any value may be null, and the new ones are
when somebody upgrades with `--reuse-values`.
*/}}

{{/* valkey.routing: `proxy` if mastership moves between pods, otherwise `direct` */}}
{{- define "valkey.routing" -}}
{{- $master := .Values.master | default dict -}}
{{- $service := $master.service | default dict -}}
{{- if eq .Values.architecture "standalone" -}}
direct
{{- else -}}
{{- $service.routing | default "proxy" -}}
{{- end -}}
{{- end -}}

{{/* valkey.proxyPort: the port of the write endpoint */}}
{{- define "valkey.proxyPort" -}}
{{- $ports := .Values.containerPorts | default dict -}}
{{- $ports.proxy | default 6380 | int -}}
{{- end -}}

{{/* valkey.sentinelPort */}}
{{- define "valkey.sentinelPort" -}}
{{- $ports := .Values.containerPorts | default dict -}}
{{- $ports.sentinel | default 26379 | int -}}
{{- end -}}

{{/* valkey.sentinel: `true`, or nothing */}}
{{- define "valkey.sentinel" -}}
{{- $sentinel := .Values.sentinel | default dict -}}
{{- if and $sentinel.enabled (ne .Values.architecture "standalone") -}}
true
{{- end -}}
{{- end -}}

{{/* valkey.sentinelMajority: more than half of the Sentinels */}}
{{- define "valkey.sentinelMajority" -}}
{{- $sentinel := .Values.sentinel | default dict -}}
{{- add (div (int $sentinel.replicaCount) 2) 1 -}}
{{- end -}}

{{/* valkey.sentinelQuorum */}}
{{- define "valkey.sentinelQuorum" -}}
{{- $sentinel := .Values.sentinel | default dict -}}
{{- int $sentinel.quorum | default (include "valkey.sentinelMajority" .) -}}
{{- end -}}

{{/* valkey.roles: the roles that have pods, by comma */}}
{{- define "valkey.roles" -}}
master
{{- if ne .Values.architecture "standalone" -}}
,replica
{{- end -}}
{{- if include "valkey.sentinel" . -}}
,sentinel
{{- end -}}
{{- end -}}

{{/* valkey.copies: how many pods there are for replicas: all but the one that is master */}}
{{- define "valkey.copies" -}}
{{- $master := .Values.master | default dict -}}
{{- $replica := .Values.replica | default dict -}}
{{- if eq .Values.architecture "standalone" -}}
0
{{- else -}}
{{- max 0 (sub (add (int $master.replicaCount) (int $replica.replicaCount)) 1) -}}
{{- end -}}
{{- end -}}

{{/* valkey.hive: `true`, or nothing */}}
{{- define "valkey.hive" -}}
{{- $hive := .Values.hive | default dict -}}
{{- if $hive.enabled -}}
true
{{- end -}}
{{- end -}}

{{/*
valkey.readers: the role whose pods the read Service leads to. Without pods of `replica`
the masters are the replicas, all but one, which no label tells from the others: it stays
among them, as a replica's pod does that has become master.
*/}}
{{- define "valkey.readers" -}}
{{- $master := .Values.master | default dict -}}
{{- $replica := .Values.replica | default dict -}}
{{- and (gt (int $master.replicaCount) 1) (eq (int $replica.replicaCount) 0) | ternary "master" "replica" -}}
{{- end -}}

{{/* valkey.external: `true` if the release takes over the data of a server outside, or nothing */}}
{{- define "valkey.external" -}}
{{- $external := .Values.externalMaster | default dict -}}
{{- if $external.host -}}
true
{{- end -}}
{{- end -}}

{{/* valkey.elects: `true` if another pod becomes master when the master is lost, or nothing */}}
{{- define "valkey.elects" -}}
{{- if or (include "valkey.hive" .) (include "valkey.sentinel" .) -}}
true
{{- end -}}
{{- end -}}

{{/* valkey.readyService: `true` if the pods ask DNS which of them are ready, or nothing */}}
{{- define "valkey.readyService" -}}
{{- $hive := .Values.hive | default dict -}}
{{- if and $hive.enabled (eq ($hive.policy | default "safe") "available") -}}
true
{{- end -}}
{{- end -}}

{{/* valkey.minReplicasToWrite: in hive 1 at least: by that a master which is cut off stops taking writes */}}
{{- define "valkey.minReplicasToWrite" -}}
{{- $safety := .Values.safety | default dict -}}
{{- max (int $safety.minReplicasToWrite) (include "valkey.hive" . | empty | ternary 0 1) -}}
{{- end -}}

{{/* valkey.minReplicasMaxLag: in hive what the entrypoint's wait before an election is made for */}}
{{- define "valkey.minReplicasMaxLag" -}}
{{- $safety := .Values.safety | default dict -}}
{{- include "valkey.hive" . | empty | ternary ($safety.minReplicasMaxLag | default "10s") "2s" -}}
{{- end -}}

{{/*
valkey.failback: one of several masters is no better than the others; nor is in hive the
master's pod, unless it has a volume.
*/}}
{{- define "valkey.failback" -}}
{{- $master := .Values.master | default dict -}}
{{- $persistence := $master.persistence | default dict -}}
{{- if and (include "valkey.hive" .) (not $persistence.enabled) -}}
never
{{- else if and (include "valkey.sentinel" .) (gt (int $master.replicaCount) 1) -}}
never
{{- else -}}
{{- $master.failback | default "auto" -}}
{{- end -}}
{{- end -}}

{{/* valkey.milliseconds: a duration as Go writes it → its milliseconds. Of Sprig's functions only dateModify reads one */}}
{{- define "valkey.milliseconds" -}}
{{- $start := toDate "2006-01-02" "2000-01-01" -}}
{{- $span := (dateModify . $start).Sub $start -}}
{{- $span.Milliseconds -}}
{{- end -}}

{{/* valkey.seconds: a duration as Go writes it → its seconds, rounded up */}}
{{- define "valkey.seconds" -}}
{{- div (add (include "valkey.milliseconds" . | int64) 999) 1000 -}}
{{- end -}}

{{/*
valkey.stopNeeds: dict "root" "role": what a stop of any pod of the role takes at most →
{"seconds": …, "parts": …} as JSON, where the parts are a sentence's. The number of
replicas is no part of it: another one would restart all pods.
*/}}
{{- define "valkey.stopNeeds" -}}
{{- $parts := list -}}
{{- $end := list 15 "to save" -}}
{{- if eq .role "sentinel" -}}
{{- $end = list 5 "to end" -}}
{{- else if eq (include "valkey.routing" .root) "proxy" -}}
{{- $handover := .root.Values.handover | default dict -}}
{{- $proxy := .root.Values.proxy | default dict -}}
{{- $parts = list
  (list (include "valkey.seconds" ($handover.waitForUpdatedReplica | default "10s")) "to wait for an updated replica (handover.waitForUpdatedReplica)")
  (list 18 "for two attempts to hand over")
  (list 2 "until clients find other pods")
  (list (include "valkey.seconds" ($proxy.holdTimeout | default "5s")) "for what they began (proxy.holdTimeout)")
-}}
{{- else if ne .root.Values.architecture "standalone" -}}
{{- $parts = list (list 10 "for replicas to catch up") -}}
{{- end -}}
{{- $parts = concat $parts (list $end (list 5 "to spare")) -}}
{{- $seconds := 0 -}}
{{- $words := list -}}
{{- range $parts -}}
{{- $seconds = add $seconds (index . 0 | int) -}}
{{- $words = append $words (printf "%v %s" (index . 0) (index . 1)) -}}
{{- end -}}
{{- dict "seconds" $seconds "parts" (printf "%s and %s" (initial $words | join ", ") (last $words)) | toJson -}}
{{- end -}}

{{/* valkey.gracePeriod: dict "root" "role": seconds, as given or as many as a stop needs */}}
{{- define "valkey.gracePeriod" -}}
{{- $given := (index .root.Values .role).terminationGracePeriodSeconds -}}
{{- if has (toString $given) (list "" "<nil>") -}}
{{- $usual := eq .role "sentinel" | ternary 30 60 -}}
{{- max $usual (int (include "valkey.stopNeeds" . | fromJson).seconds) -}}
{{- else -}}
{{- int $given -}}
{{- end -}}
{{- end -}}
