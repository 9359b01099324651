package values

import (
	"slices"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

// ProblemKind says what is wrong with a file as YAML.
type ProblemKind int

// The problems of a file.
const (
	Syntax ProblemKind = iota
	SeveralDocuments
	DuplicateKey
	TopLevel
	BehindEnd       // text that no Helm reads
	KeyReadAs       // a key that is another one to Helm
	MergeOverwrites // a merge key that takes the place of a key above it
	SignOfYAML      // a value that begins with a sign of YAML's own
	WrongQuotes     // quotation marks that YAML does not know
)

// Problem is something in a file that is wrong whatever the chart.
type Problem struct {
	Kind     ProblemKind
	Message  string
	Position finding.Position
	Path     Path // of the value; nil when the problem is not one of a value
}

func (d *Document) add(kind ProblemKind, message string, p finding.Position) {
	d.Problems = append(d.Problems, Problem{Kind: kind, Message: message, Position: p})
}

func (d *Document) addAt(kind ProblemKind, message string, p finding.Position, path Path) {
	d.Problems = append(d.Problems, Problem{kind, message, p, slices.Clone(path)})
}
