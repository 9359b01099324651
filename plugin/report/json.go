package report

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

// formatVersion changes when a field of the JSON gets another meaning or goes.
const formatVersion = 1

type jsonReport struct {
	Version  int           `json:"version"`
	Errors   int           `json:"errors"`
	Warnings int           `json:"warnings"`
	Findings []jsonFinding `json:"findings"`
}

// jsonFinding has no line for what came by a flag, and no source for what is
// wrong with a rendered object.
type jsonFinding struct {
	Rule     string           `json:"rule"`
	Severity finding.Severity `json:"severity"`
	Message  string           `json:"message"`
	Fix      string           `json:"fix,omitempty"`
	See      string           `json:"see"`
	Path     string           `json:"path,omitempty"`
	Source   string           `json:"source,omitempty"`
	Line     int              `json:"line,omitempty"`
	Column   int              `json:"column,omitempty"`
	Width    int              `json:"width,omitempty"`
	Text     string           `json:"text,omitempty"`
	Object   *jsonObject      `json:"object,omitempty"`
}

type jsonObject struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

// JSON prints findings for programs: one object, with a list of all.
func JSON(w io.Writer, findings []finding.Finding) error {
	r := jsonReport{
		Version:  formatVersion,
		Errors:   finding.Count(findings, finding.Error),
		Warnings: finding.Count(findings, finding.Warning),
		Findings: make([]jsonFinding, len(findings)),
	}
	for i, f := range findings {
		r.Findings[i] = toJSON(f)
	}
	return writeJSON(w, r)
}

func toJSON(f finding.Finding) jsonFinding {
	j := jsonFinding{
		Rule: f.RuleID, Severity: f.Severity, Message: f.Message, Fix: f.Fix, See: finding.Address(f.RuleID), Path: f.Path,
		Source: source(f.Position), Line: f.Position.Line, Column: f.Position.Column, Width: f.Position.Width, Text: sourceLine(f),
	}
	if f.Object.Kind != "" {
		j.Object = &jsonObject{f.Object.Kind, f.Object.Namespace, f.Object.Name}
	}
	return j
}

func writeJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("print findings: %w", err)
	}
	return nil
}
