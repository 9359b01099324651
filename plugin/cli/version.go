package cli

import (
	"context"
	"flag"
	"fmt"

	chart "github.com/helm-valkey/helm-valkey/charts/valkey"
	"github.com/helm-valkey/helm-valkey/plugin/lint"
)

func versionCommand() command {
	return command{
		name:    "version",
		summary: "print the version of the plugin and of the chart that it carries",
		usage:   "Usage: helm valkey version\n",
		run:     runVersion,
	}
}

// runVersion prints the chart's version, which is the plugin's: it carries it.
func runVersion(_ context.Context, s streams, args []string) (int, error) {
	arguments, err := parse(flag.NewFlagSet("version", flag.ContinueOnError), args)
	if err != nil {
		return 0, err
	}
	if len(arguments) > 0 {
		return 0, &usageError{fmt.Sprintf("version takes no arguments, found %q", arguments[0])}
	}
	m, err := lint.ReadMetadata(chart.Files)
	if err != nil {
		return 0, err
	}
	_, err = fmt.Fprintf(s.out, "%s (%s %s)\n", m.Version, m.Name, m.AppVersion)
	return Clean, err
}

// version is that of the plugin.
func version() (string, error) {
	m, err := lint.ReadMetadata(chart.Files)
	return m.Version, err
}
