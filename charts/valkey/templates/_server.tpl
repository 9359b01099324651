{{/*
What values say of the server: its release, its configuration, its memory. As in
_mastership.tpl, here is nothing but Sprig's functions and `include`, over .Values and
.Chart: the rules in ../rules and the plugin use it.
*/}}

{{/*
valkey.release: the server's release, by the image's name and tag → {"engine", "number",
"name"} as JSON: 801 is 8.1, and 899 the newest 8.x. A number of 0 is an engine or a release
of which _directives.tpl knows nothing.
*/}}
{{- define "valkey.release" -}}
{{- $image := .Values.image | default dict -}}
{{- $repository := last (splitList "/" (toString $image.repository)) -}}
{{- $engine := .Values.engine | default "auto" -}}
{{- if not (has $engine (list "valkey" "redis")) -}}
{{- $engine = contains "valkey" $repository | ternary "valkey" (contains "redis" $repository | ternary "redis" "") -}}
{{- end -}}
{{- $tag := toString (empty $image.digest | ternary ($image.tag | default .Chart.AppVersion) ($image.tag | default "")) -}}
{{- $number := 0 -}}
{{- with regexFind `^v?[0-9]{1,2}([.][0-9]{1,2}|-|$)` $tag -}}
{{- $parts := splitList "." (. | trimPrefix "v" | trimSuffix "-") -}}
{{- $number = add (mul 100 (first $parts | atoi)) (eq (len $parts) 1 | ternary 99 (last $parts | atoi)) -}}
{{- end -}}
{{- $known := dict "valkey" (and (ge $number 702) (le $number 901)) "redis" (and (ge $number 602) (le $number 800)) -}}
{{- if not (get $known $engine) -}}
{{- $number = 0 -}}
{{- end -}}
{{- $name := printf "%s %d" (title $engine) (div $number 100) -}}
{{- if ne (mod $number 100) 99 -}}
{{- $name = printf "%s.%d" $name (mod $number 100) -}}
{{- end -}}
{{- dict "engine" $engine "number" $number "name" $name | toJson -}}
{{- end -}}

{{/*
valkey.configurationLines: the directives in the configuration → {"lines": [{"path", "at",
"directive", "values", "whole"}]} as JSON: the values as they are written, quotes and all;
whole says whether every quote is closed. Rules and the helpers below see them, made once,
as .Configuration. Nothing is collected in a list, which `append` would copy for every line,
and only the first 10,000 lines of a text are looked at.
*/}}
{{- define "valkey.configurationLines" -}}
{{- $master := .Values.master | default dict -}}
{{- $replica := .Values.replica | default dict -}}
{{- $texts := dict "commonConfiguration" .Values.commonConfiguration "master.configuration" $master.configuration "replica.configuration" $replica.configuration -}}
{{- $comma := "" -}}
{"lines": [
{{- range $path, $text := $texts -}}
{{- range $i, $line := splitList "\n" (toString ($text | default "")) -}}
{{- $line = trim $line -}}
{{- if and $line (lt $i 10000) (not (hasPrefix "#" $line)) -}}
{{- $words := splitList " " (replace "\t" " " $line) | compact -}}
{{- $whole := true -}}
{{- if or (contains "'" $line) (contains "\"" $line) -}}
{{- $words = regexFindAll `(?:[^\s"']|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')+|["']\S*` $line -1 -}}
{{- $whole = regexMatch `^(?:[^"']|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')*$` $line -}}
{{- end -}}
{{- $comma -}}
{{- dict "path" $path "at" (printf "%s[%d]" $path $i) "directive" (first $words | trimAll "\"'" | lower) "values" (rest $words) "whole" $whole | toJson -}}
{{- $comma = "," -}}
{{- end -}}
{{- end -}}
{{- end -}}
]}
{{- end -}}

{{/* valkey.near: list of a word and of lines of words: the first word of a line that is one slip of the keyboard away, or nothing */}}
{{- define "valkey.near" -}}
{{- $word := first . -}}
{{- if regexMatch "^[a-z0-9_-]{4,40}$" $word -}}
{{- $slips := list -}}
{{- range $i := until (len $word) -}}
{{- $before := substr 0 $i $word -}}
{{- $after := substr (int (add $i 1)) (len $word) $word -}}
{{- $letter := substr $i (int (add $i 1)) $word -}}
{{- $slips = concat $slips (list (print $before ".?" $after) (print $before $letter "." $after)) -}}
{{- if $after -}}
{{- $slips = append $slips (print $before (substr 0 1 $after) $letter (substr 1 (len $after) $after)) -}}
{{- end -}}
{{- end -}}
{{- regexFind (printf "(?m)^(?:%s)(?: |$)" (join "|" $slips)) (last .) | trim -}}
{{- end -}}
{{- end -}}

{{/* valkey.serverBytes: memory as the server reads it (1gb) → bytes, or nothing if it does not */}}
{{- define "valkey.serverBytes" -}}
{{- $text := . | trimAll "\"'" | lower -}}
{{- if regexMatch "^[0-9]+(b|k|kb|m|mb|g|gb)?$" $text -}}
{{- $units := dict "" 1 "b" 1 "k" 1000 "kb" 1024 "m" 1000000 "mb" 1048576 "g" 1000000000 "gb" 1073741824 -}}
{{- mul (regexFind "^[0-9]+" $text | int64) (get $units (regexFind "[a-z]*$" $text)) -}}
{{- end -}}
{{- end -}}

{{/* valkey.quantity: a quantity of Kubernetes (8Gi, 500m) → a number, or nothing if it is none */}}
{{- define "valkey.quantity" -}}
{{- $text := toString . -}}
{{- if regexMatch "^[+]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+|[num]|[kMGTPE]|[KMGTPE]i)?$" $text -}}
{{- $number := regexFind "^[+0-9.]+([eE][+-]?[0-9]+)?" $text -}}
{{- $units := dict "" 1 "n" 0.000000001 "u" 0.000001 "m" 0.001 "k" 1e3 "M" 1e6 "G" 1e9 "T" 1e12 "P" 1e15 "E" 1e18
  "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 "Pi" 1125899906842624 "Ei" 1152921504606846976 -}}
{{- mulf (float64 $number) (get $units (trimPrefix $number $text)) -}}
{{- end -}}
{{- end -}}

{{/* valkey.maxmemory: dict "root" "role": the role's `maxmemory` in bytes, or nothing if its configuration has none */}}
{{- define "valkey.maxmemory" -}}
{{- $last := "" -}}
{{- $paths := list "commonConfiguration" (printf "%s.configuration" .role) -}}
{{- range .root.Configuration -}}
{{- if and (eq .directive "maxmemory") (has .path $paths) (eq (len .values) 1) -}}
{{- $last = first .values -}}
{{- end -}}
{{- end -}}
{{- include "valkey.serverBytes" $last -}}
{{- end -}}

{{/* valkey.memoryLimit: dict "root" "role": the memory limit of the role's server in bytes, or nothing */}}
{{- define "valkey.memoryLimit" -}}
{{- $values := get .root.Values .role | default dict -}}
{{- $limits := get ($values.resources | default dict) "limits" -}}
{{- if kindIs "map" $limits -}}
{{- with $limits.memory -}}
{{- include "valkey.quantity" . -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* valkey.below: list of a path and a key → the path of the key, or of the mapping when the key is no common word */}}
{{- define "valkey.below" -}}
{{- first . -}}
{{- if regexMatch "^[-A-Za-z0-9_./]+$" (last .) -}}
.{{ last . | replace "." "\\." }}
{{- end -}}
{{- end -}}

{{/*
valkey.replicaBuffers: dict "root" "role": the bytes that the role's configuration allows for replicas
beside the data: their output buffer, which all share, and the backlog. What it does not name counts nothing.
*/}}
{{- define "valkey.replicaBuffers" -}}
{{- $bytes := dict "client-output-buffer-limit" "0" "repl-backlog-size" "0" -}}
{{- $paths := list "commonConfiguration" (printf "%s.configuration" .role) -}}
{{- range .root.Configuration -}}
{{- $line := . -}}
{{- if not (has .path $paths) -}}
{{- else if eq .directive "repl-backlog-size" -}}
{{- $_ := set $bytes .directive (include "valkey.serverBytes" (first .values | toString)) -}}
{{- else if eq .directive "client-output-buffer-limit" -}}
{{- range $i, $value := .values -}}
{{- if and (has (lower $value) (list "replica" "slave")) (lt $i (int (sub (len $line.values) 1))) -}}
{{- $_ := set $bytes $line.directive (include "valkey.serverBytes" (index $line.values (int (add $i 1)))) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- add (get $bytes "client-output-buffer-limit" | int64) (get $bytes "repl-backlog-size" | int64) -}}
{{- end -}}
