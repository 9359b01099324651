package cli

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"

	chart "github.com/helm-valkey/helm-valkey/charts/valkey"
	"github.com/helm-valkey/helm-valkey/plugin/accept"
	"github.com/helm-valkey/helm-valkey/plugin/finding"
	"github.com/helm-valkey/helm-valkey/plugin/lint"
	"github.com/helm-valkey/helm-valkey/plugin/migrate"
	"github.com/helm-valkey/helm-valkey/plugin/report"
	"github.com/helm-valkey/helm-valkey/plugin/values"
)

const migrateUsage = `Usage: helm valkey migrate [--from CHART] [-f FILE]… [-o FILE] [FILE…]

migrate turns values for another chart into values for this one. Comments and
order stay. What has no counterpart stays as a comment with the reason, and is
named, as is what means something else here.
  --from CHART           bitnami-redis, bitnami-valkey, cloudpirates,
                         cloudpirates-redis, redis-ha or valkey-helm; left
                         out, it is found out from the keys
  -f, --values FILE      values file; several are layers of one release, as for
                         "helm install"; - is the standard input
  -o, --output FILE      write there instead of to the standard output (-); of
                         several files: into that directory, by their names
  --in-place             write over the files themselves
  --force                write over files that are there
  FILE…                  values files, each of a release of its own
`

func migrateCommand() command {
	return command{name: "migrate", summary: "turn values for another chart into values for this one", usage: migrateUsage, run: runMigrate}
}

// migrateOptions are the flags of migrate.
type migrateOptions struct {
	from, output   string
	inPlace, force bool
	releases       [][]string // the files of each
}

func runMigrate(_ context.Context, s streams, args []string) (int, error) {
	o, err := readMigrateOptions(args)
	if err != nil {
		return 0, err
	}
	c, err := lint.OpenChart(chart.Files)
	if err != nil {
		return 0, err
	}
	var all []migrate.Result
	var left []finding.Finding
	for _, names := range o.releases {
		results, found, err := s.migrateRelease(c, o.from, names)
		if err != nil {
			return 0, err
		}
		all, left = append(all, results...), append(left, found...)
	}
	if err := s.writeMigrated(o, all); err != nil {
		return 0, err
	}
	return s.reportLeft(left)
}

// reportLeft prints what lint says about the results.
func (s streams) reportLeft(left []finding.Finding) (int, error) {
	if len(left) == 0 {
		return Clean, nil
	}
	fmt.Fprintln(s.err, "\nLeft to do in the result:")
	if err := report.Text(s.err, left); err != nil {
		return 0, err
	}
	if finding.Count(left, finding.Error) > 0 {
		return Findings, nil
	}
	return Clean, nil
}

func readMigrateOptions(args []string) (migrateOptions, error) {
	var o migrateOptions
	var layers commaList
	flags := flag.NewFlagSet("migrate", flag.ContinueOnError)
	flags.StringVar(&o.from, "from", "", "")
	flags.Var(&layers, "f", "")
	flags.Var(&layers, "values", "")
	flags.StringVar(&o.output, "o", "", "")
	flags.StringVar(&o.output, "output", "", "")
	flags.BoolVar(&o.inPlace, "in-place", false, "")
	flags.BoolVar(&o.force, "force", false, "")
	arguments, err := parse(flags, args)
	if err != nil {
		return o, err
	}
	if len(layers) > 0 {
		o.releases = append(o.releases, layers)
	}
	for _, name := range arguments {
		o.releases = append(o.releases, []string{name})
	}
	return o, o.check()
}

// check says what is wrong with the flags, and gives the standard input its name.
func (o migrateOptions) check() error {
	files, stdin := 0, false
	for _, names := range o.releases {
		for i, name := range names {
			files++
			if strings.TrimSpace(name) == "-" {
				names[i], stdin = stdinName, true
			}
		}
	}
	switch {
	case files == 0:
		return &usageError{"migrate: no values: give -f FILE or FILE"}
	case o.inPlace && o.output != "":
		return &usageError{"migrate: --in-place and --output exclude each other"}
	case stdin && (files > 1 || o.inPlace || isDirectory(o.output)):
		return &usageError{"migrate: the standard input is no file that has a name: give it alone, and the result's name with -o"}
	case files > 1 && !o.inPlace && o.toStdout():
		return &usageError{"migrate: several files: give the directory for the results with -o, or --in-place"}
	}
	return nil
}

// migrateRelease migrates the layers of a release, and lints the result.
func (s streams) migrateRelease(c *lint.Chart, from string, names []string) ([]migrate.Result, []finding.Finding, error) {
	files, err := s.readLayers(names)
	if err != nil {
		return nil, nil, err
	}
	other, err := chartOf(c, from, files)
	if err != nil {
		return nil, nil, err
	}
	results, err := other.Run(files)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range results {
		if err := report.Notes(s.err, r); err != nil {
			return nil, nil, err
		}
	}
	if err := report.Differences(s.err, other); err != nil {
		return nil, nil, err
	}
	left, err := lintMigrated(c, results)
	if err != nil || len(results) > 1 {
		return results, left, err
	}
	before := len(left)
	text, left := accept.Warnings(string(results[0].Text), left, migrate.AsBefore, "it was so with "+other.Title)
	results[0].Text = []byte(text)
	if len(left) < before {
		left, err = lintMigrated(c, results) // lines have moved
	}
	return results, left, err
}

// lintMigrated checks the results.
func lintMigrated(c *lint.Chart, results []migrate.Result) ([]finding.Finding, error) {
	var files []migrate.File
	for _, r := range results {
		files = append(files, migrate.File{Name: r.Name + " (migrated)", Text: r.Text})
	}
	return lintLayers(c, files)
}

// lintLayers checks the layers of a release as they lie over each other.
func lintLayers(c *lint.Chart, files []migrate.File) ([]finding.Finding, error) {
	var o values.Options
	texts := map[string][]byte{}
	for _, f := range files {
		o.Files = append(o.Files, f.Name)
		texts[f.Name] = f.Text
	}
	v, err := values.Read(o, c.Defaults, func(name string) ([]byte, error) { return texts[name], nil })
	if err != nil {
		return nil, err
	}
	return c.Check(v)
}

func (s streams) readLayers(names []string) ([]migrate.File, error) {
	var files []migrate.File
	for _, name := range names {
		text, err := s.readFile(name)
		if err != nil {
			return nil, err
		}
		files = append(files, migrate.File{Name: name, Text: text})
	}
	return files, nil
}

// chartOf opens the table of a chart, or finds out which the values are for.
func chartOf(c *lint.Chart, from string, files []migrate.File) (*migrate.Chart, error) {
	if from == "" {
		return detect(c, files)
	}
	other, err := migrate.Open(from)
	if err != nil {
		return nil, &usageError{"migrate: " + err.Error()}
	}
	return other, nil
}

// detect finds out which chart the values are for. They may be for this one, as the
// result of a migration is: the same keys may mean something else there.
func detect(c *lint.Chart, files []migrate.File) (*migrate.Chart, error) {
	layers, err := migrate.Read(files)
	if err != nil {
		return nil, err
	}
	found, err := lintLayers(c, files)
	if err != nil {
		return nil, err
	}
	unclear := fmt.Sprintf("migrate: %s: cannot tell which chart it is for: ", files[0].Name)
	if !slices.ContainsFunc(found, func(f finding.Finding) bool { return f.RuleID == "VK001" }) {
		return nil, &usageError{unclear + "this chart knows every key of it; if it is for another chart all the same, say so with --from"}
	}
	all, err := migrate.OpenAll()
	if err != nil {
		return nil, err
	}
	charts, _ := migrate.Detect(all, migrate.Merge(layers))
	if len(charts) == 1 {
		return charts[0], nil
	}
	var names []string
	for _, c := range charts {
		names = append(names, c.Name)
	}
	return nil, &usageError{fmt.Sprintf("%sit could be %s: say it with --from", unclear, strings.Join(names, ", "))}
}
