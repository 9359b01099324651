package migrate

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// owned are the directives that the chart sets itself, and why they are not for
// the configuration. Rule VK109 refuses them.
var owned = map[string]string{
	"appenddirname":            "the chart's own",
	"appendfilename":           "the chart's own",
	"bind":                     "pods listen on all their addresses",
	"cluster-enabled":          "there is no cluster mode",
	"daemonize":                "the server is a child of the entrypoint",
	"dbfilename":               "the chart's own",
	"dir":                      "data is at /data",
	"include":                  "see existingConfigmap and existingConfigSecret",
	"logfile":                  "logs go to the standard output",
	"masterauth":               "see auth",
	"masteruser":               "replicas log in as the default user",
	"pidfile":                  "the server is a child of the entrypoint",
	"port":                     "see containerPorts.valkey",
	"primaryauth":              "see auth",
	"primaryuser":              "replicas log in as the default user",
	"protected-mode":           "see auth and networkPolicy",
	"replica-announce-ip":      "pods announce their own address",
	"replica-announce-port":    "pods announce their own port",
	"replica-read-only":        "a write to a replica is lost",
	"replicaof":                "the entrypoint decides who follows whom",
	"requirepass":              "see auth",
	"slave-announce-ip":        "pods announce their own address",
	"slave-announce-port":      "pods announce their own port",
	"slave-read-only":          "a write to a replica is lost",
	"slaveof":                  "the entrypoint decides who follows whom",
	"supervised":               "the server is a child of the entrypoint",
	"unixsocket":               "the entrypoint's own",
	"unixsocketperm":           "the entrypoint's own",
	"aclfile":                  "write the users as \"user …\" lines: with Sentinel the chart adds one of its own",
	"tls-port":                 "there is no TLS yet",
	"tls-cert-file":            "there is no TLS yet",
	"tls-key-file":             "there is no TLS yet",
	"tls-ca-cert-file":         "there is no TLS yet",
	"tls-replication":          "there is no TLS yet",
	"appendonly":               "see persistenceMode",
	"min-replicas-to-write":    "see safety.minReplicasToWrite",
	"min-slaves-to-write":      "see safety.minReplicasToWrite",
	"min-replicas-max-lag":     "see safety.minReplicasMaxLag",
	"min-slaves-max-lag":       "see safety.minReplicasMaxLag",
	"replica-priority":         "see replica.priority",
	"slave-priority":           "see replica.priority",
	"repl-diskless-sync-delay": "see replica.disklessSyncDelay",
}

// spoken are commands that pods need under their names.
var spoken = []string{"auth", "bgsave", "client", "config", "dbsize", "exec", "failover", "hello", "info", "multi", "ping", "psync", "publish", "replconf", "replicaof", "role", "save", "shutdown", "slaveof", "subscribe", "sync", "wait"}

// secretDirectives are those whose value is a secret.
var secretDirectives = []string{"requirepass", "masterauth", "primaryauth"}

// directiveValues are the directives that have become values, with what turns the one
// into the other.
var directiveValues = map[string]struct {
	path string
	form func(string) any
}{
	"requirepass":              {"auth.password", asText},
	"min-replicas-to-write":    {"safety.minReplicasToWrite", asNumber},
	"min-slaves-to-write":      {"safety.minReplicasToWrite", asNumber},
	"min-replicas-max-lag":     {"safety.minReplicasMaxLag", asSeconds},
	"min-slaves-max-lag":       {"safety.minReplicasMaxLag", asSeconds},
	"replica-priority":         {"replica.priority", asNumber},
	"slave-priority":           {"replica.priority", asNumber},
	"repl-diskless-sync-delay": {"replica.disklessSyncDelay", asNumber},
}

func asText(text string) any { return text }

func asNumber(text string) any {
	if n, ok := number(text); ok {
		return n
	}
	return nil
}

func asSeconds(text string) any {
	if n, ok := number(text); ok {
		return fmt.Sprintf("%ds", n)
	}
	return nil
}

// reading goes through lines of configuration: what the chart sets by values
// becomes values.
type reading struct {
	result
	moved []string // directives that are not for the configuration
	disk  disk
}

// disk is what directives say of how data are kept.
type disk struct {
	aof    string // of appendonly
	saves  int    // times of snapshots
	stated bool   // that there are some, or none
}

func configured(in input, lines []string) result {
	r := reading{result: result{lines: []string{}}, disk: before(in)}
	start := r.disk
	for _, line := range lines {
		r.read(strings.TrimRight(line, " \t\r"))
	}
	if mode := r.disk.mode(); mode != "" && r.disk != start {
		r.also = append(r.also, setting{modePath(in.to[0]), mode})
	}
	if len(r.moved) > 0 {
		r.note = "set by values here, or by the chart: " + strings.Join(r.moved, ", ")
	}
	return r.result
}

// read goes through one line.
func (r *reading) read(line string) {
	words := strings.Fields(line)
	if len(words) == 0 || strings.HasPrefix(words[0], "#") {
		r.lines = append(r.lines, line)
		return
	}
	name, argument := strings.ToLower(unquoted(words[0])), unquoted(strings.Join(words[1:], " "))
	r.disk.read(name, argument)
	why := owned[name]
	if name == "rename-command" && len(words) > 1 && slices.Contains(spoken, strings.ToLower(unquoted(words[1]))) {
		why = "pods need the command"
	}
	if why == "" {
		r.lines = append(r.lines, line)
		return
	}
	r.moved = append(r.moved, name)
	if slices.Contains(secretDirectives, name) {
		line = words[0] // its value must not be in a ConfigMap
	}
	r.lines = append(r.lines, "# "+line+" (not for the configuration: "+why+")")
	if to, ok := directiveValues[name]; ok && to.form(argument) != nil {
		r.also = append(r.also, setting{split(to.path), to.form(argument)})
	}
}

func unquoted(word string) string { return strings.Trim(word, `"'`) }

func (d *disk) read(name, argument string) {
	switch {
	case name == "appendonly":
		d.aof = argument
	case name == "save" && argument == "":
		d.saves, d.stated = 0, true
	case name == "save":
		d.saves, d.stated = d.saves+1, true
	}
}

// mode is the persistence mode that directives amount to; empty: they say
// nothing.
func (d disk) mode() string {
	switch {
	case d.aof == "yes":
		return "aof"
	case d.saves > 0:
		return "rdb"
	case d.stated:
		return "none"
	case d.aof == "no":
		return "rdb"
	}
	return ""
}

// before is what the configuration of both roles says where that of one is
// read: in Bitnami's charts it is read first, and by default it is an
// append-only file.
func before(in input) disk {
	var d disk
	if len(in.to[0]) == 1 {
		return d
	}
	common, ok := find(in.given, split("commonConfiguration")).(string)
	if !ok {
		return disk{aof: "yes", stated: true}
	}
	for line := range strings.Lines(common) {
		if words := strings.Fields(line); len(words) > 0 {
			d.read(strings.ToLower(unquoted(words[0])), unquoted(strings.Join(words[1:], " ")))
		}
	}
	return d
}

// modePath is the persistence mode of those whose configuration it is.
func modePath(to []string) []string {
	if len(to) == 1 {
		return []string{"persistenceMode"}
	}
	return []string{to[0], "persistenceMode"}
}

func configuration(in input) result {
	text, _ := in.value.(string)
	if strings.TrimSpace(text) == "" {
		return result{off: isEmpty}
	}
	return configured(in, strings.Split(strings.TrimRight(text, "\n"), "\n"))
}

// directive is a value that is one directive; its name is in the table.
func directive(in input) result {
	if in.word == "save" && in.value == "" {
		return configured(in, []string{`save ""`})
	}
	if isOff(in.value) {
		return result{off: isEmpty}
	}
	if items, ok := in.value.([]any); ok {
		var lines []string
		for _, item := range items {
			lines = append(lines, strings.TrimSpace(in.word+" "+fmt.Sprint(item)))
		}
		return configured(in, lines)
	}
	return configured(in, []string{in.word + " " + plain(in.value)})
}

// directives is a mapping of directives.
func directives(in input) result {
	table, ok := in.value.(map[string]any)
	if !ok || len(table) == 0 {
		return result{off: isEmpty}
	}
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(table)) {
		items, ok := table[name].([]any)
		switch {
		case table[name] == nil:
			lines = append(lines, "# "+name+": null: the server's default")
		case !ok:
			items = []any{table[name]}
		}
		for _, item := range items {
			lines = append(lines, name+" "+plain(item))
		}
	}
	return configured(in, lines)
}

// plain writes a value as the server reads it.
func plain(value any) string {
	if text := word(value); text != "" {
		return text
	}
	return `""`
}

// word is a value as text: a number without an exponent, and nothing for null.
func word(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	}
	return fmt.Sprint(value)
}

// flags are directives as on the server's command line.
func flags(in input) result {
	items, ok := in.value.([]any)
	if !ok || len(items) == 0 {
		return result{off: isEmpty}
	}
	var words []string
	for _, item := range items {
		words = append(words, plain(item))
	}
	var lines []string
	for _, line := range strings.Split(" "+strings.Join(words, " "), " --") {
		if strings.TrimSpace(line) != "" {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return configured(in, lines)
}

// commands are those that are taken away.
func commands(in input) result {
	for _, role := range []string{"master", "primary"} {
		if there, ok := find(in.given, split(role+".disableCommands")).([]any); ok && len(there) == 0 {
			return result{off: role + ".disableCommands is empty, and any pod may become master"}
		}
	}
	items, ok := in.value.([]any)
	if !ok || len(items) == 0 {
		return result{off: isEmpty}
	}
	var lines []string
	for _, item := range items {
		lines = append(lines, fmt.Sprintf(`rename-command %v ""`, item))
	}
	return configured(in, lines)
}
