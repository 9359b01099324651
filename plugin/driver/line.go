package driver

import (
	"fmt"
	"slices"
	"strings"
)

// Line is a command line of Helm.
type Line struct {
	Command string
	Args    []string // as Helm gets them: all but the flags that are ours

	words []string // the arguments that belong to no flag
	flags []flag
	end   int // where Args have their "--", or their end
}

// flag is a flag as it was given: its name, its value, and the words that make
// it.
type flag struct {
	name, value string
	words       []string
}

// Parse reads the arguments of a command as Helm would. It does not judge them:
// Helm does.
func Parse(command string, args []string) (Line, error) {
	l := Line{Command: command, end: -1}
	for len(args) > 0 {
		word := args[0]
		if word == "--" {
			l.end = len(l.Args)
			l.Args = append(l.Args, args...)
			l.words = append(l.words, args[1:]...)
			break
		}
		if len(word) < 2 || word[0] != '-' {
			l.Args, l.words = append(l.Args, word), append(l.words, word)
			args = args[1:]
			continue
		}
		f, err := readFlag(command, args)
		if err != nil {
			return Line{}, err
		}
		l.flags = append(l.flags, f...)
		taken := f[len(f)-1].words
		if !slices.Contains(Ours, f[0].name) {
			l.Args = append(l.Args, taken...)
		}
		args = args[len(taken):]
	}
	if l.end < 0 {
		l.end = len(l.Args)
	}
	return l, nil
}

// readFlag reads the flag at the beginning of the arguments; several, if it is
// one of letters.
func readFlag(command string, args []string) ([]flag, error) {
	if name, ok := strings.CutPrefix(args[0], "--"); ok {
		name, value, has := strings.Cut(name, "=")
		f := flag{name: name, value: value, words: args[:1]}
		if !has && takesValue(command, name) {
			if len(args) < 2 {
				return nil, fmt.Errorf("flag --%s needs a value", name)
			}
			f.value, f.words = args[1], args[:2]
		}
		return []flag{f}, nil
	}
	var all []flag
	for letters := args[0][1:]; letters != ""; {
		name, known := shorts[letters[0]]
		if !known {
			name = letters[:1]
		}
		f := flag{name: name, words: args[:1]}
		letters = letters[1:]
		if takesValue(command, name) {
			f.value = strings.TrimPrefix(letters, "=")
			if letters == "" {
				if len(args) < 2 {
					return nil, fmt.Errorf("flag -%s needs a value", args[0][len(args[0])-1:])
				}
				f.value, f.words = args[1], args[:2]
			}
			letters = ""
		}
		all = append(all, f)
	}
	return all, nil
}

// Release is the release's name; empty if Helm makes one up.
func (l Line) Release() string {
	if len(l.words) < 2 {
		return ""
	}
	return l.words[0]
}

// Chart is the chart as it was given.
func (l Line) Chart() string { return l.words[len(l.words)-1] }

// Check says what is wrong with the number of words, of which a flag that is not
// known may have left one.
func (l Line) Check() error {
	fewest, form := 1, "[NAME] CHART"
	switch {
	case l.Command == Upgrade:
		fewest, form = 2, "RELEASE CHART"
	case l.Command == Install && !l.Has("generate-name") && !l.Has("name-template"):
		fewest, form = 2, "NAME CHART (or CHART --generate-name)"
	}
	if n := len(l.words); n >= fewest && n <= 2 {
		return nil
	}
	return fmt.Errorf("%s takes %s, found %q; of a flag that is not known here, write the value behind a =", l.Command, form, l.words)
}

// Values are those of a flag, in their order.
func (l Line) Values(name string) []string {
	var all []string
	for _, f := range l.flags {
		if f.name == name {
			all = append(all, f.value)
		}
	}
	return all
}

// Has says whether a flag is given, and not as false.
func (l Line) Has(name string) bool {
	values := l.Values(name)
	return len(values) > 0 && values[len(values)-1] != "false"
}

// With returns the arguments with more flags behind those that are there, so that
// of a flag that is given twice the latter counts.
func (l Line) With(flags ...string) []string {
	return slices.Concat([]string{l.Command}, l.Args[:l.end], flags, l.Args[l.end:])
}

// Global are the flags that say which cluster and namespace are meant, for
// another command.
func (l Line) Global() []string { return l.only(globals, switches) }

// Source are the flags that say where the chart is had from, for another command.
func (l Line) Source() []string { return l.only(globals, switches, chartFlags, chartSwitches) }

func (l Line) only(names ...[]string) []string {
	wanted := slices.Concat(names...)
	var words []string
	for _, f := range l.flags {
		if slices.Contains(wanted, f.name) {
			words = append(words, f.words...)
		}
	}
	return words
}
