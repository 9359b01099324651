package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

var update = flag.Bool("update", false, "write the golden files")

var (
	rule    = finding.Rule{ID: "VK999", Severity: finding.Error, Title: "A title", Doc: "Why it is `wrong`.\n"}
	careful = finding.Rule{ID: "VK998", Severity: finding.Warning, Title: "Another", Doc: "Why."}
)

// samples are findings of every form: in files, flags, the standard input, the
// chart's defaults and in rendered objects; with what each format must escape.
func samples() []finding.Finding {
	return []finding.Finding{
		rule.At(finding.Position{Name: "prod.yaml", Line: 12, Column: 6, Width: 3, Text: `key: "1" # ü`}, "key", "is wrong", "correct it"),
		careful.At(finding.Position{Name: "prod.yaml", Line: 13, Column: 1, Text: "password: hunter2"}, "", "50% of <it> & \"more\"\nis odd::", ""),
		rule.At(finding.Position{Name: "./a b/50%,x:y.yaml", Line: 1, Column: 1, Width: 1, Text: "ä"}, "a", "is wrong", ""),
		careful.At(finding.Position{Name: "/etc/values.yaml", Line: 2, Column: 3, Text: "  a"}, "a", "is odd", "look at it"),
		rule.At(finding.Position{Name: "--set auth.password=hunter2"}, "auth.password", "is wrong", ""),
		rule.At(finding.Position{Name: "<stdin>", Line: 3, Column: 2, Text: " x"}, "x", "is wrong", ""),
		careful.At(finding.Position{Name: "<chart defaults>", Line: 7, Column: 1, Width: 4, Text: "auth:"}, "auth", "is odd", ""),
		rule.On(finding.Object{Kind: "StatefulSet", Name: "demo", Namespace: "shop"}, "spec.replicas", "is wrong", "correct it"),
		careful.On(finding.Object{Kind: "Service", Name: "demo"}, "spec", "is odd", ""),
	}
}

var printers = map[string]func(io.Writer, []finding.Finding) error{
	"text":    Text,
	"colored": ColoredText,
	"json":    JSON,
	"github":  GitHub,
	"sarif": func(w io.Writer, found []finding.Finding) error {
		return SARIF(w, found, Tool{Version: "1.2.3", Rules: []finding.Rule{careful, rule}})
	},
	"junit": func(w io.Writer, found []finding.Finding) error {
		return JUnit(w, found, Suite{Name: "helm valkey lint", Sources: []string{"prod.yaml", "clean.yaml"}, FailOn: finding.Error})
	},
	"junit-warnings": func(w io.Writer, found []finding.Finding) error {
		return JUnit(w, found, Suite{Name: "helm valkey lint", Sources: []string{"prod.yaml"}, FailOn: finding.Warning})
	},
}

func printed(t *testing.T, format string, found []finding.Finding) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, printers[format](&out, found))
	return out.String()
}

func TestFormats(t *testing.T) {
	for format := range printers {
		t.Run(format, func(t *testing.T) {
			got, golden := printed(t, format, samples()), "testdata/"+format+".golden"
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			require.Equal(t, string(want), got, "if this is as it should be: go test ./plugin/report -update")
			require.NotContains(t, got, "hunter2")
		})
	}
}

// Programs that read a report want one also when nothing was found.
func TestFormatsOfNothing(t *testing.T) {
	for _, format := range []string{"text", "colored", "github"} {
		require.Empty(t, printed(t, format, nil))
	}
	require.JSONEq(t, `{"version": 1, "errors": 0, "warnings": 0, "findings": []}`, printed(t, "json", nil))
	requireSARIF(t, printed(t, "sarif", nil))
	require.Contains(t, printed(t, "junit", nil), `<testsuites name="helm valkey lint" tests="2" failures="0">`)
	var out bytes.Buffer
	require.NoError(t, JUnit(&out, nil, Suite{Name: "helm valkey post-render"}))
	require.Contains(t, out.String(), `<testcase classname="helm valkey post-render" name="helm valkey post-render">`)
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, os.ErrClosed }

func TestFormatsSayWhenTheyCannotPrint(t *testing.T) {
	for format, print := range printers {
		require.ErrorIs(t, print(fullDisk{}, samples()), os.ErrClosed, format)
	}
}

// requireSARIF holds a report to the standard's own schema.
func requireSARIF(t *testing.T, report string) {
	t.Helper()
	source, err := os.ReadFile("testdata/sarif-schema-2.1.0.json")
	require.NoError(t, err)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(source))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	require.NoError(t, compiler.AddResource(sarifSchema, document))
	compiled, err := compiler.Compile(sarifSchema)
	require.NoError(t, err)
	instance, err := jsonschema.UnmarshalJSON(strings.NewReader(report))
	require.NoError(t, err)
	require.NoError(t, compiled.Validate(instance))
}

func TestSARIFIsOfTheStandard(t *testing.T) {
	report := printed(t, "sarif", samples())
	requireSARIF(t, report)
	var log sarifLog
	require.NoError(t, json.Unmarshal([]byte(report), &log))
	require.Len(t, log.Runs[0].Results, len(samples()))
	for _, r := range log.Runs[0].Results {
		require.NotEmpty(t, r.Locations[0].Physical.Artifact.URI, "GitHub refuses a report with a finding that is in no file")
		require.Equal(t, r.RuleID, log.Runs[0].Tool.Driver.Rules[*r.RuleIndex].ID)
	}
}

// The counts that readers of JUnit show are those of the elements.
func TestJUnitCounts(t *testing.T) {
	for _, format := range []string{"junit", "junit-warnings"} {
		var suites junitSuites
		require.NoError(t, xml.Unmarshal([]byte(printed(t, format, samples())), &suites))
		failures := 0
		for _, c := range suites.Suites[0].Cases {
			if c.Failure != nil {
				failures++
			}
		}
		require.Equal(t, failures, suites.Failures)
		require.Equal(t, len(suites.Suites[0].Cases), suites.Tests)
	}
}

// What GitHub's runner makes of a line: one command each, whatever is in it.
func TestGitHubIsOneCommandALine(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(printed(t, "github", samples()), "\n"), "\n")
	require.Len(t, lines, len(samples()))
	for _, line := range lines {
		require.Regexp(t, `^::(error|warning) [^:]*title=VK99\d::`, line)
	}
}
