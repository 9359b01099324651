package cli

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/migrate"
	"github.com/helm-valkey/helm-valkey/plugin/report"
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
  -o, --output FILE      write there instead of to the standard output; of
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
	var all []migrate.Result
	for _, names := range o.releases {
		results, err := s.migrateRelease(o.from, names)
		if err != nil {
			return 0, err
		}
		all = append(all, results...)
	}
	for _, r := range all {
		if err := s.writeMigrated(o, r, len(all)); err != nil {
			return 0, err
		}
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
	files := len(layers)
	for _, name := range arguments {
		o.releases = append(o.releases, []string{name})
		files++
	}
	switch {
	case files == 0:
		return o, &usageError{"migrate: no values: give -f FILE or FILE"}
	case o.inPlace && o.output != "":
		return o, &usageError{"migrate: --in-place and --output exclude each other"}
	case files > 1 && !o.inPlace && o.output == "":
		return o, &usageError{"migrate: several files: give the directory for the results with -o, or --in-place"}
	}
	return o, nil
}

func (s streams) migrateRelease(from string, names []string) ([]migrate.Result, error) {
	var files []migrate.File
	for _, name := range names {
		if strings.TrimSpace(name) == "-" {
			name = stdinName
		}
		text, err := s.readFile(name)
		if err != nil {
			return nil, err
		}
		files = append(files, migrate.File{Name: name, Text: text})
	}
	if from == "" {
		var err error
		if from, err = chartOf(files); err != nil {
			return nil, err
		}
	}
	c, err := migrate.Open(from)
	if err != nil {
		return nil, &usageError{"migrate: " + err.Error()}
	}
	results, err := c.Run(files)
	if err != nil {
		return nil, err
	}
	for _, r := range results {
		if err := report.Notes(s.err, r); err != nil {
			return nil, err
		}
	}
	return results, report.Differences(s.err, c)
}

// chartOf finds out for which chart values are.
func chartOf(files []migrate.File) (string, error) {
	layers, err := migrate.Read(files)
	if err != nil {
		return "", err
	}
	charts, err := migrate.Detect(migrate.Merge(layers))
	if err != nil {
		return "", err
	}
	if len(charts) != 1 {
		return "", &usageError{fmt.Sprintf("migrate: %s: cannot tell which chart it is for: it could be %s: say it with --from", files[0].Name, strings.Join(charts, ", "))}
	}
	return charts[0], nil
}

func (s streams) writeMigrated(o migrateOptions, r migrate.Result, files int) error {
	target := o.output
	switch {
	case o.inPlace:
		target = r.Name
	case target == "":
		_, err := s.out.Write(r.Text)
		return err
	case files > 1 || isDirectory(target):
		target = filepath.Join(target, filepath.Base(r.Name))
	}
	return writeNew(target, r.Text, o.force || o.inPlace)
}

func isDirectory(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// writeNew writes a file, over one that is there only if that is wanted.
func writeNew(name string, text []byte, over bool) error {
	mode := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if over {
		mode = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return fmt.Errorf("write the values: %w", err)
	}
	f, err := os.OpenFile(name, mode, 0o600)
	if os.IsExist(err) {
		return fmt.Errorf("%s is there already: name another file, or give --force", name)
	}
	if err != nil {
		return fmt.Errorf("write the values: %w", err)
	}
	if _, err := f.Write(text); err != nil {
		f.Close()
		return fmt.Errorf("write the values: %w", err)
	}
	return f.Close()
}
