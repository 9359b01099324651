package migrate

import (
	"bytes"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// branch is an entry of the result: a mapping of others, a value as it was
// written, lines of a server's configuration, or a comment alone.
type branch struct {
	key      string
	above    []string
	rest     string    // behind the colon
	body     []string  // further lines, indented from the key
	lines    []string  // of configuration
	branches []*branch // of a mapping
	comment  bool
}

// output is the result while it grows.
type output struct {
	top    *branch
	indent int
}

func (b *branch) child(key string) *branch {
	for _, c := range b.branches {
		if !c.comment && c.key == key {
			return c
		}
	}
	return nil
}

// isMapping says whether other entries can be put below this one.
func (b *branch) isMapping() bool {
	return b.body == nil && b.lines == nil && (b.rest == "" || len(b.branches) > 0)
}

// outcomment makes a comment of an entry, for another one in its place.
func (b *branch) outcomment() {
	b.above = append(b.above, "# "+b.key+":"+b.rest)
	for _, line := range b.body {
		if text := strings.TrimSpace(line); text != "" && !strings.HasPrefix(text, "#") {
			line = "# " + line
		}
		b.above = append(b.above, line)
	}
	b.comment = true
}

// find returns the entry at a path, nil if there is none.
func (o *output) find(path []string) *branch {
	b := o.top
	for _, key := range path {
		if b = b.child(key); b == nil {
			return nil
		}
	}
	return b
}

// taken says whether something stands in the way of an entry at the path.
func (o *output) taken(path []string) bool {
	b := o.top
	for _, key := range path {
		next := b.child(key)
		if next == nil {
			return false
		}
		if !next.isMapping() {
			return true
		}
		b = next
	}
	return true
}

// put adds an entry, and the mappings that lead to it. It returns all of these,
// the top first, and which of them are new.
func (o *output) put(path []string, b *branch) (chain []*branch, isNew []bool) {
	at := o.top
	chain, isNew = []*branch{at}, []bool{false}
	for _, key := range path[:len(path)-1] {
		next := at.child(key)
		fresh := next == nil
		if fresh {
			next = &branch{key: key}
			at.branches = append(at.branches, next)
		}
		chain, isNew, at = append(chain, next), append(isNew, fresh), next
	}
	b.key = path[len(path)-1]
	at.branches = append(at.branches, b)
	return chain, isNew
}

// text writes the whole file.
func (o *output) text(before, after []string) string {
	var out strings.Builder
	write(&out, before, 0)
	for _, b := range o.top.branches {
		o.write(&out, b, 0)
	}
	write(&out, after, 0)
	return out.String()
}

func (o *output) write(out *strings.Builder, b *branch, depth int) {
	indent := depth * o.indent
	write(out, b.above, indent)
	if b.comment {
		return
	}
	rest, body := b.rest, b.body
	if b.lines != nil {
		rest, body = o.block(b.lines)
	}
	write(out, []string{b.key + ":" + rest}, indent)
	write(out, body, indent)
	for _, c := range b.branches {
		o.write(out, c, depth+1)
	}
}

func write(out *strings.Builder, lines []string, indent int) {
	for _, line := range lines {
		if line != "" {
			out.WriteString(strings.Repeat(" ", indent))
		}
		out.WriteString(line)
		out.WriteByte('\n')
	}
}

// block writes configuration as a block of text, as far as YAML allows.
func (o *output) block(lines []string) (rest string, body []string) {
	text := strings.Join(lines, "\n") + "\n"
	return written(&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.LiteralStyle, Value: text}, o.indent)
}

// written is a value as it stands behind a key.
func written(value any, indent int) (rest string, body []string) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(indent)
	if err := encoder.Encode(map[string]any{"k": value}); err != nil {
		return fmt.Sprintf(" %q", fmt.Sprint(value)), nil
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	return strings.TrimPrefix(lines[0], "k:"), lines[1:]
}
