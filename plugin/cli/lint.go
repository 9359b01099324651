package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	chart "github.com/helm-valkey/helm-valkey/charts/valkey"
	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/lint"
	"github.com/helm-valkey/helm-valkey/plugin/report"
	"github.com/helm-valkey/helm-valkey/plugin/values"
)

// stdinName stands for the standard input in positions.
const stdinName = "<stdin>"

const lintUsage = `Usage: helm valkey lint [-f FILE]… [--set KEY=VALUE]… [FILE…]

lint finds all that is wrong with values: unknown keys, wrong values, values
that do not fit together.
  -f, --values FILE      values file; several are merged in their order, as
                         "helm install" does; - is the standard input
  --set KEY=VALUE        as with helm install; also --set-string, --set-json,
                         --set-file and --set-literal
  FILE…                  values files that are checked one by one, each alone
                         over the chart's defaults (so calls pre-commit)
`

func lintCommand() command {
	return command{name: "lint", summary: "find all that is wrong with values", usage: lintUsage, run: runLint}
}

func runLint(ctx context.Context, s streams, args []string) (int, error) {
	inputs, err := lintInputs(args)
	if err != nil {
		return 0, err
	}
	c, err := lint.OpenChart(chart.Files)
	if err != nil {
		return 0, err
	}
	var found []finding.Finding
	files := 0
	for _, input := range inputs {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		one, err := s.lintOne(c, input)
		if err != nil {
			return 0, err
		}
		found = append(found, one...)
		files += len(input.Files)
	}
	return s.report(s.out, finding.Sort(found), files)
}

// lintInputs reads the command line: one input of all flags, and one of each
// argument.
func lintInputs(args []string) ([]values.Options, error) {
	var o values.Options
	flags := flag.NewFlagSet("lint", flag.ContinueOnError)
	flags.Var((*commaList)(&o.Files), "f", "")
	flags.Var((*commaList)(&o.Files), "values", "")
	flags.Var((*list)(&o.JSON), "set-json", "")
	flags.Var((*list)(&o.Set), "set", "")
	flags.Var((*list)(&o.String), "set-string", "")
	flags.Var((*list)(&o.File), "set-file", "")
	flags.Var((*list)(&o.Literal), "set-literal", "")
	arguments, err := parse(flags, args)
	if err != nil {
		return nil, err
	}
	var inputs []values.Options
	if flags.NFlag() > 0 {
		inputs = append(inputs, o)
	}
	for _, name := range arguments {
		inputs = append(inputs, values.Options{Files: []string{name}})
	}
	for _, input := range inputs {
		for i, name := range input.Files {
			if strings.TrimSpace(name) == "-" {
				input.Files[i] = stdinName
			}
		}
	}
	if len(inputs) == 0 {
		return nil, &usageError{"lint: no values to check: give -f FILE, --set KEY=VALUE or FILE"}
	}
	return inputs, nil
}

func (s streams) lintOne(c *lint.Chart, o values.Options) ([]finding.Finding, error) {
	v, err := values.Read(o, c.Defaults, s.readFile)
	var flagError *values.FlagError
	if errors.As(err, &flagError) && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, os.ErrPermission) {
		return nil, &usageError{err.Error()}
	}
	if err != nil {
		return nil, err
	}
	return c.Check(v)
}

func (s streams) readFile(name string) ([]byte, error) {
	if name == stdinName {
		return io.ReadAll(s.in)
	}
	if scheme, _, isURL := strings.Cut(name, "://"); isURL {
		return nil, fmt.Errorf("%s: values are not read over %s: download the file", name, scheme)
	}
	return os.ReadFile(name)
}

// report prints findings and a line that counts them, and chooses the exit
// code.
func (s streams) report(w io.Writer, found []finding.Finding, files int) (int, error) {
	if err := report.Text(w, found); err != nil {
		return 0, err
	}
	errorCount, warnings := finding.Count(found, finding.Error), finding.Count(found, finding.Warning)
	if len(found) > 0 {
		summary := count(errorCount, "error") + ", " + count(warnings, "warning")
		if files > 0 {
			summary += " in " + count(files, "file")
		}
		fmt.Fprintln(s.err, summary)
	}
	if errorCount > 0 {
		return Findings, nil
	}
	return Clean, nil
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
