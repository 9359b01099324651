package migrate

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/outline"
)

// input is what a conversion works on.
type input struct {
	value any
	path  []string
	to    [][]string
	word  string         // what follows the conversion's name in the table
	given map[string]any // all values of the other chart
	chart string         // the other chart's name
}

// result is what a conversion makes of a value.
type result struct {
	same   bool      // the value stays as it is written
	value  any       // the new value, or
	lines  []string  // lines of configuration
	also   []setting // more values
	off    string    // why there is nothing to do, or
	absent string    // why there is no counterpart
	note   string
}

// setting is a value for this chart.
type setting struct {
	path  []string
	value any
}

var conversions = map[string]func(input) result{
	"replication-or-standalone": architecture,
	"no-cluster":                noCluster,
	"not":                       not,
	"one-less":                  oneLess,
	"nodes":                     nodes,
	"seconds":                   seconds,
	"names":                     secretNames,
	"not-empty":                 notEmpty,
	"only-if-enabled":           onlyIfEnabled,
	"outside":                   outside,
	"grace":                     grace,
	"list":                      list,
	"environment":               environment,
	"limits":                    limits,
	"preset":                    preset,
	"repository":                repository,
	"tag":                       tag,
	"digest":                    digest,
	"hard":                      hard,
	"mapping":                   mapping,
	"users":                     users,
	"configuration":             configuration,
	"directive":                 directive,
	"directives":                directives,
	"flags":                     flags,
	"commands":                  commands,
	"alone":                     alone,
	"on":                        on,
	"literal":                   literal,
	"spread":                    spreadConstraint,
}

// convert puts an entry to its place in another form.
func (m *migration) convert(e *outline.Entry, path []string, value any, r *rule, f *frame) error {
	name, word, _ := strings.Cut(r.as, " ")
	conversion, ok := conversions[name]
	if !ok {
		return fmt.Errorf("%s: there is no conversion %q", dotted(path), name)
	}
	res := conversion(input{value, path, r.to, word, m.given, m.chart.Name})
	switch {
	case res.off != "":
		m.keep(e, path, f, Needless, res.off)
	case res.absent != "":
		m.keep(e, path, f, Absent, res.absent)
	case res.same:
		m.note(Differs, path, res.note)
		m.move(e, path, r, f)
	case res.lines != nil:
		m.note(Differs, path, strings.TrimSpace(r.note+" "+res.note))
		m.configure(r.to[0], res.lines, above(e), f)
	case res.value != nil:
		m.replace(e, path, r, res, f)
	default:
		m.keep(e, path, f, Differs, strings.TrimSpace(r.note+" "+res.note))
	}
	for _, s := range res.also {
		m.setAlso(s, f)
	}
	return nil
}

// above are the comments of an entry that is written anew.
func above(e *outline.Entry) []string {
	lines := slices.Concat(e.Above, e.Comments())
	for _, line := range e.Foot {
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return lines
}

func (m *migration) replace(e *outline.Entry, path []string, r *rule, res result, f *frame) {
	to := m.free(r.to, e.Key, res.value)
	if len(to) == 0 {
		m.second(e, path, r, res.value, f)
		return
	}
	m.note(Differs, path, strings.TrimSpace(r.note+" "+res.note))
	for i, place := range to {
		rest, body := written(res.value, m.out.indent)
		b := &branch{rest: rest, body: body}
		if i == 0 {
			b.above = above(e)
		}
		m.put(place, b, res.value, f)
	}
}

// setAlso adds a value, if its place is free. An append-only file wins over
// snapshots, as in the server, wherever one or the other is asked for.
func (m *migration) setAlso(s setting, f *frame) {
	if there := m.out.find(s.path); there != nil && s.value == "aof" {
		there.rest = " aof"
		set(m.want, s.path, "aof")
	}
	if m.out.taken(s.path) {
		return
	}
	rest, body := written(s.value, m.out.indent)
	m.put(s.path, &branch{rest: rest, body: body}, s.value, f)
}

// configure adds lines to a text of configuration.
func (m *migration) configure(path, lines, comments []string, f *frame) {
	b := m.out.find(path)
	if b == nil {
		b = &branch{lines: lines, above: comments}
		m.put(path, b, nil, f)
	} else {
		for _, c := range comments {
			if c = strings.TrimSpace(c); c != "" {
				b.lines = append(b.lines, c)
			}
		}
		for _, line := range lines {
			if !slices.Contains(b.lines, line) {
				b.lines = append(b.lines, line)
			}
		}
	}
	set(m.want, path, strings.Join(b.lines, "\n")+"\n")
}

func architecture(in input) result {
	if in.value == true {
		return result{value: "replication"}
	}
	return result{value: "standalone"}
}

// noCluster refuses the mode that is not here.
func noCluster(in input) result {
	if in.value == "cluster" {
		return result{absent: "there is no cluster mode"}
	}
	return result{same: true}
}

// not turns a switch around.
func not(in input) result {
	return result{value: in.value != true}
}

func number(value any) (int, bool) {
	switch value := value.(type) {
	case float64:
		return int(value), true
	case string:
		n, err := strconv.Atoi(value)
		return n, err == nil
	}
	return 0, false
}

// oneLess turns a number of pods into one of replicas.
func oneLess(in input) result {
	n, ok := number(in.value)
	if !ok || n < 1 {
		return result{absent: "it is no number of pods"}
	}
	mode := find(in.given, split("architecture"))
	switch {
	case in.chart == "cloudpirates" && mode != "replication", in.chart == "cloudpirates-redis" && isOff(mode), mode == "standalone":
		return result{off: "standalone has one pod"}
	case mode == "cluster":
		return result{absent: "these are the pods of a cluster, and there is no cluster mode"}
	}
	return result{value: n - 1, note: fmt.Sprintf("it counted the master, too: %d is %d here", n, n-1), also: sentinels(in, n)}
}

// nodes is a number that counts the master too once there are Sentinels.
func nodes(in input) result {
	if find(in.given, split("sentinel.enabled")) == true {
		return oneLess(in)
	}
	return result{same: true}
}

// leastSentinels are those that bear the loss of one.
const leastSentinels = 3

// sentinels are as many as there were: one in each pod.
func sentinels(in input, pods int) []setting {
	if on := find(in.given, split("sentinel.enabled")); on != true && in.chart != "redis-ha" {
		return nil
	}
	all := []setting{}
	if pods >= leastSentinels {
		all = append(all, setting{split("sentinel.replicaCount"), pods})
	}
	if pods > leastSentinels && pods%2 == 0 {
		all = append(all, setting{split("sentinel.allowEvenCount"), true})
	}
	return all
}

func seconds(in input) result {
	n, ok := number(in.value)
	if !ok {
		return result{absent: "it is no number of seconds"}
	}
	return result{value: fmt.Sprintf("%ds", n)}
}

// secretNames takes the names out of references to Secrets.
func secretNames(in input) result {
	items, _ := in.value.([]any)
	plain := []any{}
	for _, item := range items {
		if reference, ok := item.(map[string]any); ok {
			item = reference["name"]
		}
		plain = append(plain, item)
	}
	return result{value: plain}
}

func notEmpty(in input) result {
	if isOff(in.value) {
		return result{off: isEmpty}
	}
	return result{same: true}
}

// onlyIfEnabled is for values beside an "enabled".
func onlyIfEnabled(in input) result {
	beside := slices.Concat(in.path[:len(in.path)-1], []string{"enabled"})
	if isOff(find(in.given, beside)) {
		return result{off: dotted(beside) + " is off"}
	}
	return notEmpty(in)
}

// outside is for fields of a Service that have a meaning only for traffic from
// outside of the cluster.
func outside(in input) result {
	if isOff(in.value) {
		return result{off: isEmpty}
	}
	service := slices.IndexFunc(in.path, func(key string) bool { return strings.HasSuffix(key, "ervice") })
	beside := slices.Concat(in.path[:service+1], []string{"type"})
	kind := find(in.given, beside)
	if kind == "NodePort" || kind == "LoadBalancer" {
		return result{same: true}
	}
	return result{off: "it has no effect while " + dotted(beside) + " is ClusterIP"}
}

// leastGrace is what a stop may take by default.
const leastGrace = 60

func grace(in input) result {
	if n, ok := number(in.value); ok && n < leastGrace {
		return result{off: fmt.Sprintf("handing over and saving may take %d seconds, which is the least here", leastGrace)}
	}
	return result{same: true}
}

// list makes a list of one.
func list(in input) result {
	if isOff(in.value) {
		return result{off: isEmpty}
	}
	return result{value: []any{in.value}}
}

// environment turns a mapping of variables into Kubernetes' list.
func environment(in input) result {
	table, ok := in.value.(map[string]any)
	if !ok {
		return result{absent: "it is no mapping of variables"}
	}
	entries := []any{}
	for _, name := range slices.Sorted(maps.Keys(table)) {
		entries = append(entries, map[string]any{"name": name, "value": word(table[name])})
	}
	return result{value: entries}
}

// limits keeps requests at the limits, as Kubernetes does where nothing else
// is said: here the chart's own requests would step in.
func limits(in input) result {
	table, _ := in.value.(map[string]any)
	requests, _ := find(in.given, slices.Concat(in.path[:len(in.path)-1], []string{"requests"})).(map[string]any)
	r := result{same: true}
	for _, name := range []string{"cpu", "memory"} {
		if table[name] == nil || requests[name] != nil {
			continue
		}
		for _, to := range in.to {
			r.also = append(r.also, setting{slices.Concat(to[:len(to)-1], []string{"requests", name}), table[name]})
		}
	}
	return r
}

func hard(in input) result {
	if in.value == true {
		return result{value: "hard"}
	}
	return result{value: "soft"}
}

// mapping refuses templates in the place of a mapping.
func mapping(in input) result {
	if _, ok := in.value.(map[string]any); ok || isOff(in.value) {
		return notEmpty(in)
	}
	return result{absent: "it is a template: write the mapping that it renders"}
}

// literal refuses templates in the place of a word.
func literal(in input) result {
	if strings.Contains(fmt.Sprint(in.value), "{{") {
		return result{absent: "it is a template: write what it renders"}
	}
	return result{same: true}
}

// alone is for values that valkey-helm reads without replicas only.
func alone(in input) result {
	if find(in.given, split("replica.enabled")) == true {
		return result{off: "it has no effect with replica.enabled"}
	}
	if in.value == false {
		return result{same: true}
	}
	return notEmpty(in)
}

// on is for what must not be switched off.
func on(in input) result {
	if in.value == false {
		return result{off: "it tells who may serve: a pod that is not in sync must not"}
	}
	return result{same: true}
}
