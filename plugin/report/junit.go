package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
)

// Suite is what JUnit says of a run: what was checked, and from which severity
// on a finding is a failure.
type Suite struct {
	Name    string
	Sources []string
	FailOn  finding.Severity
}

type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Errors   int         `xml:"errors,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		File    string        `xml:"file,attr,omitempty"`
		Failure *junitFailure `xml:"failure"`
		Output  *junitOutput  `xml:"system-out"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
	junitOutput struct {
		Text string `xml:",chardata"`
	}
)

// JUnit prints findings as test results: every file is a test, which fails
// with all that is wrong in it. Warnings are its output, unless they count.
func JUnit(w io.Writer, findings []finding.Finding, s Suite) error {
	suite := junitSuite{Name: s.Name}
	byName := map[string][]finding.Finding{}
	names := append([]string{}, s.Sources...)
	for _, f := range findings {
		name := caseName(f)
		byName[name] = append(byName[name], f)
		names = append(names, name)
	}
	if len(names) == 0 {
		names = []string{s.Name} // some readers take a report without any test for a failure
	}
	seen := map[string]bool{}
	for _, name := range names {
		if seen[name] {
			continue
		}
		seen[name] = true
		c := s.testCase(name, byName[name])
		suite.Cases = append(suite.Cases, c)
		if c.Failure != nil {
			suite.Failures++
		}
	}
	suite.Tests = len(suite.Cases)
	return writeXML(w, junitSuites{Name: s.Name, Tests: suite.Tests, Failures: suite.Failures, Suites: []junitSuite{suite}})
}

// caseName is the file, the flag, or the object that a finding is about.
func caseName(f finding.Finding) string {
	if f.Position.Name == "" {
		return object(f.Object)
	}
	return source(f.Position)
}

func (s Suite) testCase(name string, found []finding.Finding) junitCase {
	c := junitCase{Class: s.Name, Name: name}
	var failures, output strings.Builder
	var first finding.Finding
	failed := 0
	for _, f := range found {
		if f.Position.InFile() {
			c.File = name
		}
		if !f.Severity.Reaches(s.FailOn) {
			output.WriteString(text(f, plain))
			continue
		}
		if failed == 0 {
			first = f
		}
		failed++
		failures.WriteString(text(f, plain))
	}
	if failed > 0 {
		c.Failure = &junitFailure{Message: sentence(first) + more(failed-1), Type: first.RuleID, Text: failures.String()}
	}
	if output.Len() > 0 {
		c.Output = &junitOutput{output.String()}
	}
	return c
}

func more(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" (and %d more)", n)
}

func writeXML(w io.Writer, v any) error {
	data, err := xml.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Errorf("print findings: %w", err)
	}
	if _, err := fmt.Fprintf(w, "%s%s\n", xml.Header, data); err != nil {
		return fmt.Errorf("print findings: %w", err)
	}
	return nil
}
