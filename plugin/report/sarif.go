package report

import (
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

const (
	sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	homePage    = "https://github.com/helm-valkey/helm-valkey"
	sourceRoot  = "%SRCROOT%"
)

// Tool is what SARIF says of the program that found something.
type Tool struct {
	Version string
	Rules   []finding.Rule
}

// The part of SARIF 2.1.0 that is needed here.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool       sarifTool                `json:"tool"`
		ColumnKind string                   `json:"columnKind"`
		BaseIDs    map[string]sarifArtifact `json:"originalUriBaseIds"`
		Results    []sarifResult            `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name           string      `json:"name"`
		Version        string      `json:"version,omitempty"`
		InformationURI string      `json:"informationUri"`
		Rules          []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID      string       `json:"id"`
		Short   sarifText    `json:"shortDescription"`
		Full    sarifText    `json:"fullDescription"`
		Help    sarifText    `json:"help"`
		HelpURI string       `json:"helpUri"`
		Default sarifDefault `json:"defaultConfiguration"`
	}
	sarifDefault struct {
		Level finding.Severity `json:"level"`
	}
	sarifText struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	sarifResult struct {
		RuleID    string           `json:"ruleId"`
		RuleIndex *int             `json:"ruleIndex,omitempty"`
		Level     finding.Severity `json:"level"`
		Message   sarifText        `json:"message"`
		Locations []sarifLocation  `json:"locations"`
	}
	sarifLocation struct {
		Physical sarifPhysical  `json:"physicalLocation"`
		Logical  []sarifLogical `json:"logicalLocations,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI         string     `json:"uri,omitempty"`
		BaseID      string     `json:"uriBaseId,omitempty"`
		Description *sarifText `json:"description,omitempty"`
	}
	sarifRegion struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn"`
		EndColumn   int `json:"endColumn,omitempty"`
	}
	sarifLogical struct {
		Name string `json:"fullyQualifiedName"`
	}
)

// SARIF prints findings for code scanning. Severities are named as SARIF names
// its levels.
func SARIF(w io.Writer, findings []finding.Finding, tool Tool) error {
	run := sarifRun{
		Tool:       sarifTool{sarifDriver{"helm-valkey", tool.Version, homePage, sarifRules(tool.Rules)}},
		ColumnKind: "unicodeCodePoints",
		BaseIDs:    map[string]sarifArtifact{sourceRoot: {Description: &sarifText{Text: "The directory in which the command ran."}}},
		Results:    make([]sarifResult, len(findings)),
	}
	for i, f := range findings {
		run.Results[i] = sarifFinding(f, tool.Rules)
	}
	return writeJSON(w, sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}})
}

func sarifRules(rules []finding.Rule) []sarifRule {
	all := make([]sarifRule, len(rules))
	for i, r := range rules {
		doc := strings.TrimSpace(r.Doc)
		all[i] = sarifRule{
			ID:      r.ID,
			Short:   sarifText{Text: r.Title},
			Full:    sarifText{Text: doc},
			Help:    sarifText{Text: doc, Markdown: doc},
			HelpURI: finding.Address(r.ID),
			Default: sarifDefault{r.Severity},
		}
	}
	return all
}

func sarifFinding(f finding.Finding, rules []finding.Rule) sarifResult {
	result := sarifResult{RuleID: f.RuleID, Level: f.Severity, Message: sarifText{Text: sentence(f)}, Locations: []sarifLocation{sarifPlace(f)}}
	if f.Fix != "" {
		result.Message.Text += "\nfix: " + f.Fix
	}
	if i := slices.IndexFunc(rules, func(r finding.Rule) bool { return r.ID == f.RuleID }); i >= 0 {
		result.RuleIndex = &i
	}
	return result
}

// sarifPlace has a file even for what is in none, a flag or a rendered object:
// GitHub refuses a whole report for one finding without.
func sarifPlace(f finding.Finding) sarifLocation {
	p := f.Position
	location := sarifLocation{Physical: sarifPhysical{Artifact: artifact(source(p))}}
	if f.Path != "" {
		location.Logical = []sarifLogical{{f.Path}}
	}
	if p.Name == "" {
		location.Physical.Artifact = artifact(object(f.Object))
	}
	if p.Line > 0 {
		location.Physical.Region = &sarifRegion{StartLine: p.Line, StartColumn: max(1, p.Column)}
		if p.Width > 0 {
			location.Physical.Region.EndColumn = max(1, p.Column) + p.Width
		}
	}
	return location
}

func artifact(name string) sarifArtifact {
	path := filepath.ToSlash(filepath.Clean(name))
	if filepath.IsAbs(name) {
		return sarifArtifact{URI: (&url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(path, "/")}).String()}
	}
	return sarifArtifact{URI: (&url.URL{Path: path}).String(), BaseID: sourceRoot}
}
