{{/* valkey.networkPeer: values with ingressNSMatchLabels and ingressNSPodMatchLabels → one peer of a NetworkPolicy */}}
{{- define "valkey.networkPeer" -}}
{{- with include "valkey.stringMap" (list .ingressNSMatchLabels) -}}
namespaceSelector:
  matchLabels:
    {{- . | nindent 4 }}
{{ end -}}
{{- with include "valkey.stringMap" (list .ingressNSPodMatchLabels) -}}
podSelector:
  matchLabels:
    {{- . | nindent 4 }}
{{- end -}}
{{- end -}}
