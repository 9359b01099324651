package migrate

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/outline"
	"github.com/helm-valkey/helm-valkey/plugin/spelling"
	"github.com/helm-valkey/helm-valkey/plugin/values"
)

// migration is the work on one file.
type migration struct {
	chart  *Chart
	source *values.Document
	given  map[string]any // the values of all layers
	added  []addition     // defaults to write out; none in a layer over others

	out   *output
	want  map[string]any // what the result has to say
	notes []Note
}

func (m *migration) reset(indent int) {
	m.out = &output{top: &branch{}, indent: indent}
	m.want, m.notes = map[string]any{}, nil
}

// frame is a mapping of the source whose entries are being moved.
type frame struct {
	parent  *frame
	key     string
	above   []string // its own comments, until an entry has found its place
	rest    string   // what stands behind its key, until then
	waiting []string // comments that wait for the next entry
	home    *branch  // where its entries went last
	placed  bool
}

func (m *migration) walk(entries []*outline.Entry, at *step, path []string, f *frame) error {
	for _, e := range entries {
		here := append(slices.Clone(path), e.Key)
		next := at.below[e.Key]
		if next == nil {
			next = at.below["*"]
		}
		if next == nil {
			m.unknown(e, here, at, f)
			continue
		}
		if err := m.entry(e, here, next, f); err != nil {
			return err
		}
	}
	return nil
}

func (m *migration) entry(e *outline.Entry, path []string, at *step, f *frame) error {
	if at.below == nil {
		return m.apply(e, path, at.rule, f)
	}
	entries, err := e.Open()
	if err != nil {
		return err
	}
	if entries == nil {
		return m.noMapping(e, path, at, f)
	}
	inner := &frame{parent: f, key: e.Key, above: e.Above, rest: e.Rest}
	if e.Entries == nil { // written anew: what is left of it is comments
		inner.rest = ""
	}
	if err := m.walk(entries, at, path, inner); err != nil {
		return err
	}
	m.close(inner)
	if e.Entries == nil {
		m.comment(e.Foot, f)
	}
	return nil
}

// noMapping is a value where the other chart has a mapping.
func (m *migration) noMapping(e *outline.Entry, path []string, at *step, f *frame) error {
	switch {
	case at.rule != nil:
		return m.apply(e, path, at.rule, f)
	case isOff(find(m.source.Values, path)):
		m.keep(e, path, f, Needless, isEmpty)
	default:
		m.keep(e, path, f, Unknown, m.chart.Title+" has a mapping here")
	}
	return nil
}

// patience is how many notes there may be for an unknown key to be compared
// with those that there are: a file with more is not for that chart.
const patience = 1000

func (m *migration) unknown(e *outline.Entry, path []string, at *step, f *frame) {
	text := m.chart.Title + " " + m.chart.Version + " has no such key"
	if len(m.notes) < patience {
		if near := spelling.Nearest(e.Key, slices.Sorted(maps.Keys(at.below))); len(near) > 0 {
			text += fmt.Sprintf("; did you mean %q?", near[0])
		}
	}
	m.keep(e, path, f, Unknown, text)
}

// apply does with a value what its rule says.
func (m *migration) apply(e *outline.Entry, path []string, r *rule, f *frame) error {
	value := find(m.source.Values, path)
	if kind, why := m.reasonToKeep(value, r); kind != Differs {
		m.keep(e, path, f, kind, why)
		return nil
	}
	if templateUseOf(value) == plainTemplate && !renders(r.to[0]) {
		m.note(Differs, path, "it is no template here: write what it renders")
	}
	if r.as == "" {
		m.move(e, path, r, f)
		return nil
	}
	return m.convert(e, path, value, r, f)
}

// reasonToKeep says why a value stays as a comment; the kind is Differs if
// there is no reason to.
func (m *migration) reasonToKeep(value any, r *rule) (Kind, string) {
	switch {
	case r.kind == Absent && isOff(value):
		return Needless, r.note
	case r.kind != Differs:
		return r.kind, r.note
	case value == nil:
		return Needless, "null: here the default stands"
	case r.needs != "" && isOff(find(m.given, split(r.needs))):
		return Needless, "it has no effect without " + r.needs
	case templateUseOf(value) == namedTemplate:
		return Absent, "it uses templates of " + m.chart.Title + ": write what they render"
	}
	for _, other := range r.yields {
		if !isOff(value) && !isOff(find(m.given, split(other))) {
			return Needless, other + " wins over it"
		}
	}
	return Differs, ""
}

// move puts an entry to its new places as it is written.
func (m *migration) move(e *outline.Entry, path []string, r *rule, f *frame) {
	value := find(m.source.Values, path)
	to := m.free(r.to, e.Key, value)
	if len(to) == 0 {
		m.second(e, path, r, value, f)
		return
	}
	m.note(Differs, path, r.note)
	for i, place := range to {
		b := &branch{rest: e.Rest, body: e.Body}
		if i == 0 {
			b.above, b.body = e.Above, slices.Concat(e.Body, e.Foot)
		}
		m.put(place, b, value, f)
	}
}

// free are the places that nothing has been put to; an empty value makes room
// for one that is not. A star among their keys is the entry's own.
func (m *migration) free(places [][]string, key string, value any) [][]string {
	var free [][]string
	for _, p := range places {
		if at := slices.Index(p, "*"); at >= 0 {
			p = slices.Clone(p)
			p[at] = key
		}
		if there := m.out.find(p); there != nil && there.branches == nil && isOff(find(m.want, p)) && !isOff(value) {
			there.outcomment()
		}
		if !m.out.taken(p) {
			free = append(free, p)
		}
	}
	return free
}

// second is a value for a place that another one has taken.
func (m *migration) second(e *outline.Entry, path []string, r *rule, value any, f *frame) {
	kind := Absent
	if isOff(value) || fmt.Sprint(value) == fmt.Sprint(find(m.want, r.to[0])) {
		kind = Needless
	}
	m.keep(e, path, f, kind, dotted(r.to[0])+" is set already")
}

// put adds an entry to the result, and what waited for one above it.
func (m *migration) put(path []string, b *branch, value any, f *frame) {
	set(m.want, path, value)
	chain, isNew := m.out.put(path, b)
	m.settle(chain, isNew, b, f)
}

// settle places the comments of the mappings in the source around an entry:
// each above the next mapping that was made for it, or else above the entry.
func (m *migration) settle(chain []*branch, isNew []bool, b *branch, f *frame) {
	next := 1
	var waiting []string
	for _, at := range f.fromTop() {
		for next < len(chain) && !isNew[next] {
			next++
		}
		waiting = append(waiting, at.above...)
		switch {
		case next == len(chain):
			waiting = append(waiting, remark(at.rest)...)
		case at.parent != nil && !at.placed:
			chain[next].above = append(chain[next].above, waiting...)
			chain[next].rest, waiting = at.rest, nil
			next++
		}
		waiting = append(waiting, at.waiting...)
		at.waiting, at.above, at.rest, at.placed = nil, nil, "", true
	}
	for next < len(chain) && !isNew[next] {
		next++
	}
	first := b
	if next < len(chain) {
		first = chain[next]
	}
	first.above = slices.Concat(waiting, first.above)
	for i, at := 0, f; at != nil; i, at = i+1, at.parent {
		at.home = at.among(chain, max(0, len(chain)-1-i))
	}
}

func (f *frame) fromTop() []*frame {
	var all []*frame
	for at := f; at != nil; at = at.parent {
		all = append(all, at)
	}
	slices.Reverse(all)
	return all
}

// among finds the mapping that a frame's comments go to: one of its own name,
// or the one as deep.
func (f *frame) among(chain []*branch, depth int) *branch {
	for _, b := range chain {
		if b.key == f.key {
			return b
		}
	}
	return chain[depth]
}

// remark is the comment in what stands behind a key.
func remark(rest string) []string {
	if at := strings.Index(rest, "#"); at >= 0 {
		return []string{rest[at:]}
	}
	return nil
}

// close leaves a mapping of the source.
func (m *migration) close(f *frame) {
	lines := slices.Concat(f.above, remark(f.rest), f.waiting)
	if f.home != nil {
		m.comment(lines, f)
		return
	}
	m.comment(lines, f.parent)
}

// comment puts comments below the entries of the same mapping that have a
// place already, or above the next one that finds one.
func (m *migration) comment(lines []string, f *frame) {
	if len(lines) == 0 {
		return
	}
	if f.home == nil || f.parent == nil && len(m.out.top.branches) == 0 {
		f.waiting = append(f.waiting, lines...)
		return
	}
	f.home.branches = append(f.home.branches, &branch{comment: true, above: lines})
}

// isEmpty is why an empty value is not carried over.
const isEmpty = "empty"

// keep leaves an entry in its place as a comment.
func (m *migration) keep(e *outline.Entry, path []string, f *frame, kind Kind, why string) {
	m.note(kind, path, why)
	text := dotted(path) + ": " + why
	if kind == Absent {
		text = dotted(path) + ": no counterpart: " + why
	}
	reason := wrap(text)
	if why == isEmpty && (f.parent == nil || f.placed) {
		reason = nil // plain to see
	}
	lines := slices.Concat(e.Above, reason, outcomment(e))
	m.comment(lines, f)
}

func outcomment(e *outline.Entry) []string {
	var lines []string
	for _, line := range slices.Concat([]string{e.Head}, e.Body) {
		lines = append(lines, strings.TrimRight("# "+line, " "))
	}
	return append(lines, e.Foot...)
}

// lineWidth is where comments are wrapped.
const lineWidth = 88

func wrap(text string) []string {
	lines := []string{"#"}
	for word := range strings.FieldsSeq(text) {
		last := len(lines) - 1
		if len(lines[last])+1+len(word) > lineWidth && lines[last] != "#" {
			lines = append(lines, "#")
			last++
		}
		lines[last] += " " + word
	}
	return lines
}

func (m *migration) note(kind Kind, path []string, text string) {
	if text != "" {
		m.notes = append(m.notes, Note{Kind: kind, Path: dotted(path), Line: m.source.Line(path), Text: text})
	}
}

func dotted(path []string) string { return values.Path(path).String() }
