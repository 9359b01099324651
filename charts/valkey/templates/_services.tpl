{{/* valkey.ipFamilies: a Service's values → its dual-stack fields */}}
{{- define "valkey.ipFamilies" -}}
{{- with .ipFamilyPolicy }}
ipFamilyPolicy: {{ . }}
{{- end }}
{{- with .ipFamilies }}
ipFamilies:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* valkey.portName: dict "role": the port of the role's server, in its container, its Services and their values */}}
{{- define "valkey.portName" -}}
{{- eq .role "sentinel" | ternary "sentinel" "valkey" -}}
{{- end -}}

{{/* valkey.portNumber: dict "root" "role": its number in the container */}}
{{- define "valkey.portNumber" -}}
{{- if eq .role "sentinel" -}}
{{- include "valkey.sentinelPort" .root -}}
{{- else -}}
{{- int .root.Values.containerPorts.valkey -}}
{{- end -}}
{{- end -}}

{{/* valkey.writeEndpoint: dict "root" "role": `true` if the role's pods have the write endpoint's port, or nothing */}}
{{- define "valkey.writeEndpoint" -}}
{{- if and (ne .role "sentinel") (eq (include "valkey.routing" .root) "proxy") -}}
true
{{- end -}}
{{- end -}}

{{/*
valkey.clientService: dict "root" "role": the spec of an endpoint for clients. Target
ports are names, which are looked up in each pod: a pod without the port gets no client.
*/}}
{{- define "valkey.clientService" -}}
{{- $service := (index .root.Values .role).service -}}
{{- $proxy := and (eq .role "master") (eq (include "valkey.routing" .root) "proxy") -}}
{{- $port := include "valkey.portName" . -}}
{{- $pods := eq .role "replica" | ternary (include "valkey.readers" .root) .role -}}
type: {{ $service.type }}
{{- with $service.clusterIP }}
clusterIP: {{ . | quote }}
{{- end }}
{{- if eq $service.type "LoadBalancer" }}
{{- with $service.loadBalancerIP }}
loadBalancerIP: {{ . | quote }}
{{- end }}
{{- with $service.loadBalancerClass }}
loadBalancerClass: {{ . | quote }}
{{- end }}
{{- with $service.loadBalancerSourceRanges }}
loadBalancerSourceRanges:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- if ne $service.type "ClusterIP" }}
{{- with $service.externalTrafficPolicy }}
externalTrafficPolicy: {{ . }}
{{- end }}
{{- end }}
{{- with $service.internalTrafficPolicy }}
internalTrafficPolicy: {{ . }}
{{- end }}
{{- with include "valkey.trafficDistribution" . }}
trafficDistribution: {{ . }}
{{- end }}
{{- with $service.sessionAffinity }}
sessionAffinity: {{ . }}
{{- end }}
{{- include "valkey.ipFamilies" $service }}
selector:
  {{- if $proxy }}
  {{- include "valkey.writeEndpointLabels" .root | nindent 2 }}
  {{- else }}
  {{- include "valkey.roleSelectorLabels" (dict "root" .root "role" $pods) | nindent 2 }}
  {{- end }}
ports:
  - name: {{ $port }}
    port: {{ index $service.ports $port | int }}
    targetPort: {{ $proxy | ternary "proxy" $port }}
    protocol: TCP
    {{- with index $service.nodePorts $port }}
    {{- if ne $service.type "ClusterIP" }}
    nodePort: {{ int . }}
    {{- end }}
    {{- end }}
{{- end -}}

{{/* valkey.trafficDistribution: dict "root" "role": the value, if this cluster knows it */}}
{{- define "valkey.trafficDistribution" -}}
{{- with (index .root.Values .role).service.trafficDistribution -}}
{{- $since := eq . "PreferClose" | ternary "1.31.0-0" "1.34.0-0" -}}
{{- if semverCompare (printf ">=%s" $since) $.root.Capabilities.KubeVersion.Version -}}
{{- . -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* valkey.headlessService: dict "root" "role": the spec of the Service that gives pods their names, ready or not */}}
{{- define "valkey.headlessService" -}}
type: ClusterIP
clusterIP: None
publishNotReadyAddresses: true
{{- include "valkey.ipFamilies" (index .root.Values .role).service }}
selector:
  {{- include "valkey.roleSelectorLabels" . | nindent 2 }}
ports:
  - name: {{ include "valkey.portName" . }}
    port: {{ include "valkey.portNumber" . }}
    targetPort: {{ include "valkey.portName" . }}
    protocol: TCP
  - name: http
    port: {{ int .root.Values.containerPorts.http }}
    targetPort: http
    protocol: TCP
  - name: control
    port: {{ int .root.Values.containerPorts.control }}
    targetPort: control
    protocol: TCP
{{- end -}}
