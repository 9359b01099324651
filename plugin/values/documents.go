package values

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"go.yaml.in/yaml/v3"
	helmyaml "sigs.k8s.io/yaml"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

// separator begins a line at which Helm 4 cuts a values file, as Kubernetes
// does with manifests; it reads each piece by itself, and merges them. Helm 3
// reads the first document, as YAML has it.
const separator = "---"

// piece is what Helm 4 takes for a document.
type piece struct {
	text  []byte
	above int // lines above it
}

// pieces cuts a file as Helm 4 does. Its second result is the number of a line
// that Helm 4 refuses to cut at, 0 if there is none.
func pieces(data []byte) ([]piece, int) {
	var all []piece
	here := piece{}
	number := 0
	for line := range bytes.Lines(data) {
		number++
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if rest, ok := bytes.CutPrefix(line, []byte(separator)); ok {
			if rest = bytes.TrimSpace(rest); len(rest) > 0 && rest[0] != '#' {
				return nil, number
			}
			if len(here.text) > 0 {
				all = append(all, here)
				here = piece{above: number}
				continue
			}
		}
		here.text = append(append(here.text, line...), '\n')
	}
	return append(all, here), 0
}

// readOn looks at what stands behind the first document, which is all that Helm
// 3 reads: what Helm 4 refuses there, what it merges, and what nobody reads.
func (d *Document) readOn(data []byte, decoder *yaml.Decoder) {
	second, behind := d.secondDocument(decoder)
	if !behind && !isUTF16(data) && !bytes.Contains(data, []byte(separator)) && !bytes.HasPrefix(data, []byte("%")) {
		return
	}
	all, bad := pieces(data)
	if bad > 0 {
		d.add(Syntax, "text behind --- is refused by Helm 4: put it on a line of its own", d.lineStart(bad))
		return
	}
	merged, mappings, ok := d.mergePieces(all)
	if !ok {
		return
	}
	switch {
	case !behind:
	case len(all) > 1 && (mappings > 1 || !same(merged, d.Values)):
		d.add(SeveralDocuments, "another YAML document starts here: Helm 3 reads the first only, Helm 4 merges all", second)
	default:
		d.add(BehindEnd, "the document ends above, and Helm reads no further", second)
	}
}

// mergePieces reads the file as Helm 4 does, and counts the documents that hold
// something. Its last result is false when Helm 4 refuses one.
func (d *Document) mergePieces(all []piece) (map[string]any, int, bool) {
	merged, mappings := map[string]any{}, 0
	for _, p := range all {
		var values map[string]any
		if err := helmyaml.Unmarshal(p.text, &values); err != nil {
			if isUTF16(p.text) {
				d.add(Syntax, "the file is UTF-16, which Helm 4 cannot read: save it as UTF-8", d.top())
				return nil, 0, false
			}
			part := newDocument(d.Name, p.text)
			line, message := part.syntaxLine(plainMessage(err))
			d.add(Syntax, "Helm 4 refuses this document: "+message, d.lineStart(line+p.above))
			return nil, 0, false
		}
		if len(values) > 0 {
			mappings++
		}
		if mappings < 2 { // with two of them it does not matter what they hold
			merged = mergeFiles(merged, values)
		}
	}
	return merged, mappings, true
}

// secondDocument is the place of the next document that holds something, or
// cannot be read. Its second result is false if there is none.
func (d *Document) secondDocument(decoder *yaml.Decoder) (finding.Position, bool) {
	for {
		var next yaml.Node
		err := decoder.Decode(&next)
		switch {
		case errors.Is(err, io.EOF):
			return d.top(), false
		case err != nil:
			line, _ := d.syntaxLine(plainMessage(err))
			return d.lineStart(line), true
		case next.Content[0].ShortTag() != "!!null":
			return d.nodePosition(next.Content[0]), true
		}
	}
}

func isUTF16(data []byte) bool {
	return bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff"))
}

// same says whether two values of Helm's are alike.
func same(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for key, value := range a {
			if other, ok := b[key]; !ok || !same(value, other) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, same)
	}
	return !isContainer(b) && a == b
}

func isContainer(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}
