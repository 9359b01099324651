package cli

import (
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// list is a flag that can be given several times.
type list []string

func (l *list) String() string { return strings.Join(*l, " ") }

func (l *list) Set(value string) error {
	*l = append(*l, value)
	return nil
}

// commaList is a flag that can be given several times, each with several
// values between commas, as Helm's -f.
type commaList []string

func (l *commaList) String() string { return strings.Join(*l, ",") }

func (l *commaList) Set(value string) error {
	values, err := csv.NewReader(strings.NewReader(value)).Read()
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the list %q: %w", value, err)
	}
	*l = append(*l, values...)
	return nil
}

// parse reads flags that may stand before, between and behind the arguments,
// and returns the arguments. Behind "--" all are arguments.
func parse(flags *flag.FlagSet, args []string) ([]string, error) {
	flags.SetOutput(io.Discard)
	var arguments []string
	for len(args) > 0 {
		if err := flags.Parse(args); err != nil {
			return nil, flagProblem(flags.Name(), err)
		}
		rest := flags.Args()
		if taken := len(args) - len(rest); taken > 0 && args[taken-1] == "--" {
			return append(arguments, rest...), nil
		}
		if len(rest) == 0 {
			break
		}
		arguments, args = append(arguments, rest[0]), rest[1:]
	}
	return arguments, nil
}

func flagProblem(command string, err error) error {
	if errors.Is(err, flag.ErrHelp) {
		return err
	}
	return &usageError{fmt.Sprintf("%s: %v", command, err)}
}
