package cli

import (
	"context"
	"flag"
	"fmt"

	"github.com/helm-valkey/helm-valkey/plugin/catalog"
	"github.com/helm-valkey/helm-valkey/plugin/report"
)

const rulesUsage = `Usage: helm valkey rules [--format text|json]

rules lists all rules: VK0xx on the form of values files, VK1xx on values,
VK2xx on rendered objects, VK3xx on upgrades. "helm valkey explain RULE" says
more of one.
`

func rulesCommand() command {
	return command{name: "rules", summary: "list all rules", usage: rulesUsage, run: runRules}
}

func runRules(_ context.Context, s streams, args []string) (int, error) {
	flags := flag.NewFlagSet("rules", flag.ContinueOnError)
	format := choice{"text", []string{"text", "json"}}
	flags.Var(&format, "format", "")
	arguments, err := parse(flags, args)
	if err != nil {
		return 0, err
	}
	if len(arguments) > 0 {
		return 0, &usageError{fmt.Sprintf("rules takes no arguments, found %q", arguments[0])}
	}
	c, err := catalog.Open()
	if err != nil {
		return 0, err
	}
	if format.value == "json" {
		return Clean, report.RulesJSON(s.out, c.Rules())
	}
	return Clean, report.Rules(s.out, c.Rules())
}
