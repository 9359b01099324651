package cli

import (
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/term"

	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/report"
)

// choice is a flag that takes one of a few words.
type choice struct {
	value   string
	allowed []string
}

func (c *choice) String() string { return c.value }

func (c *choice) Set(value string) error {
	if !slices.Contains(c.allowed, value) {
		return fmt.Errorf("it is one of %s", strings.Join(c.allowed, ", "))
	}
	c.value = value
	return nil
}

// output is how findings are printed, and which of them make a command fail.
type output struct {
	format, color, failOn choice
}

const outputUsage = `  --format FORMAT        text (default), json, github (annotations of a pull
                         request), sarif (code scanning) or junit
  --color WHEN           auto (default), always or never; with auto, NO_COLOR
                         counts
  --fail-on SEVERITY     error (default) or warning: what makes the exit code 1
`

func newOutput() *output {
	return &output{
		format: choice{"text", []string{"text", "json", "github", "sarif", "junit"}},
		color:  choice{"auto", []string{"auto", "always", "never"}},
		failOn: choice{string(finding.Error), []string{string(finding.Error), string(finding.Warning)}},
	}
}

func (o *output) addTo(flags *flag.FlagSet) {
	flags.Var(&o.format, "format", "")
	flags.Var(&o.color, "color", "")
	flags.Var(&o.failOn, "fail-on", "")
}

// checked is what a command looked at.
type checked struct {
	command string
	files   []string
	rules   []finding.Rule
}

// print prints findings and, beside them, a line that counts them, and chooses
// the exit code. What a program reads has that line in another stream, or not at
// all.
func (s streams) print(w io.Writer, o *output, c checked, found []finding.Finding) (int, error) {
	if err := o.write(w, c, found); err != nil {
		return 0, err
	}
	if len(found) > 0 && (w != s.err || o.format.value == "text") {
		fmt.Fprintln(s.err, summary(found, len(c.files)))
	}
	for _, f := range found {
		if f.Severity.Reaches(finding.Severity(o.failOn.value)) {
			return Findings, nil
		}
	}
	return Clean, nil
}

func (o *output) write(w io.Writer, c checked, found []finding.Finding) error {
	switch o.format.value {
	case "json":
		return report.JSON(w, found)
	case "github":
		return report.GitHub(w, found)
	case "sarif":
		version, err := version()
		if err != nil {
			return err
		}
		return report.SARIF(w, found, report.Tool{Version: version, Rules: c.rules})
	case "junit":
		return report.JUnit(w, found, report.Suite{Name: c.command, Sources: c.files, FailOn: finding.Severity(o.failOn.value)})
	}
	if o.colors(w) {
		return report.ColoredText(w, found)
	}
	return report.Text(w, found)
}

// colors says whether text is to be colored. Older consoles of Windows show
// colors as garbage, so that there they have to be asked for.
func (o *output) colors(w io.Writer) bool {
	if o.color.value != "auto" {
		return o.color.value == "always"
	}
	file, isFile := w.(*os.File)
	return isFile && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && runtime.GOOS != "windows" && term.IsTerminal(int(file.Fd()))
}

// report prints findings as text, counts them and chooses the exit code.
func (s streams) report(w io.Writer, found []finding.Finding, files int) (int, error) {
	return s.print(w, newOutput(), checked{files: make([]string, files)}, found)
}

// summary counts findings, and files where there are any.
func summary(found []finding.Finding, files int) string {
	text := count(finding.Count(found, finding.Error), "error") + ", " + count(finding.Count(found, finding.Warning), "warning")
	if files > 0 {
		text += " in " + count(files, "file")
	}
	return text
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
