package cli

import (
	"context"
	"errors"
	"flag"
	"io/fs"
	"os"
	"strings"

	chart "github.com/helm-valkey/helm-valkey/charts/valkey"
	"github.com/helm-valkey/helm-valkey/plugin/charts"
	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/lint"
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
  --chart CHART          check against another version of the chart: a
                         directory, an archive, or what "helm pull" takes
                         (repo/valkey, oci://…), then with --version VERSION
` + outputUsage

func lintCommand() command {
	return command{name: "lint", summary: "find all that is wrong with values", usage: lintUsage, run: runLint}
}

func runLint(ctx context.Context, s streams, args []string) (int, error) {
	l, err := lintFlags(args)
	if err != nil {
		return 0, err
	}
	files, closeChart, err := l.openChart(ctx)
	if err != nil {
		return 0, err
	}
	defer closeChart()
	c, err := lint.OpenChart(files)
	if err != nil {
		return 0, err
	}
	found, failure := s.lintAll(ctx, c, l.inputs)
	if failure != nil && len(found) == 0 {
		return 0, failure
	}
	run := checked{command: "helm valkey lint", rules: c.Rules()}
	for _, input := range l.inputs {
		run.files = append(run.files, input.Files...)
	}
	code, err := s.print(s.out, l.output, run, finding.Sort(found))
	return code, errors.Join(failure, err)
}

// lintCommandLine is what was asked of lint.
type lintCommandLine struct {
	inputs         []values.Options
	output         *output
	chart, version string
}

// openChart opens the chart that was asked for, or the one that the plugin
// carries.
func (l lintCommandLine) openChart(ctx context.Context) (fs.FS, func(), error) {
	if l.chart == "" {
		return chart.Files, func() {}, nil
	}
	return charts.Open(ctx, l.chart, l.version)
}

// lintFlags reads the command line: one input of all flags that set values,
// and one of each argument.
func lintFlags(args []string) (lintCommandLine, error) {
	var o values.Options
	l := lintCommandLine{output: newOutput()}
	flags := flag.NewFlagSet("lint", flag.ContinueOnError)
	flags.Var((*commaList)(&o.Files), "f", "")
	flags.Var((*commaList)(&o.Files), "values", "")
	flags.Var((*list)(&o.JSON), "set-json", "")
	flags.Var((*list)(&o.Set), "set", "")
	flags.Var((*list)(&o.String), "set-string", "")
	flags.Var((*list)(&o.File), "set-file", "")
	flags.Var((*list)(&o.Literal), "set-literal", "")
	flags.StringVar(&l.chart, "chart", "", "")
	flags.StringVar(&l.version, "version", "", "")
	l.output.addTo(flags)
	arguments, err := parse(flags, args)
	if err != nil {
		return l, err
	}
	if l.version != "" && l.chart == "" {
		return l, &usageError{"lint: --version is that of a chart: give --chart, too"}
	}
	if !o.Empty() {
		l.inputs = append(l.inputs, o)
	}
	for _, name := range arguments {
		l.inputs = append(l.inputs, values.Options{Files: []string{name}})
	}
	for _, input := range l.inputs {
		for i, name := range input.Files {
			if strings.TrimSpace(name) == "-" {
				input.Files[i] = stdinName
			}
		}
	}
	if readsTwice(l.inputs) {
		return l, &usageError{"lint: the standard input can be read once only: give - once"}
	}
	if len(l.inputs) == 0 {
		return l, &usageError{"lint: no values to check: give -f FILE, --set KEY=VALUE or FILE"}
	}
	return l, nil
}

func lintOne(c *lint.Chart, o values.Options, read values.ReadFile) ([]finding.Finding, error) {
	v, err := values.Read(o, c.Defaults, read)
	var flagError *values.FlagError
	if errors.As(err, &flagError) && !errors.Is(err, os.ErrNotExist) && !errors.Is(err, os.ErrPermission) && !errors.Is(err, errTooLarge) {
		return nil, &usageError{err.Error()}
	}
	if err != nil {
		return nil, err
	}
	return c.Check(v)
}
