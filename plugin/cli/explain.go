package cli

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"github.com/helm-valkey/helm-valkey/plugin/catalog"
	"github.com/helm-valkey/helm-valkey/plugin/report"
)

const explainUsage = `Usage: helm valkey explain RULE

explain says what a rule such as VK101 is about, and shows an example of what
is wrong and of what is right. "helm valkey rules" lists all rules.
`

func explainCommand() command {
	return command{name: "explain", summary: "say what a rule is about", usage: explainUsage, run: runExplain}
}

func runExplain(_ context.Context, s streams, args []string) (int, error) {
	arguments, err := parse(flag.NewFlagSet("explain", flag.ContinueOnError), args)
	if err != nil {
		return 0, err
	}
	if len(arguments) != 1 {
		return 0, &usageError{"explain takes one rule, VK101 for example"}
	}
	c, err := catalog.Open()
	if err != nil {
		return 0, err
	}
	rule, ok := c.Find(arguments[0])
	if !ok {
		return 0, &usageError{unknownRule(arguments[0], c.Near(arguments[0]))}
	}
	explained, err := c.Explain(rule)
	if err != nil {
		return 0, err
	}
	return Clean, report.Explanation(s.out, explained)
}

func unknownRule(id string, near []string) string {
	text := fmt.Sprintf("unknown rule %q", id)
	if len(near) > 0 {
		text += ": the nearest are " + strings.Join(near, ", ")
	}
	return text + `; "helm valkey rules" lists all`
}
