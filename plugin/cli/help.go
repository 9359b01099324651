package cli

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"
)

func helpCommand() command {
	return command{
		name:    "help",
		summary: "list the commands, or explain one",
		usage:   "Usage: helm valkey help [COMMAND]\n",
		run:     runHelp,
	}
}

func runHelp(_ context.Context, s streams, args []string) (int, error) {
	arguments, err := parse(flag.NewFlagSet("help", flag.ContinueOnError), args)
	if err != nil {
		return 0, err
	}
	text := overview()
	switch len(arguments) {
	case 0:
	case 1:
		c, err := find(arguments[0])
		if err != nil {
			return 0, err
		}
		text = c.usage
	default:
		return 0, &usageError{"help explains one command at a time"}
	}
	_, err = io.WriteString(s.out, text)
	return Clean, err
}

// overview lists all commands.
func overview() string {
	var b strings.Builder
	b.WriteString("Checks values for the valkey chart, and what the chart rendered.\n\nUsage: helm valkey COMMAND\n\n")
	for _, c := range commands() {
		fmt.Fprintf(&b, "  %-12s %s\n", c.name, c.summary)
	}
	b.WriteString(`
"helm valkey help COMMAND" explains one.

Exit codes: 0 nothing is wrong (or warnings only), 1 something is wrong,
2 the command line is, 3 it could not be done.
`)
	return b.String()
}
