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

{{/*
valkey.clientService: dict "root" "role": the spec of an endpoint for clients. Target
ports are names, which are looked up in each pod: a pod without the port gets no client.
*/}}
{{- define "valkey.clientService" -}}
{{- $service := (index .root.Values .role).service -}}
{{- $proxy := and (eq .role "master") (eq (include "valkey.routing" .root) "proxy") -}}
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
  {{- include "valkey.roleSelectorLabels" . | nindent 2 }}
  {{- end }}
ports:
  - name: valkey
    port: {{ int $service.ports.valkey }}
    targetPort: {{ $proxy | ternary "proxy" "valkey" }}
    protocol: TCP
    {{- if and (ne $service.type "ClusterIP") $service.nodePorts.valkey }}
    nodePort: {{ int $service.nodePorts.valkey }}
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
  - name: valkey
    port: {{ int .root.Values.containerPorts.valkey }}
    targetPort: valkey
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
